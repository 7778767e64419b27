//! What every azid shell shares between its callers: the token cache and its flights.
//!
//! The core decides, as plain data, what a caller does: take a token, fly, or wait. This crate adds
//! what the core may not have, and no more: the lock around that data, a published snapshot that
//! callers with a good token read without the lock, and the guard that gives a flight's lease back
//! when whoever flew is gone. The async and the blocking shells both stand on it.
//!
//! ```text
//! TokenCache   the tokens; may be shared by any number of providers
//!   └ Ledger   one provider's flights, over a cache
//!       └ Flights<F>   the ledger, and what its waiters wait on: a shared future, a condition
//! ```
//!
//! No lock here is held across an effect, and every lock is held for a look-up or an update only.

mod allowance;
mod cache;
mod early_refresh;
mod event;
mod flights;
mod ledger;
mod published;
mod snapshot;
pub mod sync;
mod whose;

pub use self::allowance::{allowance, limit};
pub use self::cache::TokenCache;
pub use self::early_refresh::EarlyRefresh;
pub use self::event::{Event, OnEvent};
pub use self::flights::{Asked, Flights, Waited};
pub use self::ledger::{LeaseGuard, Ledger, Watch};
pub use self::whose::Whose;
