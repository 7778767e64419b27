//! What must hold whatever happens.

use std::fmt;
use std::time::Duration;

use crate::bounds::Bounds;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// See its sentence, as those of all others.
    NoErrorBesideAToken,
    /// A renewal is nobody's to wait for.
    NoWaitBesideAToken,
    /// Nor is an old token handed out for want of a new one.
    NoExpiredToken,
    /// A rejection is taken seriously.
    NoRejectedToken,
    /// Somebody answers every caller.
    EveryCallerIsAnswered,
    /// A token is not renewed again and again.
    CalmHour,
    /// Not even in an outage.
    AnyHour,
    /// Callers share a flight.
    OneFlightForAKey,
    /// A refresh token is not used up twice, nor a person asked by two flights.
    OneFlightInALane,
    /// A person who has signed in is left alone.
    OnePrompt,
    /// A chain does not search each time.
    WinnerAlone,
    /// Those who waited do not come all at once.
    NoHerd,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::NoErrorBesideAToken,
        Self::NoWaitBesideAToken,
        Self::NoExpiredToken,
        Self::NoRejectedToken,
        Self::EveryCallerIsAnswered,
        Self::CalmHour,
        Self::AnyHour,
        Self::OneFlightForAKey,
        Self::OneFlightInALane,
        Self::OnePrompt,
        Self::WinnerAlone,
        Self::NoHerd,
    ];

    /// The invariant in a sentence.
    pub fn sentence(self, bounds: &Bounds) -> String {
        let sentence = match self {
            Self::NoErrorBesideAToken => {
                "No caller gets an error while the host holds a token that has neither expired nor been rejected."
            }
            Self::NoWaitBesideAToken => {
                "Nobody who asks without claims waits if the host holds a token that has neither expired nor been rejected."
            }
            Self::NoExpiredToken => "No caller gets a token that has expired by the host's clock.",
            Self::NoRejectedToken => {
                "No caller whose token was rejected gets the same one once more."
            }
            Self::EveryCallerIsAnswered => {
                let seconds = bounds.wait.as_secs();
                return format!("Every caller is answered within {seconds} s.");
            }
            Self::CalmHour => {
                let most = bounds.calm_hour;
                return format!(
                    "No host sends more than {most} request(s) in an hour in which nothing went wrong."
                );
            }
            Self::AnyHour => {
                let most = bounds.any_hour;
                return format!("No host sends more than {most} requests in any hour.");
            }
            Self::OneFlightForAKey => {
                "No host with a monotonic clock has two flights for one token at a time."
            }
            Self::OneFlightInALane => {
                "Where flights do not bear company, no host with a monotonic clock has two at a time."
            }
            Self::OnePrompt => {
                "Nobody is asked to sign in while they are being asked, or while their sign-in lasts."
            }
            Self::WinnerAlone => {
                "No host asks anybody else once a link of its chain has got a token."
            }
            Self::NoHerd => match bounds.after_outage {
                Some(peak) => {
                    let most = peak.per_second;
                    return format!(
                        "After the outage the fleet sends at most {most} requests in a second."
                    );
                }
                None => "After an outage the fleet does not come all at once.",
            },
        };
        sentence.to_owned()
    }
}

/// An invariant that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, since the start.
    pub at: Duration,
    /// On which host.
    pub host: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            invariant,
            at,
            host,
        } = self;
        write!(
            f,
            "{invariant:?} does not hold on host {host} after {} s",
            at.as_secs_f64()
        )
    }
}
