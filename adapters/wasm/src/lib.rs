//! Microsoft Entra tokens in web pages and workers.
//!
//! ```no_run
//! use azid_core::effect::{CallbackId, KeyHandle};
//! use azid_core::{ClientCertificate, ClientCertificateCredential};
//! use azid_wasm::{TokenProvider, WebHost};
//!
//! # async fn example(leaf: Vec<u8>, key: web_sys::CryptoKey) -> Result<(), azid_core::Error> {
//! // A key that no script can read: WebCrypto signs with it.
//! let name = CallbackId::new("key");
//! let certificate = ClientCertificate::new([leaf], KeyHandle::Named(name.clone()))?;
//! let credential = ClientCertificateCredential::new("contoso.com", "app-id", certificate)?;
//!
//! let provider = TokenProvider::on(WebHost::new().signing_key(name, key), credential);
//! let token = provider.get_token(&["https://vault.azure.net/.default"]).await?;
//! # drop(token);
//! # Ok(())
//! # }
//! ```
//!
//! # Who may use what
//!
//! Entra lets scripts of other origins read the answer to one kind of request only: what redeems an
//! authorization code (or renews what came of it) for a redirect URI that is registered for
//! *single-page applications*. That is
//! [`AuthorizationCodeCredential`](azid_core::AuthorizationCodeCredential) without a client
//! credential, as a page has no secrets. Other credentials are for scripts that talk to something
//! other than Entra itself, such as a gateway of the same origin, and for workers of servers.
//!
//! A page signs a person in like this. The page that they come back to has the query to go on with:
//!
//! ```no_run
//! use azid_core::effect::ResponseMode;
//! use azid_core::{AuthorizationCodeCredential, AuthorizationRequest};
//! use azid_core::{Environment, Error, Secret, TokenRequest};
//! use azid_wasm::{TokenProvider, WebHost, new_seed};
//!
//! # fn put_into_session_storage(_: &str) {}
//! # fn go_to(_: &str) {}
//! fn sign_in() -> Result<AuthorizationRequest, Error> {
//!     let page = "https://app.example/signed-in";
//!     let request = AuthorizationRequest::new("contoso.com", "app-id", page)?;
//!     Ok(request.response_mode(ResponseMode::Query))
//! }
//!
//! fn leave() -> Result<(), Box<dyn std::error::Error>> {
//!     let wanted = TokenRequest::new(["https://graph.microsoft.com/User.Read"]);
//!     let (url, session) = sign_in()?.begin(&wanted, new_seed()?, &Environment::default())?;
//!     put_into_session_storage(session.to_stored().expose());
//!     go_to(url.as_str());
//!     Ok(())
//! }
//!
//! async fn come_back(stored: String, query: &str) -> Result<(), Error> {
//!     let session = sign_in()?.resume(&Secret::new(stored))?;
//!     let credential = AuthorizationCodeCredential::new(session, query.as_bytes())?;
//!     let provider = TokenProvider::on(WebHost::new(), credential);
//!     let token = provider.get_token(&["https://graph.microsoft.com/User.Read"]).await?;
//!     # drop(token);
//!     Ok(())
//! }
//! ```
//!
//! # What a browser does differently
//!
//! * It sends no request with a requirement that scripts have no say in: no proxy, a pinned
//!   certificate, exclusive roots, another server name, plain http. Such a request is refused.
//! * It does not say why there was no answer: nobody there, no trust, or an answer that scripts of
//!   this origin must not read. It all counts as a connection that was lost after the request.
//! * Of a redirect it says only that there was one: it comes as a 302 that leads nowhere.
//! * The header fields by which Entra's operators find a request again are left out: with them, a
//!   browser would first ask whether it may send them.
//! * The memory that JavaScript gets to see, such as a request's body, cannot be zeroed.

mod answers;
mod fetch;
mod host;
mod scope;
mod sign;

pub use azid_async::{EarlyRefresh, Event, Flight, GetToken, Host, TokenCache};

pub use self::host::WebHost;
pub use self::scope::new_seed;

/// A token provider in a page or a worker; see [`azid_async::TokenProvider`] for what it promises.
pub type TokenProvider = azid_async::TokenProvider<WebHost>;

/// A token provider in a page or a worker under construction.
pub type Builder = azid_async::Builder<WebHost>;
