//! Microsoft Entra tokens for blocking programs.
//!
//! ```no_run
//! use azid_core::ClientSecretCredential;
//! use azid_ureq::TokenProvider;
//!
//! let credential = ClientSecretCredential::new("contoso.com", "client-id", "secret")?;
//! let provider = TokenProvider::new(credential);
//! let token = provider.get_token(&["https://vault.azure.net/.default"])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every call blocks its thread and no other. There is no executor anywhere below, so it makes no
//! difference whether the thread belongs to one; on an async runtime an async adapter wastes none.
//!
//! * [`TokenProvider`] shares runs and tokens between threads. Asking it for a token that is held
//!   takes no lock and allocates nothing; [`with_cached_token`](TokenProvider::with_cached_token)
//!   shows the token where it lies.
//! * [`Host`] carries out effects, one at a time; [`drive`] is the loop around it.
//!
//! HTTP is by [ureq](https://docs.rs/ureq) over rustls with the system's root certificates, which
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` replace. Connections are kept and used again. Proxies are
//! taken from the environment as [`Proxies`] says.
//!
//! # Logs
//!
//! The HTTP library can write every byte of an exchange, tokens and all, to the log: at level
//! `trace` of the target `ureq_proto`. The host does not send anything while that is switched on;
//! the failure says so. Set `ureq_proto` to `debug` where everything else is to be traced.

mod abilities;
mod agents;
mod builder;
mod callbacks;
mod connect;
mod drive;
mod flight;
mod host;
mod http;
mod provider;
mod secure;
mod tunnel;

pub use azid_native::{Browser, Proxies, SeedFailure};
pub use azid_shared::{EarlyRefresh, Event, TokenCache};

pub use self::builder::Builder;
pub use self::drive::drive;
pub use self::host::Host;
pub use self::provider::TokenProvider;
