//! `azid demo`: the emulator, and a process that gets tokens from it.
//!
//! ```text
//! azid demo ──► emulator            this process
//!     └───────► azid demo-cells     a process whose environment points at the emulator
//! ```
//!
//! The adapters take the system's root certificates, which `SSL_CERT_FILE` names, from the
//! environment that a process starts with. So the second process sees just what a user's program
//! would see, and nothing is configured for the demo alone.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use azid_core::Environment;
use azid_emulator::{EmulatorServer, demo};

use crate::{Problem, emulate};

/// Variables that would send requests for the emulator somewhere else.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

pub(crate) fn run() -> Result<(), Problem> {
    let server = emulate::start(0, 0)?;
    let program = std::env::current_exe().map_err(Problem::failed)?;
    let mut cells = Command::new(program);
    for name in Environment::known_names().filter(|name| is_about_identity(name)) {
        cells.env_remove(name);
    }
    for name in PROXIES {
        cells.env_remove(name);
    }
    cells
        .args(["demo-cells", "--published-keys", &published_keys(&server)?])
        .envs(
            server
                .environment()
                .iter()
                .map(|(name, value)| (name, value)),
        );
    let status = cells.status().map_err(Problem::failed)?;
    if status.success() {
        return Ok(());
    }
    Err(Problem::failed("not every token was got"))
}

/// Whether a variable is about credentials rather than about the system.
fn is_about_identity(name: &str) -> bool {
    [
        "AZURE",
        "IDENTITY",
        "IMDS",
        "MSI",
        "MSAL",
        "DEFAULT_IDENTITY",
        "REGION_NAME",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// The keys that the emulator publishes for its tokens.
fn published_keys(server: &EmulatorServer) -> Result<String, Problem> {
    let path = format!("/{}/discovery/v2.0/keys", demo::TENANT_ID);
    let request = http::Request::get(path).body(Vec::new());
    let request = request.map_err(Problem::failed)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let response = server.with_emulator(|emulator| emulator.handle(&request, now));
    String::from_utf8(response.into_body()).map_err(Problem::failed)
}
