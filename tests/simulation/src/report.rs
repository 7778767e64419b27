//! What a simulation came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::{Bounds, Invariant, Violation};

/// How many different errors are kept.
const MOST_ERRORS: usize = 100;

/// What happened, and what must hold and did not.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed that gives the same again.
    pub seed: u64,
    /// What the fleet was held to.
    pub bounds: Bounds,
    /// How often a caller asked for a token.
    pub questions: u64,
    /// How many of them got an error, since there was no token.
    pub errors: u64,
    /// When the last of those was.
    pub last_error: Option<Duration>,
    /// The errors in words, of which no more than a hundred are kept.
    pub said: BTreeSet<String>,
    /// How many requests were sent.
    pub requests: u64,
    /// How many tokens they brought.
    pub tokens: u64,
    /// How often a service refused a token that it does not accept any more.
    pub challenges: u64,
    /// How often the token that a caller got for a rejected one was rejected too.
    pub turned_away: u64,
    /// How often a person was asked to sign in.
    pub prompts: u64,
    /// When the last host got its first token, if all got one.
    pub all_served: Option<Duration>,
    /// The requests in each second in which there were any.
    pub per_second: BTreeMap<u64, u32>,
    /// The order of events as a number.
    pub trace: u64,
    /// How often each invariant was put to the test; one that never was is not in it.
    pub occasions: BTreeMap<Invariant, u64>,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

impl Report {
    pub(crate) fn new(seed: u64, bounds: Bounds) -> Self {
        Self {
            seed,
            bounds,
            questions: 0,
            errors: 0,
            last_error: None,
            said: BTreeSet::new(),
            requests: 0,
            tokens: 0,
            challenges: 0,
            turned_away: 0,
            prompts: 0,
            all_served: None,
            per_second: BTreeMap::new(),
            trace: 0,
            occasions: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// The most requests in one second from a time on, and in which second.
    pub fn peak(&self, from: Duration) -> (u64, u32) {
        let later = self.per_second.range(from.as_secs()..);
        let most = later.max_by_key(|(second, count)| (**count, u64::MAX - **second));
        most.map_or((from.as_secs(), 0), |(second, count)| (*second, *count))
    }

    /// The counts in a line.
    pub fn summary(&self) -> String {
        let (second, most) = self.peak(Duration::ZERO);
        let mut summary = format!(
            "{} questions, {} requests, {} tokens, {} errors",
            self.questions, self.requests, self.tokens, self.errors
        );
        for (count, of) in [
            (self.challenges, "challenges"),
            (self.turned_away, "callers turned away twice"),
            (self.prompts, "prompts"),
        ] {
            if count > 0 {
                summary += &format!(", {count} {of}");
            }
        }
        summary + &format!("; at most {most} requests in a second, {second} s after the start")
    }

    /// Ends a test that has an invariant violated.
    ///
    /// # Panics
    ///
    /// An invariant was violated.
    pub fn assert_sound(&self) {
        assert!(self.violations.is_empty(), "{self}");
    }

    pub(crate) fn sent(&mut self, at: Duration) {
        self.requests += 1;
        *self.per_second.entry(at.as_secs()).or_default() += 1;
    }

    pub(crate) fn refused(&mut self, at: Duration, error: &azid_core::Error) {
        self.errors += 1;
        self.last_error = Some(at);
        if self.said.len() < MOST_ERRORS {
            self.said.insert(format!("{error}\n{error:?}"));
        }
    }
}

/// The counts, what did not hold, and how a test shows it again.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        for violation in &self.violations {
            write!(f, "\n{violation}")?;
        }
        write!(f, "\nto see it again: AZID_SIMULATION_SEED={}", self.seed)
    }
}
