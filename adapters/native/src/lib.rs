//! What azid hosts on an operating system share.
//!
//! Each function here carries out one part of a host's work, blocking and without state of its own;
//! the host decides on which thread. None of them panics on what it is given.
//!
//! | a host needs | here |
//! |---|---|
//! | the inputs of a run | [`environment`], [`platform`], [`now`], [`seed`] |
//! | the effect `ReadFile` | [`read_file`] |
//! | for `Http`: whether a request may leave, and by which way | [`check`], [`Proxies`] |
//! | for `Http`: an answer's body within its limit | [`read_at_most`] |
//! | for `Http`: what an error of a socket or of TLS means | [`http_failure`] |
//!
//! The root certificates are the system's; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others. They are
//! read once for each process, when they are first needed.

mod clock;
mod environment;
mod failure;
mod file;
mod limit;
mod no_proxy;
mod proxy;
mod requirements;
mod seed;
mod tls;

pub use self::clock::now;
pub use self::environment::{environment, platform};
pub use self::failure::{Phase, http_failure};
pub use self::file::read_file;
pub use self::limit::read_at_most;
pub use self::proxy::{Proxies, Proxy, Route, bypasses_proxies};
pub use self::requirements::check;
pub use self::seed::{SeedFailure, seed};
#[doc(hidden)]
pub use self::tls::client_config;
