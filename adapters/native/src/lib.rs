//! What azid hosts on an operating system share.
//!
//! Each function here carries out one part of a host's work, blocking, and the host decides on
//! which thread; only [`start_program`] brings its own. None of them panics on what it is given.
//!
//! | a host needs | here |
//! |---|---|
//! | the inputs of a run | [`environment`], [`platform`], [`now`], [`seed`] |
//! | the effect `ReadFile` | [`read_file`] |
//! | the effect `Exec` | [`run_program`], or as a future [`start_program`]; [`end_programs`] at a signal |
//! | for `Http`: whether a request may leave, and by which way | [`check`], [`Proxies`] |
//! | for `Http`: an answer's body within its limit | [`read_at_most`] |
//! | for `Http`: how its server proves who it is | [`Tls::special_requirements`](azid_core::effect::Tls::special_requirements), and below |
//! | for `Http`: what an error of a socket or of TLS means | [`http_failure`] |
//! | the effect `Authorize` | [`authorize`], [`Authorization`], [`Browser`] |
//! | the effect `Sign` with a key in memory | [`Signer`] |
//! | to keep what was made for a request, within bounds | [`Recent`] |
//!
//! # How a server proves who it is
//!
//! | a request requires | what its server must prove | what is not checked |
//! |---|---|---|
//! | nothing special | a chain to a root of the system, for the URL's host | |
//! | exclusive roots | a chain to one of those roots | the system's roots do not count |
//! | a server name | a chain for that name, which is also sent | the URL's host is only whom to connect to |
//! | a pin | that it holds the key of exactly that certificate | issuer, names, dates |
//!
//! Each is settled in the handshake, before a byte of the request is sent, and cannot be had in
//! clear. It concerns the server at the end of a connection and not a proxy on the way there: that
//! one tunnels to the URL's host and port, and proves itself to the roots of the system if at all.
//!
//! The system's roots are read once for each process, when they are first needed; `SSL_CERT_FILE`
//! and `SSL_CERT_DIR` name others.

mod authorize;
mod clock;
mod environment;
mod exec;
mod failure;
mod file;
mod limit;
mod no_proxy;
mod pin;
mod proxy;
mod recent;
mod requirements;
mod roots;
mod seed;
mod sign;
mod tls;

pub use self::authorize::{Authorization, Browser, authorize};
pub use self::clock::{now, timestamp};
pub use self::environment::{environment, environment_of, platform};
pub use self::exec::{Running, end_programs, run_program, start_program};
pub use self::failure::{Phase, http_failure};
pub use self::file::read_file;
pub use self::limit::read_at_most;
pub use self::proxy::{Proxies, Proxy, Route, bypasses_proxies};
pub use self::recent::Recent;
pub use self::requirements::check;
pub use self::seed::{SeedFailure, seed};
pub use self::sign::Signer;
#[doc(hidden)]
pub use self::tls::{client_config, nobody_trusted, server_name};
