//! The effect `Sleep`: a wait that says why.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Refusal;
use super::{Effect, effect_step, sealed::Sealed};
use crate::transcript::Recording;

/// Waiting.
#[derive(Debug)]
pub enum Sleep {}

/// How long to wait, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SleepRequest {
    /// How long. A reply at exactly the end of it always makes progress.
    pub duration: Duration,
    /// What the wait is for.
    pub reason: SleepReason,
    pub(crate) nominal: Duration,
}

impl SleepRequest {
    /// A wait of exactly this long.
    pub fn new(duration: Duration, reason: SleepReason) -> Self {
        Self {
            duration,
            reason,
            nominal: duration,
        }
    }
}

/// Why a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SleepReason {
    /// Before the same request is sent again.
    Backoff,
    /// Until the server may be asked again whether the user has signed in (RFC 8628).
    DevicePoll,
    /// Until whoever waits for a run looks whether that is overdue. No credential waits for this: it
    /// is a wait of the shell around the runs.
    Watch,
}

/// How waiting can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SleepFailure {
    /// The host did not try.
    Refused(Refusal),
}

impl fmt::Display for SleepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Refused(refusal) = self;
        refusal.fmt(f)
    }
}

impl super::Failure for SleepFailure {
    fn refused(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }

    fn refusal(&self) -> Option<&Refusal> {
        let Self::Refused(refusal) = self;
        Some(refusal)
    }

    fn without_words(&self) -> Self {
        self.clone()
    }
}

impl std::error::Error for SleepFailure {}

impl Sealed for Sleep {}

impl Effect for Sleep {
    type Request = SleepRequest;
    type Output = ();
    type Failure = SleepFailure;
    const NAME: &'static str = "sleep";
    effect_step!(Sleep);

    fn time_limit(request: &SleepRequest) -> Option<Duration> {
        Some(request.duration)
    }

    fn limit_time(request: &mut SleepRequest, at_most: Duration) {
        request.duration = request.duration.min(at_most);
    }

    fn record(
        request: &SleepRequest,
        reply: &Result<(), SleepFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.sleep(request, reply);
    }
}
