//! What `azid doctor` finds out.

use std::time::{Duration, Instant};

use azid_emulator::{Fault, demo};
use serde_json::Value;

use crate::support::{Ended, azid, server, variables};

const LINKS: [&str; 6] = [
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "AzureCliCredential",
    "AzurePowerShellCredential",
    "AzureDeveloperCliCredential",
];

#[test]
fn a_machine_without_azure_has_a_true_table_within_a_few_seconds() {
    let start = Instant::now();
    let ended = azid(&["doctor"], &[]);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(ended.code, 3, "{}", ended.errors);
    assert!(!ended.output.contains('\x1b'), "no colours in a pipe");
    assert!(!ended.errors.contains('\x1b'), "no progress in a pipe");
    let (plan, table) = parts(&ended);
    assert!(plan.contains("EnvironmentCredential: not set: AZURE_TENANT_ID"));
    assert!(plan.contains("ManagedIdentityCredential: ready, from the instance metadata"));
    assert_eq!(table.matches("– unavailable").count(), 6, "{table}");
    for (link, cause, cure) in [
        (LINKS[0], "AZURE_CLIENT_SECRET", "set them"),
        (LINKS[1], "AZURE_FEDERATED_TOKEN_FILE", "set them"),
        (LINKS[2], "http://169.254.169.254/", "what to do: "),
        (LINKS[3], "no `az` on the PATH", "run `az login`"),
        (LINKS[4], "no `pwsh` on the PATH", "run `Connect-AzAccount`"),
        (LINKS[5], "no `azd` on the PATH", "run `azd auth login`"),
    ] {
        let (_, row) = table.split_once(link).expect("a row");
        let seen = row.find(cause).expect(cause);
        let cured = row.find(cure).expect(cure);
        let verdict = row.find("– unavailable").expect("a verdict");
        assert!(verdict < seen && seen < cured, "{row}");
    }
    assert!(
        ended.errors.contains("no link that can be tried"),
        "{}",
        ended.errors
    );
}

#[test]
fn the_links_that_have_a_token_are_told_and_no_token_is() {
    let server = server();
    let ended = azid(&doctor(&[]), &variables(&server));
    assert_eq!((ended.code, &*ended.errors), (0, ""));
    let (_, table) = parts(&ended);
    assert_eq!(table.matches("✓ token").count(), 2, "{table}");
    assert!(table.contains("Identity not found"), "{table}"); // AZURE_CLIENT_ID is no identity's
    assert!(
        table.contains("by ClientSecretCredential, good for "),
        "{table}"
    );
    assert!(table.contains("DefaultAzureCredential gets its token from EnvironmentCredential."));
    for secret in ["eyJ", demo::CLIENT_SECRET] {
        assert!(!ended.output.contains(secret), "{}", ended.output);
    }
    let ended = azid(&doctor(&["--json"]), &variables(&server));
    assert!(!ended.output.contains("eyJ"), "{}", ended.output);
}

#[test]
fn a_link_that_fails_ends_the_chain_whatever_comes_after_it() {
    let server = server();
    let mut variables = variables(&server);
    variables.push(variable("AZURE_CLIENT_SECRET", "wrong~canary~secret"));
    let ended = azid(&doctor(&[]), &variables);
    assert_eq!(ended.code, 1, "{}", ended.output);
    let (_, table) = parts(&ended);
    assert!(
        table.contains("✗ failed") && table.contains("AADSTS7000215"),
        "{table}"
    );
    assert!(
        ended.errors.contains("ends at EnvironmentCredential"),
        "{}",
        ended.errors
    );
    let way_out = "AZURE_TOKEN_CREDENTIALS to WorkloadIdentityCredential";
    assert!(ended.errors.contains(way_out), "{}", ended.errors);
    assert!(!format!("{}{}", ended.output, ended.errors).contains("canary"));

    variables.push(variable(
        "AZURE_TOKEN_CREDENTIALS",
        "WorkloadIdentityCredential",
    ));
    let ended = azid(&doctor(&[]), &variables);
    assert_eq!(ended.code, 0, "{}", ended.errors);
}

#[test]
fn a_machine_reads_one_object() {
    let server = server();
    let mut variables = variables(&server);
    variables.push(variable("AZURE_TOKEN_CREDENTIALS", "prod"));
    let found = json(&azid(&doctor(&["--json"]), &variables));
    assert_eq!(found["verdict"], "token");
    assert_eq!(found["link"], LINKS[0]);
    assert_eq!(found["scope"], demo::SCOPE);
    let links = found["links"].as_array().expect("an array");
    let names: Vec<_> = links.iter().map(|it| it["link"].clone()).collect();
    assert_eq!(names, LINKS[..3]);
    assert_eq!(found["left_out"], serde_json::json!(LINKS[3..]));
    assert_eq!(links[0]["source"], "ClientSecretCredential");
    assert!(links[0]["expires_on"].is_u64() && links[0]["cause"].is_null());
    assert_eq!(found["plan"]["links"][0]["readiness"], "ready");

    let ended = azid(
        &["doctor", "--json"],
        &[variable("AZURE_TOKEN_CREDENTIALS", "magic")],
    );
    assert_eq!(ended.code, 2, "{}", ended.errors);
    let found = json(&ended);
    assert_eq!(found["verdict"], "failed");
    let cause = found["links"][0]["cause"].as_str().expect("a text");
    assert!(cause.contains("AZURE_TOKEN_CREDENTIALS"), "{cause}");
}

#[test]
fn a_link_that_hangs_is_given_up_in_time() {
    let server = server();
    server.inject("/oauth2/v2.0/token", 20, Fault::status(503));
    let mut variables = variables(&server);
    variables.push(variable("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential"));
    let start = Instant::now();
    let ended = azid(&doctor(&["--timeout", "1", "--json"]), &variables);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_ne!(ended.code, 0);
    let took = json(&ended)["links"][0]["milliseconds"].as_u64();
    assert!(took.expect("a number") < 3000, "{took:?}");
}

#[test]
fn a_doctor_is_not_asked_nonsense() {
    for arguments in [["--scope", "two words"], ["--timeout", "0"]] {
        let ended = azid(&doctor(&arguments), &[]);
        assert_eq!((ended.code, &*ended.output), (2, ""), "{}", ended.errors);
    }
}

fn doctor<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["doctor"];
    if !more.contains(&"--scope") {
        arguments.extend(["--scope", demo::SCOPE]);
    }
    arguments.extend(more);
    arguments
}

/// The plan and the table, without the ends of lines.
fn parts(ended: &Ended) -> (String, String) {
    let text = ended.output.split_whitespace();
    let text = text.collect::<Vec<_>>().join(" ");
    let (plan, table) = text.split_once("What happens").expect("two parts");
    (plan.to_owned(), table.to_owned())
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.output).expect("one JSON object")
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
