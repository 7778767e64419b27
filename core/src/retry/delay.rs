//! The waits between tries.

use std::time::Duration;

use super::share;
use crate::entropy::Entropy;
use crate::time::scaled;

/// How many delays of each rule have been taken.
#[derive(Default)]
pub(crate) struct UsedDelays(Vec<usize>);

impl UsedDelays {
    /// The number of a rule's next delay, from 0.
    pub(super) fn next(&mut self, rule: usize) -> usize {
        if self.0.len() <= rule {
            self.0.resize(rule + 1, 0);
        }
        let next = self.0[rule];
        self.0[rule] += 1;
        next
    }
}

/// How long to wait before the next try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delay {
    pub(super) own: Duration,
    pub(super) asked: Duration,
    pub(super) budget: Duration,
}

impl Delay {
    /// How long after the first try the next one may begin.
    pub(crate) fn budget(self) -> Duration {
        self.budget
    }

    /// The wait before its random share.
    pub(crate) fn nominal(self) -> Duration {
        self.own.max(self.asked)
    }

    /// The longest that the wait can be with its random share.
    pub(crate) fn longest(self, jitter: f64) -> Duration {
        scaled(self.nominal(), 1.0 + share(jitter))
    }

    /// The wait with its random share: evenly from the shortest to the longest, of which the
    /// shortest is what the server asked for, if it did. Those whom it sends away together do not
    /// come back together.
    pub(crate) fn drawn(self, jitter: f64, entropy: &mut Entropy) -> Duration {
        let shortest = scaled(self.own, 1.0 - share(jitter)).max(self.asked);
        entropy.between(shortest, self.longest(jitter))
    }
}
