//! A while that began at some moment, whatever becomes of the clock.

use std::time::Duration;

use crate::time::Now;

/// A while by the host's monotonic clock. Where there is only the wall clock, and that is set back,
/// the while begins anew: it may end late by what had passed, and never later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    since: Now,
    length: Duration,
}

impl Span {
    pub(super) fn new(since: Now, length: Duration) -> Self {
        Self { since, length }
    }

    /// Whether so much time, or more, has passed, by the clock that does not jump if there is one.
    pub(super) fn has_lasted(&mut self, while_: Duration, now: Now) -> bool {
        self.rest_of(while_, now).is_zero()
    }

    /// How much is left of so much time, by the same clock.
    pub(super) fn rest_of(&mut self, while_: Duration, now: Now) -> Duration {
        if now.is_set_back_since(self.since) {
            self.since = now;
        }
        while_.saturating_sub(now.since(self.since, while_))
    }

    /// Whether it is over by any clock: not every monotonic one counts while a machine sleeps.
    pub(super) fn is_over(&mut self, now: Now) -> bool {
        self.has_lasted(self.length, now)
            || now.timestamp().since(self.since.timestamp()) >= self.length
    }

    pub(super) fn length(&self) -> Duration {
        self.length
    }

    pub(super) fn since(&self) -> Now {
        self.since
    }

    /// Whether it is certainly not over, nor was begun by a clock that was set back.
    pub(super) fn is_on(&self, now: Now) -> bool {
        !now.is_set_back_since(self.since) && !self.rest(now).is_zero()
    }

    /// How much of it is left.
    pub(super) fn rest(&self, now: Now) -> Duration {
        self.length
            .saturating_sub(now.since(self.since, self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_monotonic_clock_is_believed_whatever_the_wall_clock_says() {
        let mut span = Span::new(Now::new(0, MINUTE), MINUTE);
        let almost = 2 * MINUTE - Duration::from_millis(1);
        assert!(!span.has_lasted(MINUTE, Now::new(86_400_000, almost)));
        assert!(span.has_lasted(MINUTE, Now::new(-86_400_000, 2 * MINUTE)));
    }

    #[test]
    fn who_read_the_monotonic_clock_earlier_and_comes_late_makes_it_no_shorter() {
        let mut span = Span::new(Now::new(0, 2 * MINUTE), MINUTE);
        assert!(!span.is_over(Now::new(0, Duration::ZERO)));
        assert!(!span.is_over(Now::new(0, 2 * MINUTE)));
        assert!(span.is_over(Now::new(0, 3 * MINUTE)));
    }

    #[test]
    fn what_a_machine_slept_through_counts() {
        let mut span = Span::new(Now::new(0, MINUTE), MINUTE);
        assert!(!span.is_over(Now::new(59_999, MINUTE)));
        assert!(span.is_over(Now::new(60_000, MINUTE)));
    }

    #[test]
    fn a_wall_clock_that_is_set_back_makes_it_no_longer_than_it_is() {
        let mut span = Span::new(Now::wall(0), MINUTE);
        assert!(!span.is_over(Now::wall(-86_400_000)));
        assert!(!span.is_over(Now::wall(-86_400_000 + 59_999)));
        assert!(span.is_over(Now::wall(-86_400_000 + 60_000)));
    }
}
