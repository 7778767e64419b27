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
        Step::Http(call) => call.request().requirements.timeout,
        Step::Exec(call) => call.request().timeout,
        Step::Sign(call) => call.request().timeout,
        Step::Authorize(call) => call.request().timeout,
        Step::Sleep(call) => call.request().duration.saturating_add(UNTIMED),
        _ => UNTIMED,
    };
    limit.saturating_add(Acquire::GRACE)
}
