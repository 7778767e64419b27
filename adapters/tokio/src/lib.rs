//! Microsoft Entra tokens on tokio.
//!
//! ```no_run
//! use azid_core::ClientSecretCredential;
//! use azid_tokio::TokenProvider;
//!
//! # async fn example() -> Result<(), azid_core::Error> {
//! let credential = ClientSecretCredential::new("contoso.onmicrosoft.com", "client", "secret")?;
//! let provider = TokenProvider::new(credential);
//! let token = provider.get_token(&["https://vault.azure.net/.default"]).await?;
//! # drop(token);
//! # Ok(())
//! # }
//! ```
//!
//! A provider is cheap to clone and made to be shared: clones have one cache, and callers who want
//! the same token at the same time wait for one request. Tokens are renewed in the background
//! before they expire.
//!
//! Asking for a token that is held takes no lock and allocates nothing. What a request needs of it
//! is the field `Authorization`, which [`AccessToken::authorization`](azid_core::AccessToken::authorization) makes
//! once for each token; and [`with_cached_token`](azid_async::TokenProvider::with_cached_token)
//! shows a token where it lies, for callers on many threads who ask all the time.
//!
//! # Your own HTTP client
//!
//! Implement [`HttpClient`], one method, and every request goes through it. The feature `hyper`
//! is not needed then. Requests whose server must prove itself in a special way are refused unless
//! the client says that it [honours](HttpClient::honours) that.
//!
//! ```
//! use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpRequest};
//! use azid_core::WorkloadIdentityCredential;
//! use azid_tokio::{Builder, HttpClient, TokioHost};
//!
//! struct MyClient;
//!
//! impl HttpClient for MyClient {
//!     async fn send(&self, request: HttpRequest) -> HttpReply {
//!         Err(HttpFailure::Connect(Detail::new(format!("send {request:?} here"))))
//!     }
//! }
//!
//! let host = TokioHost::new().http_client(MyClient);
//! let provider = Builder::new(host, WorkloadIdentityCredential::new()).build();
//! ```

mod abilities;
#[cfg(feature = "hyper")]
mod client;
mod clock;
#[cfg(feature = "hyper")]
mod connect;
mod host;
mod task;
#[cfg(feature = "hyper")]
mod way;

pub use azid_async::{
    Callbacks, EarlyRefresh, Event, Flight, GetToken, Host, HttpClient, TokenCache, WithCallbacks,
};

pub use azid_native::Browser;
#[cfg(feature = "hyper")]
pub use azid_native::Proxies;

pub use self::host::TokioHost;

/// A token provider on tokio; see [`azid_async::TokenProvider`] for what it promises.
pub type TokenProvider = azid_async::TokenProvider<TokioHost>;

/// A token provider on tokio under construction.
pub type Builder = azid_async::Builder<TokioHost>;
