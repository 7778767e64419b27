//! Everything random in a simulation, drawn from its one seed.

use std::ops::Range;
use std::time::Duration;

use azid_core::Seed;

/// A generator of the kind SplitMix64: small, quick, and the same on every machine. Nothing that it
/// draws has to be a secret.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A moment or a duration in a range, in whole milliseconds.
    pub(crate) fn within(&mut self, range: Range<Duration>) -> Duration {
        let [start, end] = [range.start, range.end].map(|it| it.as_millis() as u64);
        let width = end.saturating_sub(start).max(1);
        Duration::from_millis(start + self.number() % width)
    }

    /// Whether something happens that does so in this share of all cases, from 0 to 1.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        ((self.number() >> 11) as f64 / (1u64 << 53) as f64) < share
    }

    /// The seed of a run or a provider.
    pub(crate) fn seed(&mut self) -> Seed {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&self.number().to_be_bytes());
        }
        Seed::new(bytes)
    }
}
