//! The token cache as data: which tokens are held, and what a provider does about the next call.
//!
//! [`TokenTable`] holds tokens and knows how fresh each is. [`Acquire`] decides, for one provider,
//! what a caller does: take the token, take it and refresh it early, start a flight, or wait for
//! one. Neither has a lock, a clock or a future; a shell adds those. A [`Snapshot`] is what a table
//! holds as bytes, for programs that keep it.

mod acquire;
mod bytes;
mod flights;
mod history;
mod key;
mod rejected;
mod snapshot;
mod span;
mod table;

pub use self::acquire::{Acquire, Decision, FlightId, Lease};
pub use self::key::{Key, KeyRef};
pub use self::snapshot::{Snapshot, SnapshotFault};
pub use self::table::{Freshness, RefreshSettings, TokenTable};
