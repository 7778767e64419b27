//! The time of this machine.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime};

use azid_core::Now;

/// What the monotonic part of every [`now`] of this process counts from.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time now, by the wall clock and by the monotonic clock.
pub fn now() -> Now {
    let origin = *ORIGIN;
    let wall = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    Now::new(wall, origin.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_system_and_does_not_go_back() {
        let (one, two) = (now(), now());
        assert!(two.timestamp() >= one.timestamp());
        assert!(one.timestamp().unix_seconds() > 1_700_000_000);
    }
}
