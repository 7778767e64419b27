//! One scenario for each rule that the emulator keeps, through its public API.

mod answers;
mod app_service;
mod assertions;
mod azure_arc;
mod azure_arc_files;
mod cloud_shell;
mod discovery;
mod faults;
mod host_environment;
mod hosts;
mod metadata;
mod server;
mod server_faults;
mod service_fabric;
mod support;
mod token_endpoint;
mod token_proxy;
mod trust;
mod verification;
mod wire;
