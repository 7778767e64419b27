//! The token cache beside a model of it, and a provider on virtual time to ask one.

mod both;
mod event;
mod model;
mod provider;

pub use self::both::Both;
pub use self::event::{CLAIMS, Event, KEYS};
pub use self::provider::{Provider, at, failure, lease, throttled, throttled_for, vault};
