//! `azid demo`: the emulator, and a process that gets tokens from it.
//!
//! ```text
//! azid demo ──► emulator            this process
//!     └───────► azid demo-cells     a process that trusts the emulator's certificate
//! ```
//!
//! The adapters take the system's root certificates, which `SSL_CERT_FILE` names, from the
//! environment that a process starts with. The second process is told on its standard input which
//! variables each host sets, and shows each credential those of its host alone.

use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use azid_core::Environment;
use azid_emulator::{EmulatorServer, demo};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::cells::Scene;
use crate::environments::environments;
use crate::stop::Stop;
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

/// However it ends, the emulator's files are removed, and the second process is gone.
pub(crate) fn run(stop: Stop) -> Result<(), Problem> {
    let server = emulate::start(0, 0)?;
    let program = std::env::current_exe().map_err(Problem::failed)?;
    let mut cells = Command::new(program);
    for name in Environment::known_names().filter(|name| is_about_identity(name)) {
        cells.env_remove(name);
    }
    for name in PROXIES {
        cells.env_remove(name);
    }
    let scene = Scene {
        published_keys: published_keys(&server)?,
        environments: environments(&server),
        azure_arc_key_directory: server.azure_arc_key_directory().display().to_string(),
    };
    let scene = serde_json::to_vec(&scene).map_err(Problem::failed)?;
    cells
        .arg("demo-cells")
        .env("SSL_CERT_FILE", server.ca_file())
        .stdin(Stdio::piped())
        .kill_on_drop(true);
    let status = stop.during_future(async {
        let mut cells = cells.spawn().map_err(Problem::failed)?;
        let told = match cells.stdin.take() {
            Some(mut input) => input.write_all(&scene).await,
            None => Ok(()),
        };
        let status = cells.wait().await.map_err(Problem::failed)?;
        told.map_err(Problem::failed)?;
        Ok(status)
    })?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) if code == i32::from(Problem::unread().exit) => Err(Problem::unread()),
        _ => Err(Problem::failed("not every token was got")),
    }
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
