//! Time as a value: moments on the wall clock, and what a host says the time is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::date;

/// A moment on the wall clock, in milliseconds since 1970-01-01 00:00 UTC.
///
/// Arithmetic saturates: no server can bring it to overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many milliseconds after the start of 1970, UTC.
    pub const fn from_unix_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// The moment so many seconds after the start of 1970, UTC.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the start of 1970, UTC.
    pub const fn unix_milliseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since the start of 1970, UTC, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and a while.
    pub fn after(self, while_: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(while_)))
    }

    /// This moment less a while.
    pub fn before(self, while_: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(while_)))
    }

    /// How long it is from `earlier` to this moment; zero if that moment is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Shows a moment as RFC 3339 does, in UTC, to the second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        date::write_rfc3339(self.unix_seconds(), f)
    }
}

/// What time it is, as a host says with every reply.
///
/// The wall part dates tokens and assertions. The monotonic part measures deadlines, retries and
/// polling; a host without a monotonic clock gives the wall part alone, and then a jump of that
/// clock counts for no more than the longest time that the effect in question may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    wall: Timestamp,
    monotonic: Option<Duration>,
}

impl Now {
    /// The time of a host that has a wall clock only, in milliseconds since 1970 UTC.
    pub const fn wall(unix_milliseconds: i64) -> Self {
        Self {
            wall: Timestamp(unix_milliseconds),
            monotonic: None,
        }
    }

    /// The time of a host that also has a monotonic clock, which may count from anywhere.
    pub const fn new(unix_milliseconds: i64, monotonic: Duration) -> Self {
        Self {
            wall: Timestamp(unix_milliseconds),
            monotonic: Some(monotonic),
        }
    }

    /// The moment on the wall clock.
    pub const fn timestamp(self) -> Timestamp {
        self.wall
    }

    /// Whether the wall clock, which is all that one of the two has, was set back in between. A
    /// monotonic one never is: a moment by it that is earlier was only heard of later.
    pub(crate) fn is_set_back_since(self, earlier: Now) -> bool {
        match (self.monotonic, earlier.monotonic) {
            (Some(_), Some(_)) => false,
            _ => self.wall < earlier.wall,
        }
    }

    /// How long it is from `earlier` to now for an effect that may take `at_most` so long.
    pub(crate) fn since(self, earlier: Now, at_most: Duration) -> Duration {
        match (self.monotonic, earlier.monotonic) {
            (Some(now), Some(then)) => now.saturating_sub(then),
            _ => self.wall.since(earlier.wall).min(at_most),
        }
    }
}

/// A duration times a factor; what does not fit is as long as can be.
pub(crate) fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

fn milliseconds(while_: Duration) -> i64 {
    i64::try_from(while_.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_at_the_ends_of_time_saturates() {
        let end = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(end.after(Duration::MAX), Timestamp(i64::MAX));
        assert_eq!(
            Timestamp(i64::MIN).before(Duration::MAX),
            Timestamp(i64::MIN)
        );
        assert_eq!(Timestamp(i64::MIN).since(end), Duration::ZERO);
    }

    #[test]
    fn a_jump_of_the_wall_clock_counts_for_no_more_than_the_effect_may_take() {
        let limit = Duration::from_secs(30);
        assert_eq!(Now::wall(3_600_000).since(Now::wall(0), limit), limit);
        assert_eq!(
            Now::wall(-3_600_000).since(Now::wall(0), limit),
            Duration::ZERO
        );
        let one = Now::new(0, Duration::from_secs(5));
        assert_eq!(
            Now::new(3_600_000, Duration::from_secs(7)).since(one, limit),
            Duration::from_secs(2)
        );
    }

    #[test]
    fn a_moment_shows_as_a_date_in_utc() {
        assert_eq!(
            Timestamp::from_unix_seconds(1_800_000_000).to_string(),
            "2027-01-15T08:00:00Z"
        );
        assert_eq!(
            Timestamp::from_unix_seconds(-1).to_string(),
            "1969-12-31T23:59:59Z"
        );
    }
}
