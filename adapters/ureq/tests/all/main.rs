//! The host and the provider over real sockets.

mod crowds;
mod effects;
mod environments;
mod exchange;
mod gate;
mod limits;
mod listeners;
mod minting;
mod needs;
mod people;
mod probe;
mod proxies;
mod refresh;
mod secure;
mod server;
mod sharing;
mod sign_in;
mod trust;
