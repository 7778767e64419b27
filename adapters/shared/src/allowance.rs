//! How long a flight may go on without a word, by the effect that it waits for.

use std::time::Duration;

use azid_core::Step;
use azid_core::cache::Acquire;

/// What an effect may take that has no time limit of its own: callbacks, files.
const UNTIMED: Duration = Duration::from_secs(300);

/// How long a flight may go on that now carries out this step.
///
/// A wait is over whenever somebody comes back to it, so that it may be long overdue.
pub fn allowance(step: &Step) -> Duration {
    let limit = match step {
        Step::Sleep(call) => call.request().duration.saturating_add(UNTIMED),
        _ => limit(step).unwrap_or(UNTIMED),
    };
    limit.saturating_add(Acquire::GRACE)
}

/// The time limit that the host holds this step's effect to, if it has one.
pub fn limit(step: &Step) -> Option<Duration> {
    match step {
        Step::Http(call) => Some(call.request().requirements.timeout),
        Step::Exec(call) => Some(call.request().timeout),
        Step::Sign(call) => Some(call.request().timeout),
        Step::Authorize(call) => Some(call.request().timeout),
        Step::Sleep(call) => Some(call.request().duration),
        _ => None,
    }
}
