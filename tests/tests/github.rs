//! Jobs of GitHub Actions, and of the forges that do as it does.

use azid_core::effect::{HttpFailure, HttpRequest};
use azid_core::testing::Case;
use azid_core::{
    Authority, Credential, CredentialConfig, ErrorKind, Fault, GitHubActionsCredential, Region,
    What,
};
use azid_tests::watch::watch_script;

const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const ADDRESS: &str = "https://pipelines.actions.githubusercontent.com/1/idtoken?api-version=2.0";
const ACCESS: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

fn credential() -> GitHubActionsCredential {
    GitHubActionsCredential::new("contoso.com", "app-id").expect("two good values")
}

fn job(credential: GitHubActionsCredential, address: &str) -> Case {
    Case::new("a job", credential)
        .with(URL, address)
        .with(TOKEN, "job-t0ken")
}

fn works(case: Case) -> Vec<HttpRequest> {
    let answer = r#"{"count":1043,"value":"e30.1.c2ln"}"#;
    let seen = watch_script(&case.http(200, answer).http(200, ACCESS));
    seen.outcome.result.expect("a token");
    seen.requests
}

fn asked(credential: GitHubActionsCredential, address: &str) -> String {
    works(job(credential, address)).remove(0).url.into()
}

#[test]
fn the_request_for_the_assertion_has_the_jobs_token_and_the_audience() {
    let requests = works(job(credential(), ADDRESS));
    let request = &requests[0];
    assert_eq!(request.method, http::Method::GET);
    assert_eq!(
        request.url.as_str(),
        format!("{ADDRESS}&audience=api%3A%2F%2FAzureADTokenExchange")
    );
    assert_eq!(request.headers["authorization"], "bearer job-t0ken");
    assert_eq!(request.headers["accept"], "application/json");
    assert!(request.headers["authorization"].is_sensitive());
    assert!(request.body.is_empty());
    let body = String::from_utf8_lossy(requests[1].body.expose());
    assert!(body.contains("client_assertion=e30.1.c2ln&"), "{body}");
}

#[test]
fn the_audience_is_that_of_the_cloud_or_the_one_that_was_named() {
    let audience = |credential| {
        let url = asked(credential, ADDRESS);
        url.rsplit_once("&audience=")
            .expect("it is there")
            .1
            .to_owned()
    };
    assert_eq!(
        audience(credential().authority(Authority::us_government())),
        "api%3A%2F%2FAzureADTokenExchangeUSGov"
    );
    assert_eq!(
        audience(credential().authority(Authority::china())),
        "api%3A%2F%2FAzureADTokenExchangeChina"
    );
    let in_region = credential()
        .authority(Authority::us_government())
        .region(Region::new("usgovvirginia").expect("a region"));
    assert_eq!(audience(in_region), "api%3A%2F%2FAzureADTokenExchangeUSGov");
    assert_eq!(
        audience(credential().audience("a b&c=d").expect("valid")),
        "a+b%26c%3Dd"
    );
}

#[test]
fn an_address_keeps_its_own_query_whatever_forge_it_is_of() {
    let audience = "audience=api%3A%2F%2FAzureADTokenExchange";
    let forge = "https://forgejo.example/api/actions/_apis/7/idtoken";
    assert_eq!(asked(credential(), forge), format!("{forge}?{audience}"));
    let address = format!("{forge}?placeholder=true&a=%20b&audience=other");
    assert_eq!(
        asked(credential(), &address),
        format!("{forge}?placeholder=true&a=%20b&{audience}")
    );
}

