//! Token providers for any asynchronous runtime.
//!
//! A [`Host`] carries out effects by the means of one runtime; a [`Flight`] drives one run on it;
//! a [`TokenProvider`] shares runs and tokens between callers. Nothing here spawns, sleeps or
//! locks across an effect, and nothing asks a future to be `Send` that need not be: what a host's
//! effects are, its providers are too.
//!
//! [`Callbacks`] and [`AnyClient`] are parts for hosts with threads, such as those of `azid-tokio`
//! and `azid-async-std`, which are ready to use.

mod builder;
mod callbacks;
mod client;
mod flight;
mod get_token;
mod host;
mod journey;
mod provider;
mod refresh;
mod shared;
mod timer;
mod watched;

pub use azid_shared::{EarlyRefresh, Event, OnEvent, TokenCache};

pub use self::builder::Builder;
pub use self::callbacks::{Callbacks, Reply, WithCallbacks};
pub use self::client::{AnyClient, HttpClient};
pub use self::flight::Flight;
pub use self::get_token::GetToken;
pub use self::host::{BoxFuture, Host, NoRandomness};
pub use self::provider::TokenProvider;
pub use self::refresh::Refresh;
