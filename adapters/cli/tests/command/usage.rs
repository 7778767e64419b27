//! What the command line and the variables may say, and how the command refuses the rest.

#[cfg(unix)]
use std::process::Stdio;

use azid_emulator::demo;

use crate::support::azid;
#[cfg(unix)]
use crate::support::command;
use crate::{CREDENTIALS, token};

#[test]
fn a_credential_that_is_not_configured_is_unavailable_and_says_what_is_missing() {
    let tenant = [("AZURE_TENANT_ID".to_owned(), demo::TENANT_ID.to_owned())];
    for (name, missing) in [
        ("client-secret", "AZURE_CLIENT_ID, AZURE_CLIENT_SECRET"),
        (
            "workload-identity",
            "AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE",
        ),
        (
            "client-certificate",
            "AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH",
        ),
        (
            "client-assertion",
            "AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE",
        ),
        (
            "azure-pipelines",
            "AZURESUBSCRIPTION_CLIENT_ID, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, SYSTEM_ACCESSTOKEN",
        ),
        ("github-actions", "AZURE_CLIENT_ID"),
        ("environment", "AZURE_CLIENT_ID, AZURE_CLIENT_SECRET"),
        ("azure-cli", "az login"),
        ("azure-developer-cli", "azd auth login"),
        ("azure-powershell", "Connect-AzAccount"),
        ("developer-tools", "azd auth login"),
        (
            "username-password",
            "AZURE_CLIENT_ID, AZURE_USERNAME, AZURE_PASSWORD",
        ),
        ("on-behalf-of", "AZURE_CLIENT_ID, AZURE_CLIENT_SECRET"),
    ] {
        let ended = azid(&token(name), &tenant);
        assert_eq!((ended.code, &*ended.output), (3, ""), "{}", ended.errors);
        assert!(ended.errors.contains(missing), "{}", ended.errors);
    }
}

#[test]
fn a_variable_that_is_not_valid_is_wrong_usage_and_is_named_as_a_flag_would_be() {
    let valid = [
        ("AZURE_TENANT_ID", demo::TENANT_ID),
        ("AZURE_CLIENT_ID", demo::PUBLIC_CLIENT_ID),
        ("AZURE_CLIENT_SECRET", "a secret"),
        ("AZURE_USERNAME", demo::USER_NAME),
        ("AZURE_PASSWORD", "a password"),
    ];
    for (credential, name, value) in [
        ("client-secret", "AZURE_TENANT_ID", "no tenant"),
        ("client-secret", "AZURE_CLIENT_ID", "no id"),
        (
            "client-secret",
            "AZURE_AUTHORITY_HOST",
            "http://plain.example",
        ),
        ("device-code", "AZURE_TENANT_ID", "no tenant"),
        ("username-password", "AZURE_USERNAME", "two words"),
        ("environment", "AZURE_TENANT_ID", "no tenant"),
        ("default", "AZURE_TOKEN_CREDENTIALS", "magic"),
    ] {
        let variables = valid.into_iter().chain([(name, value)]);
        let variables: Vec<_> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let ended = azid(&token(credential), &variables);
        assert_eq!((ended.code, &*ended.output), (2, ""), "{}", ended.errors);
        assert!(ended.errors.contains(name), "{}", ended.errors);
        assert!(!ended.errors.contains(value), "{}", ended.errors);
    }
    let ended = azid(
        &[&token("device-code")[..], &["--tenant", "no tenant"]].concat(),
        &[],
    );
    assert_eq!(ended.code, 2);
    assert!(ended.errors.contains("--tenant"), "{}", ended.errors);
}

#[test]
fn the_command_says_its_version_and_its_exit_codes() {
    let ended = azid(&["--version"], &[]);
    let version = format!("azid {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((ended.code, ended.output), (0, version));
    let ended = azid(&["--help"], &[]);
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "130"] {
        let is_told = |line: &str| line.trim_start().starts_with(code);
        assert!(ended.output.lines().any(is_told), "{}", ended.output);
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let managed = [
        "token",
        "--scope",
        demo::SCOPE,
        "--credential",
        "managed-identity",
    ];
    let with = |more: &[&'static str]| [&managed[..], more].concat();
    for arguments in [
        vec!["token", "--credential", "client-secret"],
        vec!["token", "--scope", demo::SCOPE, "--credential", "magic"],
        with(&["--client-id", "one", "--object-id", "two"]),
        with(&["--object-id", "one", "--resource-id", "/two"]),
        with(&["--resource-id", "no path"]),
        with(&["--tenant", "contoso.com"]),
        with(&["--assertion-file", "/run/token"]),
        [&token("default")[..], &["--client-id", "one"]].concat(),
        [&token("azure-cli")[..], &["--client-id", "one"]].concat(),
        [&token("device-code")[..], &["--object-id", "one"]].concat(),
        with(&["--timeout", "0"]),
        with(&["--claims", "[]"]),
        vec![
            "token",
            "--scope",
            "two words",
            "--credential",
            "managed-identity",
        ],
    ] {
        let ended = azid(&arguments, &[]);
        assert_eq!(
            (ended.code, &*ended.output),
            (2, ""),
            "{arguments:?}: {}",
            ended.errors
        );
    }
    let ended = azid(&token("magic"), &[]);
    for (name, _) in CREDENTIALS {
        assert!(ended.errors.contains(name), "{}", ended.errors);
    }
}

#[cfg(unix)]
#[test]
fn when_nobody_reads_on_the_command_ends_without_a_word() {
    let mut command = command();
    command
        .args(["simulate", "--hosts", "20", "--seed", "7"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().expect("the command runs");
    drop(process.stdout.take());
    let ended = process.wait_with_output().expect("the command ends");
    assert_eq!(ended.status.code(), Some(141), "as after SIGPIPE");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
