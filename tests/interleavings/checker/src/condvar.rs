//! A condition variable with time limits, which shuttle's does not have.

use std::sync::{Arc, LockResult, PoisonError};
use std::time::Duration;

use shuttle::sync::{self, MutexGuard};

use crate::time::alarm;

/// Like the standard library's, spurious wake-ups included: who is woken because of another's time
/// limit.
#[derive(Debug, Default)]
pub struct Condvar(Arc<sync::Condvar>);

/// Whether a wait ended because of its time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether it did.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Waits for a notification, or until so much time has passed.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        wait: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let alarm = alarm(&self.0, wait);
        let woken = self.0.wait(guard);
        let result = WaitTimeoutResult(alarm.has_rung());
        drop(alarm);
        match woken {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// Waits for a notification.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    /// Wakes one waiter.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all waiters.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
