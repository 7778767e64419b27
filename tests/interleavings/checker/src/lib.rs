//! The primitives that azid's shells stand on, as the model checker has them.
//!
//! Locks and threads are shuttle's. Time is not the machine's: it stands still until a scenario
//! lets it [`pass`], and a wait with a time limit ends by its limit only then. So a wake-up that
//! somebody forgot is a deadlock, and no patience of a waiter's hides it.

mod condvar;
mod explore;
mod time;

pub use shuttle::sync::{Mutex, MutexGuard};
pub use shuttle::{future, thread};

pub use self::condvar::Condvar;
pub use self::explore::explore;
pub use self::time::{Instant, elapsed, pass};
