//! What the tokio host promises, shown over real sockets and on virtual time.

mod effects;
#[cfg(feature = "reqwest")]
mod exchange;
mod fetch;
mod needs;
mod own_client;
mod private_sessions;
#[cfg(feature = "reqwest")]
mod process;
#[cfg(feature = "reqwest")]
mod proxy;
#[cfg(feature = "reqwest")]
mod server;
mod sign_in;
mod tasks;
#[cfg(feature = "reqwest")]
mod tls;
mod virtual_time;
