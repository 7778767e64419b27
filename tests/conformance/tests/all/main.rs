//! One world, four drivers: a bare loop, ureq, tokio and async-std. What each of them records of a
//! run must be equal, to the last byte of the transcript.

mod clock;
mod drivers;
mod emulated;
mod environments;
mod managed_identities;
mod own_process;
mod proofs;
mod refusals;
mod requests;
mod scripted;
mod service_principals;
mod sign_in;
mod signing;
mod stand_in;
mod tls_server;
#[cfg(unix)]
mod tools;
