//! The command azid as a user meets it: its output, its exit codes, its files.

#[cfg(unix)]
mod browsers;
mod doctor;
mod people;
mod replay;
#[cfg(unix)]
mod signals;
mod simulate;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(unix)]
mod tools;
mod usage;
#[cfg(unix)]
mod variables;

use std::fs;

use azid_emulator::{AzureArc, Fault, demo, verify_access_token};
use support::{Emulator, azid, azid_told, published_keys, scratch};

/// Every credential, with the environment that it finds its settings in, beside the standard one.
const CREDENTIALS: [(&str, &str); 10] = [
    ("default", "imds"),
    ("environment", "client-certificate"),
    ("client-secret", "standard"),
    ("client-certificate", "client-certificate"),
    ("client-assertion", "standard"),
    ("workload-identity", "standard"),
    ("azure-pipelines", "azure-pipelines"),
    ("github-actions", "github-actions"),
    ("on-behalf-of", "standard"),
    ("managed-identity", "imds"),
];
const RUNTIMES: [&str; 3] = ["ureq", "tokio", "async-std"];

/// The arguments that ask for a token of this credential.
fn token(credential: &str) -> Vec<&str> {
    vec!["token", "--scope", demo::SCOPE, "--credential", credential]
}

#[test]
fn the_demo_gets_and_verifies_every_token() {
    let ended = azid(&["demo"], &[]);
    assert_eq!(ended.code, 0, "{}", ended.errors);
    assert_eq!(ended.output.matches('✓').count(), 102, "{}", ended.output);
    assert!(!ended.output.contains('\x1b'), "no colours in a pipe");
}

#[test]
fn the_demo_fails_where_no_token_is_signed_by_a_published_key() {
    let emulator = Emulator::start("unsigned");
    let scene = serde_json::json!({
        "published_keys": published_keys(&support::server()),
        "environments": emulator.environments,
        "azure_arc_key_directory": AzureArc::KEY_DIRECTORY,
    });
    let ended = azid_told(&["demo-cells"], &emulator.variables, &scene.to_string());
    assert_eq!(ended.code, 1);
    assert_eq!(ended.output.matches('✗').count(), 102, "{}", ended.output);
    let reasons = ended.errors.matches("no published key").count();
    assert!(reasons >= 99, "{}", ended.errors); // Azure Arc's keys may be elsewhere
}

#[test]
fn an_emulator_in_another_process_serves_every_credential_in_every_runtime() {
    let emulator = Emulator::start("served");
    let user_token = &emulator.environments["on-behalf-of"]["AZID_USER_ASSERTION_FILE"];
    for (credential, environment) in CREDENTIALS {
        let variables = emulator.and(environment);
        for runtime in RUNTIMES {
            let mut arguments = token(credential);
            arguments.extend(["--runtime", runtime]);
            if credential == "on-behalf-of" {
                arguments.extend(["--user-assertion-file", user_token]);
            }
            let ended = azid(&arguments, &variables);
            assert_eq!(
                (ended.code, &*ended.errors),
                (0, ""),
                "{credential} {runtime}"
            );
            let token = ended.output.strip_suffix('\n').expect("a line");
            let is_in_tokens = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!(
                token.split('.').count() == 3 && token.chars().all(is_in_tokens),
                "a JWT and nothing else"
            );
        }
    }
    let certificate = emulator.variable("SSL_CERT_FILE").to_owned();
    assert!(fs::exists(&certificate).expect("a path"));
    assert_eq!(emulator.stop(), Some(0));
    assert!(
        !fs::exists(&certificate).expect("a path"),
        "its files went with it"
    );
}

#[test]
fn a_managed_identity_is_got_on_every_kind_of_host_by_its_variables_alone() {
    let emulator = Emulator::start("hosts");
    let mut hosts = vec![
        "imds",
        "app-service",
        "app-service-2017",
        "azure-ml",
        "cloud-shell",
        "service-fabric",
    ];
    // Elsewhere no client may look for the key of Azure Arc's agent, and only root can put it there.
    let arc_is_real = fs::create_dir_all(AzureArc::KEY_DIRECTORY).is_ok();
    hosts.extend(arc_is_real.then_some("azure-arc"));
    for host in hosts {
        let ended = azid(&token("managed-identity"), &emulator.host(host));
        assert_eq!((ended.code, &*ended.errors), (0, ""), "{host}");
    }
    let mut arguments = token("workload-identity");
    arguments.push("--identity-binding");
    let ended = azid(&arguments, &emulator.host("aks-identity-binding"));
    assert_eq!((ended.code, &*ended.errors), (0, ""));
}

