//! What happened, as one number: two simulations that agree in it went the same way.

use std::time::Duration;

/// A hash of every event in its order (FNV-1a, 64 bits).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace(u64);

impl Trace {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn note(&mut self, at: Duration, host: usize, what: &str) {
        self.take(&(at.as_millis() as u64).to_be_bytes());
        self.take(&(host as u64).to_be_bytes());
        self.take(what.as_bytes());
    }

    pub(crate) fn hash(self) -> u64 {
        self.0
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
