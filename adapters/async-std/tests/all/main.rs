//! What the async-std host promises, shown over real sockets and on virtual time.

mod effects;
mod exchange;
mod fetch;
mod log;
mod server;
mod sign_in;
