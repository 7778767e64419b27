//! One scenario for each rule that the emulator keeps, through its public API.

mod answers;
mod assertions;
mod discovery;
mod faults;
mod metadata;
mod server;
mod server_faults;
mod support;
mod token_endpoint;
mod verification;
mod wire;