#[test]
fn on_behalf_of_takes_the_proof_that_there_is() {
    let emulator = Emulator::start("proofs");
    let user_token = &emulator.environments["on-behalf-of"]["AZID_USER_ASSERTION_FILE"];
    let mut arguments = token("on-behalf-of");
    arguments.extend(["--user-assertion-file", user_token]);
    const PROOFS: [&str; 3] = [
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
    ];
    for proof in PROOFS {
        let mut variables = emulator.and("client-certificate");
        variables.retain(|(name, _)| name == proof || !PROOFS.contains(&name.as_str()));
        let file = support::scratch(&format!("proof-{proof}.json"));
        let path = file.to_str().expect("text");
        let recorded = [&arguments[..], &["--transcript", path]].concat();
        let ended = azid(&recorded, &variables);
        assert_eq!((ended.code, &*ended.errors), (0, ""), "{proof}");
        // Whoever replays it has no user.
        let ended = azid(&["replay", path], &[]);
        assert_eq!((ended.code, &*ended.errors), (0, ""), "{proof}");
    }
    let spoilt = support::scratch("user-assertion");
    fs::write(&spoilt, "two words").expect("it is written");
    let spoilt = ["--user-assertion-file", spoilt.to_str().expect("text")];
    let ended = azid(
        &[&token("on-behalf-of")[..], &spoilt].concat(),
        &emulator.variables,
    );
    assert_eq!((ended.code, &*ended.output), (1, ""));
    assert!(
        ended.errors.contains("one word of visible ASCII"),
        "{}",
        ended.errors
    );
    let ended = azid(&token("on-behalf-of"), &emulator.variables);
    assert_eq!(ended.code, 3, "{}", ended.errors);
    assert!(
        ended.errors.contains("AZID_USER_ASSERTION_FILE"),
        "{}",
        ended.errors
    );
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let server = support::server();
    server.inject("/metadata/", 20, Fault::status(410));
    let mut arguments = token("managed-identity");
    arguments.extend(["--timeout", "1"]);
    let ended = azid(&arguments, &support::variables(&server));
    assert_eq!((ended.code, &*ended.output), (1, ""), "{}", ended.errors);
}

#[test]
fn the_outputs_are_a_json_object_and_a_header() {
    let server = support::server();
    let variables = support::variables(&server);
    let ask = |more: &[&str]| {
        let mut arguments = vec![
            "token",
            "--scope",
            demo::SCOPE,
            "--credential",
            "managed-identity",
        ];
        arguments.extend(more);
        let ended = azid(&arguments, &variables);
        assert_eq!(ended.code, 0, "{}", ended.errors);
        ended.output
    };
    let by_client_id = [
        "--client-id",
        demo::USER_ASSIGNED_CLIENT_ID,
        "--output",
        "json",
    ];
    let json: serde_json::Value = serde_json::from_str(&ask(&by_client_id)).expect("JSON");
    let token = json["access_token"].as_str().expect("text");
    let now = azid_native::now().timestamp().unix_seconds();
    let claims = verify_access_token(token, &published_keys(&server), now.unsigned_abs());
    let claims = claims.expect("a good token");
    assert_eq!(claims.object_id(), Some(demo::USER_ASSIGNED_OBJECT_ID));
    let expires_on = json["expires_on"].as_u64().expect("a number");
    assert!(expires_on.abs_diff(claims.expires_on().expect("a number")) <= 10);
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["source"], "ManagedIdentityCredential");

    assert!(ask(&["--output", "header"]).starts_with("Authorization: Bearer ey"));
}

#[test]
fn a_wrong_secret_fails_with_its_code_and_its_cure_and_stays_secret() {
    let server = support::server();
    let mut variables = support::variables(&server);
    const WRONG: &str = "wrong~canary~secret";
    variables.push(("AZURE_CLIENT_SECRET".to_owned(), WRONG.to_owned()));
    for runtime in RUNTIMES {
        let file = scratch(&format!("failed-{runtime}.json"));
        let path = file.to_str().expect("text");
        let arguments = [
            "token",
            "--scope",
            demo::SCOPE,
            "--credential",
            "client-secret",
            "--runtime",
            runtime,
            "--transcript",
            path,
        ];
        let ended = azid(&arguments, &variables);
        assert_eq!((ended.code, &*ended.output), (1, ""));
        assert!(ended.errors.contains("AADSTS7000215"), "{}", ended.errors);
        assert!(ended.errors.contains("what to do: "), "{}", ended.errors);
        assert!(!ended.errors.contains("canary"), "{}", ended.errors);
        let transcript = fs::read_to_string(&file).expect("the failed run's transcript");
        assert!(transcript.contains("7000215") && !transcript.contains("canary"));
    }
}

#[test]
fn a_transcript_holds_no_secret_and_is_its_owners_alone() {
    let server = support::server();
    let file = scratch("token.json");
    let path = file.to_str().expect("text");
    let arguments = [
        "token",
        "--scope",
        demo::SCOPE,
        "--credential",
        "client-secret",
        "--transcript",
        path,
    ];
    let ended = azid(&arguments, &support::variables(&server));
    assert_eq!(ended.code, 0, "{}", ended.errors);
    let transcript = fs::read_to_string(&file).expect("a transcript");
    let read: azid_core::Transcript = serde_json::from_str(&transcript).expect("a transcript");
    assert_eq!(read.credential, "ClientSecretCredential");
    for secret in [
        demo::CLIENT_SECRET,
        "emulated~secret",
        ended.output.trim_end(),
    ] {
        assert!(!transcript.contains(secret));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_stopped_emulator_is_a_clear_error_and_no_hang() {
    let server = support::server();
    let (mut variables, origin) = (support::variables(&server), server.https_origin());
    let certificate = scratch("stopped.pem"); // the server's own file goes with the server
    fs::write(&certificate, server.ca_pem()).expect("a file");
    variables.push((
        "SSL_CERT_FILE".to_owned(),
        certificate.display().to_string(),
    ));
    drop(server);
    for runtime in RUNTIMES {
        let arguments = [
            "token",
            "--scope",
            demo::SCOPE,
            "--credential",
            "client-secret",
            "--runtime",
            runtime,
        ];
        let ended = azid(&arguments, &variables);
        assert_eq!((ended.code, &*ended.output), (1, ""), "{}", ended.errors);
        assert!(ended.errors.contains(&origin), "{}", ended.errors);
        assert!(ended.errors.contains("did not answer"), "{}", ended.errors);
    }
}
