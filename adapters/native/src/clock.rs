//! The time of this machine.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use azid_core::{Now, Timestamp};

/// What the monotonic part of every [`now`] of this process counts from.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time now, by the wall clock and by the monotonic clock.
pub fn now() -> Now {
    let origin = *ORIGIN;
    Now::new(wall().unix_milliseconds(), origin.elapsed())
}

/// The moment on the wall clock as of the system's last tick, where that can be had: some
/// milliseconds late, or as long as a busy machine kept the system from its tick, for an eighth of the
/// effort.
pub fn timestamp() -> Timestamp {
    last_tick().unwrap_or_else(wall)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn last_tick() -> Option<Timestamp> {
    use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};

    // The one that answers an error where another would panic: on a kernel without this clock.
    let clock = DynamicClockId::Known(ClockId::RealtimeCoarse);
    let time = clock_gettime_dynamic(clock).ok()?;
    let milliseconds = time.tv_sec.saturating_mul(1000);
    let milliseconds = milliseconds.saturating_add(time.tv_nsec / 1_000_000);
    Some(Timestamp::from_unix_milliseconds(milliseconds))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn last_tick() -> Option<Timestamp> {
    None
}

fn wall() -> Timestamp {
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
    fn a_mere_timestamp_is_hardly_behind_the_time_and_never_before_it() {
        for _ in 0..1000 {
            let (before, between, after) = (now(), timestamp(), now());
            let earliest = before.timestamp().before(Duration::from_secs(5));
            assert!((earliest..=after.timestamp()).contains(&between));
        }
    }

    #[test]
    fn the_time_is_that_of_the_system_and_does_not_go_back() {
        let (one, two) = (now(), now());
        assert!(two.timestamp() >= one.timestamp());
        assert!(one.timestamp().unix_seconds() > 1_700_000_000);
    }
}
