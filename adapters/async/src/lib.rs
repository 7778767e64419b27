//! Token providers for any asynchronous runtime.
//!
//! A [`Host`] carries out effects by the means of one runtime; a [`Flight`] drives one run on it.
//! `azid-tokio` and `azid-async-std` are hosts ready to use.

mod flight;
mod host;

pub use self::flight::Flight;
pub use self::host::{Host, NoRandomness};
