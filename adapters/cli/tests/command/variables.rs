//! Variables of the environment whose values are no text.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use azid_emulator::demo;

use crate::support::{command, server, variables};

#[test]
fn a_secret_that_is_not_utf_8_is_named_and_never_sent_as_another() {
    let server = server();
    let mut complete = variables(&server);
    let password = server.password_environment().into_iter();
    complete.extend(password.map(|(name, value)| (name.to_owned(), value)));
    for (credential, name) in [
        ("client-secret", "AZURE_CLIENT_SECRET"),
        ("on-behalf-of", "AZURE_CLIENT_SECRET"),
        ("environment", "AZURE_CLIENT_SECRET"),
        ("username-password", "AZURE_PASSWORD"),
        ("username-password", "AZURE_USERNAME"),
        ("workload-identity", "AZURE_FEDERATED_TOKEN_FILE"),
        ("client-secret", "AZURE_TENANT_ID"),
        ("client-secret", "AZURE_AUTHORITY_HOST"),
    ] {
        let ended = with_altered(&complete, credential, name);
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{credential} {errors}");
        let why = format!("the variable {name} is not valid: not UTF-8");
        assert!(errors.contains(&why), "{credential} {errors}");
    }
}

#[test]
fn a_variable_that_is_not_utf_8_and_not_needed_disturbs_nobody() {
    let server = server();
    let complete = variables(&server);
    for name in ["AZURE_PASSWORD", "HOME", "IDENTITY_HEADER", "EDITOR"] {
        let ended = with_altered(&complete, "client-secret", name);
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!((ended.status.code(), &*errors), (Some(0), ""), "{name}");
    }
}

fn with_altered(
    variables: &[(String, String)],
    credential: &str,
    name: &str,
) -> std::process::Output {
    let mut azid = command();
    azid.args(["token", "--scope", demo::SCOPE, "--credential", credential]);
    azid.envs(variables.iter().cloned());
    azid.env(name, OsString::from_vec(b"pw\xff\xfeX".to_vec()));
    azid.output().expect("it ends")
}
