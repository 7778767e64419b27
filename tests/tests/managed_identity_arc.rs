//! Azure Arc: the challenge, the key, and whom the token is for.

use azid_core::ManagedIdentityId::{ClientId, ObjectId, ResourceId};
use azid_core::effect::HttpRequest;
use azid_core::testing::{Case, World};
use azid_core::{ErrorKind, ManagedIdentityCredential, Run, Seed, Step};
use azid_tests::watch::watch_script;

const TOKEN: &str = r#"{"access_token":"AT","expires_on":"1795341600"}"#;
const CHALLENGE: &str = "Basic realm=/var/opt/azcmagent/tokens/1.key";

fn on_arc(challenge: &'static str) -> Case {
    Case::new("a challenge", ManagedIdentityCredential::new())
        .with("IDENTITY_ENDPOINT", "http://localhost:5/token")
        .with("IMDS_ENDPOINT", "http://localhost:5")
        .with("MSI_SECRET", "c4nary")
        .http(401, "")
        .header("www-authenticate", challenge)
}

#[test]
fn the_key_of_azure_arc_is_sent_as_it_is_to_the_agent_and_to_nobody_else() {
    let seen = watch_script(&on_arc(CHALLENGE).file("a2V5/+=:key\n").http(200, TOKEN));
    let [first, second] = seen.requests.as_slice() else {
        panic!("a request without the key and one with it");
    };
    assert_eq!(headers(first), ["metadata: true"]);
    assert_eq!(
        headers(second),
        ["metadata: true", "authorization: Basic a2V5/+=:key"]
    );
    assert!(second.headers["authorization"].is_sensitive());
    assert_eq!(first.url, second.url);
}

#[test]
fn no_more_than_four_kilobytes_of_a_key_are_read_and_nothing_of_another_file() {
    let request = |challenge| {
        let case = on_arc(challenge);
        let mut world = World::new(case.replies.clone());
        let context = case.context(world.now(), Seed::new([1; 32]));
        let step = Run::start(case.credential.into_credential(), context);
        world.answer(step)
    };
    let Step::ReadFile(call) = request(CHALLENGE) else {
        panic!("the key is read");
    };
    assert_eq!(call.request().path, "/var/opt/azcmagent/tokens/1.key");
    assert_eq!(call.request().max_bytes, 4096);
    let Step::Done(outcome) = request("Basic realm=/etc/shadow") else {
        panic!("nothing is read");
    };
    let error = outcome.result.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        error.to_string().contains("not in the directory"),
        "{error}"
    );
}

#[test]
fn a_key_that_is_echoed_is_masked_with_its_scheme_and_without() {
    let body = r#"{"error":"x","error_description":"Basic c4nary-key and c4nary-key"}"#;
    let case = on_arc(CHALLENGE);
    let seen = watch_script(&case.file("c4nary-key").http(400, body));
    let error = seen.outcome.result.as_ref().expect_err("no token");
    let stored = serde_json::to_string(seen.transcript()).expect("a transcript serialises");
    let shown = format!("{error} {error:?} {stored} {}", seen.log);
    assert!(!shown.contains("c4nary"), "{shown}");
}

#[test]
fn a_token_for_another_identity_than_the_one_named_is_never_handed_out() {
    let answers = [
        r#"{"access_token":"AT","expires_in":"3600"}"#,
        r#"{"access_token":"AT","expires_in":"3600","client_id":"other","object_id":"other","msi_res_id":"/other"}"#,
        r#"{"access_token":"AT","expires_in":"3600","client_id":7,"object_id":["id"],"mi_res_id":null}"#,
    ];
    for id in [
        ClientId("id".into()),
        ObjectId("id".into()),
        ResourceId("/id".into()),
    ] {
        for answer in answers {
            let mut case = on_arc(CHALLENGE);
            let credential = ManagedIdentityCredential::with_id(id.clone());
            case.credential = credential.expect("valid").into();
            let outcome = case.file("key").http(200, answer).run();
            let error = outcome.result.expect_err("no token");
            assert_eq!(error.kind(), ErrorKind::Failed);
            assert!(
                error
                    .advice()
                    .is_some_and(|advice| advice.contains("agent"))
            );
        }
    }
}

fn headers(request: &HttpRequest) -> Vec<String> {
    let show = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}", value.to_str().unwrap_or("?"))
    };
    request.headers.iter().map(show).collect()
}
