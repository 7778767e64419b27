//! What can happen to a cache.

use arbitrary::{Result, Unstructured};

/// How many scopes are asked for.
pub const KEYS: usize = 4;

/// The claims that are asked for.
pub const CLAIMS: [Option<&str>; 3] = [None, Some("{}"), Some(r#"{"a":1}"#)];

/// One thing that happens. A lease and a token are picked by number among those that there are;
/// times are in seconds.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody asks, for one of the [`KEYS`] and of the [`CLAIMS`].
    Ask(usize, usize),
    /// A fetch brings a token that lives so long, and is to be renewed after so long.
    Bring(usize, i64, Option<i64>),
    /// A fetch brings the text of a token once more.
    BringAgain(usize, usize),
    /// A fetch fails.
    Fail(usize),
    /// A fetch fails, and the server wants a pause.
    Throttle(usize),
    /// Nobody waits for a fetch any more.
    Abandon(usize),
    /// A fetch ends before it has asked anybody.
    CutShort(usize),
    /// A fetch is allowed so long from now on.
    Extend(usize, i64),
    /// Somebody finds that a fetch takes too long.
    FindLate(usize),
    /// A token is said to be worth nothing.
    Invalidate(usize),
    /// The same is said by somebody who kept no more than the text.
    InvalidateText(usize),
    /// Time passes.
    Pass(i64),
    /// The wall clock alone goes forward.
    Jump(i64),
    /// The wall clock alone goes back.
    SetBack(i64),
    /// What is held is written down.
    Keep,
    /// What was written down last is read, beside what is held.
    Restore,
    /// What is held is written down, lost and read again.
    Restart,
}

impl Event {
    /// The event that some bytes stand for: whatever people do often is what most bytes stand for.
    ///
    /// # Errors
    ///
    /// The bytes are at their end.
    pub fn of(input: &mut Unstructured<'_>) -> Result<Self> {
        let number = |input: &mut Unstructured<'_>| input.int_in_range(0..=63_usize);
        Ok(match input.int_in_range(0..=31_u8)? {
            0..=4 => Self::Ask(input.choose_index(KEYS)?, input.choose_index(CLAIMS.len())?),
            5..=10 => Self::Ask(input.choose_index(KEYS)?, 0),
            11..=15 => {
                let refresh_in = match input.arbitrary()? {
                    true => Some(input.int_in_range(-10..=40_000_i64)?),
                    false => None,
                };
                Self::Bring(number(input)?, input.int_in_range(-5..=30_000)?, refresh_in)
            }
            16 => Self::Fail(number(input)?),
            17 => Self::Throttle(number(input)?),
            18 => Self::Abandon(number(input)?),
            19 => Self::CutShort(number(input)?),
            20 => Self::Extend(number(input)?, input.int_in_range(0..=400)?),
            21 => Self::FindLate(number(input)?),
            22 => Self::Invalidate(number(input)?),
            23 => match input.arbitrary()? {
                true => Self::InvalidateText(number(input)?),
                false => Self::BringAgain(number(input)?, number(input)?),
            },
            24..=26 => Self::Pass(input.int_in_range(1..=5000)?),
            27 => Self::Jump(input.int_in_range(1..=5000)?),
            28 => Self::SetBack(input.int_in_range(1..=5000)?),
            29 => Self::Keep,
            30 => Self::Restore,
            _ => Self::Restart,
        })
    }
}
