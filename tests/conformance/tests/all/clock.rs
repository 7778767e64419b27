//! Virtual time: it stands still but for the waits that runs ask for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azid_core::Now;
use azid_core::testing::START;

/// A clock that starts at [`START`]. Clones are the same clock.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Arc<Mutex<Duration>>);

impl VirtualClock {
    pub(crate) fn now(&self) -> Now {
        let elapsed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = i64::try_from(elapsed.as_millis()).expect("no run waits for ages");
        Now::new(START + passed, elapsed)
    }

    /// Waits, which takes no time but the clock's own.
    pub(crate) fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}
