//! Microsoft Entra tokens on async-std.
//!
//! ```no_run
//! use azid_async_std::TokenProvider;
//! use azid_core::ClientSecretCredential;
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
//! async-std is discontinued: its last release, 1.13, gets no more fixes, and its authors point to
//! smol. This crate is for programs that have not moved yet.
//!
//! # On smol, and on anything else
//!
//! A host for smol needs no crate. With HTTP and files by the blocking host of `azid-ureq` it is
//! this, whole:
//!
//! ```
//! use std::future::Future;
//! use std::pin::Pin;
//! use std::sync::Arc;
//!
//! use azid_async::{Host, NoRandomness, Refresh, TokenProvider};
//! use azid_core::{Now, Platform, Seed, Step};
//!
//! #[derive(Default)]
//! struct SmolHost(Arc<azid_ureq::Host>);
//!
//! impl Host for SmolHost {
//!     type Perform = Pin<Box<dyn Future<Output = Step> + Send>>;
//!
//!     fn perform(&self, step: Step) -> Self::Perform {
//!         let host = self.0.clone();
//!         Box::pin(async move {
//!             match step {
//!                 Step::Sleep(call) => {
//!                     smol::Timer::after(call.request().duration).await;
//!                     call.reply(Ok(()), host.now())
//!                 }
//!                 step => smol::unblock(move || host.perform(step)).await,
//!             }
//!         })
//!     }
//!
//!     fn now(&self) -> Now {
//!         self.0.now()
//!     }
//!
//!     fn seed(&self) -> Result<Seed, NoRandomness> {
//!         self.0.seed().map_err(NoRandomness::new)
//!     }
//!
//!     fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
//!         smol::spawn(refresh).detach();
//!         Ok(())
//!     }
//! }
//!
//! # let credential = azid_core::WorkloadIdentityCredential::new().token_file("/no/such/file")
//! #     .tenant("contoso.example")?.client_id("client")?;
//! let provider = TokenProvider::<SmolHost>::new(credential);
//! let answer = smol::block_on(provider.get_token(&["https://vault.azure.net/.default"]));
//! # let error = answer.expect_err("there is no file");
//! # assert!(error.to_string().contains("/no/such/file"), "{error}");
//! # Ok::<(), azid_core::Error>(())
//! ```

mod host;

pub use azid_async::{
    Callbacks, EarlyRefresh, Event, Flight, GetToken, Host, HttpClient, TokenCache, WithCallbacks,
};
pub use azid_native::{Browser, Proxies};

pub use self::host::AsyncStdHost;

/// A token provider on async-std; see [`azid_async::TokenProvider`] for what it promises.
pub type TokenProvider = azid_async::TokenProvider<AsyncStdHost>;

/// A token provider on async-std under construction.
pub type Builder = azid_async::Builder<AsyncStdHost>;
