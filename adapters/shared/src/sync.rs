//! The primitives that this crate and the shells wait, lock and start threads by, in one place.
//!
//! They are the standard library's, save in `tests/interleavings`, which builds the same sources
//! with `cfg(shuttle)` and puts a model checker's in their stead. What nobody waits on is not
//! here: reference counts and the published snapshot are the same in both.

pub use std::sync::{Arc, PoisonError};

#[cfg(shuttle)]
pub use azid_checker::{Condvar, Instant, Mutex, MutexGuard, thread};
#[cfg(not(shuttle))]
pub use std::{
    sync::{Condvar, Mutex, MutexGuard},
    thread,
    time::Instant,
};

/// Locks, whatever a panic elsewhere has done: the data is whole between any two operations.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
