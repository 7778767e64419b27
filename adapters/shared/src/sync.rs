//! The primitives that this crate stands on, in one place, so that a model checker can stand in.

pub use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Locks, whatever a panic elsewhere has done: the data is whole between any two operations.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