#[test]
fn every_repetition_of_the_exchange_has_an_assertion_of_its_own() {
    let case = job(credential(), ADDRESS)
        .http(200, r#"{"value":"e30.first.c2ln"}"#)
        .http(503, "")
        .http(200, r#"{"value":"e30.second.c2ln"}"#)
        .http(200, ACCESS);
    let seen = watch_script(&case);
    seen.outcome.result.expect("a token");
    let body =
        |number: usize| String::from_utf8_lossy(seen.requests[number].body.expose()).into_owned();
    assert!(body(1).contains("e30.first.c2ln"));
    assert!(body(3).contains("e30.second.c2ln"));
}

#[test]
fn a_job_without_the_permission_is_told_of_it() {
    for case in [
        Case::new("none", credential()),
        Case::new("half", credential()).with(URL, ADDRESS),
        Case::new("half", credential()).with(TOKEN, "job-t0ken"),
    ] {
        let error = case.run().result.expect_err("no token");
        assert_eq!(
            (error.kind(), error.fault()),
            (ErrorKind::Unavailable, Fault::Configuration)
        );
        let shown = error.to_string();
        assert!(shown.contains("permissions: id-token: write"), "{shown}");
        assert!(shown.contains("ACTIONS_ID_TOKEN_REQUEST_"), "{shown}");
    }
}

#[test]
fn malformed_variables_are_failures_that_name_them_and_send_nothing() {
    for (address, token, name) in [
        ("idtoken?a=b", "t", URL),
        ("http://forgejo.example/?a=b", "t", URL),
        ("https://u:p@forgejo.example/?a=b", "t", URL),
        (ADDRESS, "a\nb", TOKEN),
    ] {
        let case = Case::new("a job", credential())
            .with(URL, address)
            .with(TOKEN, token);
        let seen = watch_script(&case);
        let error = seen.outcome.result.expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Failed, "{address}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(seen.requests.is_empty());
    }
}

#[test]
fn a_redirect_of_the_issuer_takes_the_jobs_token_nowhere() {
    let case = job(credential(), ADDRESS)
        .http(302, "")
        .header("location", "https://attacker.example/");
    let seen = watch_script(&case);
    assert_eq!(
        seen.outcome.result.expect_err("no token").kind(),
        ErrorKind::Failed
    );
    assert_eq!(seen.requests.len(), 1);
}

#[test]
fn a_ticket_in_the_address_is_not_recorded_and_the_record_replays() {
    let address = "https://github.example/idtoken?ticket=t1cket%2Fticket&api-version=2.0";
    let case = job(credential(), address)
        .http(200, r#"{"value":"e30.1.c2ln"}"#)
        .http(200, ACCESS);
    let transcript = case.run().transcript.expect("cases record a transcript");
    let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
    assert!(
        !stored.contains("t1cket") && !stored.contains("job-t0ken"),
        "{stored}"
    );
    assert!(
        stored.contains("idtoken?ticket=redacted-value-1&api-version=2.0"),
        "{stored}"
    );
    let recorded = transcript.recorded_credential().expect("it is data");
    assert_eq!(transcript.replay(recorded), *transcript);
}

#[test]
fn two_audiences_share_no_token() {
    assert_eq!(credential().identity(), credential().identity());
    assert_ne!(
        credential().identity(),
        credential().audience("a").expect("valid").identity()
    );
}

#[test]
fn an_empty_audience_is_refused_given_by_a_program_or_a_configuration() {
    for empty in ["", " "] {
        let invalid = credential().audience(empty).expect_err("no audience");
        assert_eq!(invalid.what(), What::ClientAssertion);
        let application = serde_json::json!({ "tenant": "contoso.com", "client_id": "app-id" });
        let configuration = serde_json::json!({
            "credential": "github-actions", "application": application, "audience": empty,
        });
        let credential: CredentialConfig =
            serde_json::from_value(configuration).expect("a configuration");
        let mut case = job(self::credential(), ADDRESS);
        case.credential = credential;
        let seen = watch_script(&case);
        assert!(seen.requests.is_empty());
        let error = seen.outcome.result.expect_err("no token");
        assert!(error.to_string().contains("audience"), "{error}");
    }
}

#[test]
fn an_issuer_that_cannot_be_reached_is_not_blamed_on_the_authority() {
    let failure = HttpFailure::Resolve(Default::default());
    let case = (0..4).fold(job(credential(), ADDRESS), |case, _| {
        case.then(failure.clone())
    });
    let error = case.run().result.expect_err("no token");
    let advice = error.advice().expect("there is one");
    assert!(!advice.contains("authority"), "{advice}");
}
