//! The instance metadata service: its retries, and what its answers mean.

use std::time::Duration;

use azid_core::effect::{HttpFailure, HttpResponse};
use azid_core::testing::{self, Reply, World, cases};
use azid_core::{ErrorKind, ManagedIdentityCredential, ManagedIdentityId, Outcome, TokenRequest};

const TOKEN: &[u8] = br#"{"access_token":"AT","expires_on":"1795341600"}"#;

fn run(credential: ManagedIdentityCredential, replies: Vec<Reply>) -> (Outcome, Duration) {
    let mut world = World::new(replies);
    let context = testing::context(TokenRequest::new(["https://vault.azure.net/.default"]));
    let outcome = testing::run(std::sync::Arc::new(credential), context, &mut world);
    (outcome, world.elapsed())
}

fn status(status: u16) -> Reply {
    HttpResponse::new(status, &b""[..]).into()
}

#[test]
fn an_update_of_seventy_seconds_is_waited_out() {
    let replies = vec![
        status(410),
        status(410),
        status(410),
        status(410),
        HttpResponse::new(200, TOKEN).into(),
    ];
    let (outcome, elapsed) = run(ManagedIdentityCredential::new(), replies);
    assert!(outcome.result.is_ok());
    assert!(elapsed >= Duration::from_secs(70), "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(80), "{elapsed:?}");
}

#[test]
fn an_update_is_waited_out_by_who_was_not_answered_before() {
    let mut replies = vec![Reply::from(HttpFailure::Connect(Default::default())); 4];
    replies.extend(vec![status(410); 4]);
    replies.push(HttpResponse::new(200, TOKEN).into());
    let (outcome, elapsed) = run(ManagedIdentityCredential::new(), replies);
    assert!(outcome.result.is_ok());
    assert_eq!(elapsed.as_secs(), 87); // 12 s of the one rule's pauses and 75 s of the other's
}

#[test]
fn a_service_that_stays_away_is_given_up_after_half_a_minute() {
    let (outcome, elapsed) = run(ManagedIdentityCredential::new(), vec![status(404); 6]);
    assert_eq!(
        outcome.result.expect_err("no token").kind(),
        ErrorKind::Failed
    );
    assert_eq!(elapsed.as_secs(), 25); // 0.8 + 1.6 + 3.2 + 6.4 + 12.8 s, and six answers of 50 ms
}

#[test]
fn a_host_without_the_service_is_unavailable_and_not_failed() {
    let nobody = vec![Reply::from(HttpFailure::Connect(Default::default())); 6];
    let (outcome, _) = run(ManagedIdentityCredential::new(), nobody);
    assert_eq!(
        outcome.result.expect_err("no token").kind(),
        ErrorKind::Unavailable
    );
}

#[test]
fn a_missing_identity_is_unavailable_unless_it_was_named() {
    let answer = || {
        vec![
            HttpResponse::new(
                400,
                &br#"{"error":"invalid_request","error_description":"Identity not found"}"#[..],
            )
            .into(),
        ]
    };
    let (outcome, _) = run(ManagedIdentityCredential::new(), answer());
    assert_eq!(
        outcome.result.expect_err("no token").kind(),
        ErrorKind::Unavailable
    );
    let named =
        ManagedIdentityCredential::with_id(ManagedIdentityId::ClientId("c".into())).expect("valid");
    let (outcome, _) = run(named, answer());
    assert_eq!(
        outcome.result.expect_err("no token").kind(),
        ErrorKind::Failed
    );
}

#[test]
fn a_resource_that_does_not_exist_is_a_failure_with_its_cure() {
    let answer = br#"{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal was not found"}"#;
    let (outcome, _) = run(
        ManagedIdentityCredential::new(),
        vec![HttpResponse::new(400, &answer[..]).into()],
    );
    let error = outcome.result.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        error
            .to_string()
            .contains("what to do: the resource is unknown in this tenant"),
        "{error}"
    );
}

#[test]
fn the_request_carries_nothing_that_belongs_to_another_source() {
    let case = cases()
        .into_iter()
        .find(|case| case.name == "at another address")
        .expect("the case exists");
    let case = case
        .with("IDENTITY_HEADER", "c4nary")
        .with("MSI_SECRET", "c4nary")
        .with("AZURE_CLIENT_SECRET", "c4nary");
    let transcript = case.run().transcript.expect("cases record a transcript");
    let azid_core::transcript::Message::Http {
        headers,
        url,
        body,
        requirements,
        ..
    } = &transcript.exchanges[0].message
    else {
        panic!("the first effect is a request");
    };
    let names: Vec<_> = headers.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "metadata",
            "x-client-sku",
            "x-client-ver",
            "x-ms-client-request-id"
        ]
    );
    assert_eq!(
        url,
        "http://127.0.0.1:4242/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
    );
    assert!(body.is_empty());
    assert_eq!(format!("{requirements:?}"), "[NoProxy, PlainHttp]");
}
