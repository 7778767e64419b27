//! The time of this machine.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use azid_core::{Now, Timestamp};

/// What the monotonic part of every [`now`] of this process counts from.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time now, by the wall clock and by the monotonic clock.
pub fn now() -> Now {
    let origin = *ORIGIN;
    Now::new(timestamp().unix_milliseconds(), origin.elapsed())
}

/// The moment on the wall clock alone, for half the effort.
pub fn timestamp() -> Timestamp {
    let milliseconds = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => milliseconds(since),
        Err(before) => -milliseconds(before.duration()),
    };
    Timestamp::from_unix_milliseconds(milliseconds)
}

fn milliseconds(duration: Duration) -> i64 {
    (duration.as_secs() as i64)
        .wrapping_mul(1000)
        .wrapping_add(i64::from(duration.subsec_millis()))
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
