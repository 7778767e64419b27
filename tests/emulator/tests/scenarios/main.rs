//! One scenario for each rule that the emulator keeps, through its public API.

mod answers;
mod assertions;
mod builds;
mod certificates;
mod credentials;
mod discovery;
mod faults;
mod identities;
mod metadata;
mod on_behalf_of;
mod own_assertions;
mod regions;
mod server;
mod server_faults;
mod subject_names;
mod support;
mod token_endpoint;
mod verification;
mod wire;
