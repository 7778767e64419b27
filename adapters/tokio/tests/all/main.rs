//! What the tokio host promises, shown over real sockets and on virtual time.

mod effects;
#[cfg(feature = "hyper")]
mod exchange;
mod fetch;
mod needs;
mod own_client;
mod private_sessions;
#[cfg(feature = "hyper")]
mod process;
#[cfg(feature = "hyper")]
mod proxy;
#[cfg(feature = "hyper")]
mod server;
mod sign_in;
mod tasks;
#[cfg(feature = "hyper")]
mod tls;
mod virtual_time;
