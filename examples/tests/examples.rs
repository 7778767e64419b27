//! Every example gets a token from the emulator, and does not show it: but for the one with a browser,
//! which CI runs with a real one, and the one with `az`, which wants a login.

use std::path::{Path, PathBuf};
use std::process::Command;

use azid_emulator::{Emulator, EmulatorServer, Keys, ServerOptions, demo};

#[test]
fn every_example_tells_where_its_token_came_from_and_until_when_it_is_good() {
    let keys = Keys::generate();
    let emulator = Emulator::new(demo::world(&keys), keys.entra.clone());
    let server = EmulatorServer::start(emulator, ServerOptions::default()).expect("free ports");
    for (example, source) in [
        ("bare_loop", "ClientSecretCredential"),
        ("blocking", "ClientSecretCredential"),
        ("tokio", "WorkloadIdentityCredential"),
        ("async_std", "ManagedIdentityCredential"),
        ("own_http_client", "WorkloadIdentityCredential"),
        ("remote_signer", "ClientCertificateCredential"),
    ] {
        let output = Command::new(program(example))
            .env_remove("SSL_CERT_DIR")
            .env("no_proxy", "*")
            .envs(server.environment().iter().cloned())
            .envs(server.certificate_environment())
            .output()
            .expect("cargo builds the examples with the tests");
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{example}: {complaint}");
        let until = said
            .strip_prefix(source)
            .and_then(|rest| rest.strip_prefix(" until 2"));
        assert!(
            until.is_some_and(|rest| rest.len() < 30),
            "{example}: {said}"
        );
    }
}

/// Where cargo puts an example: next to the folder of the tests.
fn program(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let profile = test.parent().and_then(Path::parent);
    let examples = profile
        .expect("tests are two folders deep")
        .join("examples");
    examples.join(format!("{example}{}", std::env::consts::EXE_SUFFIX))
}
