//! The token endpoints of build systems.

use crate::support::{NOW, assert_refused, emulator, json, present};
use azid_emulator::{Emulator, Outcome, demo};
use http::request::Builder;
use http::{Request, Response};

const PIPELINE_QUERY: &str =
    "api-version=7.1&serviceConnectionId=77777777-aaaa-4bbb-8ccc-000000000005";
const WORKFLOW_QUERY: &str = "api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange";

#[test]
fn a_pipelines_token_for_its_service_connection_is_a_client_assertion() {
    let mut emulator = emulator();
    let response = send(&mut emulator, pipeline("POST", PIPELINE_QUERY));
    assert_eq!(response.status(), 200);
    assert_eq!(last_outcome(&emulator), Outcome::Document);
    let token = json(&response)["oidcToken"]
        .as_str()
        .expect("a token")
        .to_owned();
    let response = present(&mut emulator, demo::CLIENT_ID, &token);
    assert_eq!(response.status(), 200);
}

#[test]
fn a_pipelines_token_lives_ten_minutes_and_no_two_are_alike() {
    let mut emulator = emulator();
    let mut token = || {
        let response = send(&mut emulator, pipeline("POST", PIPELINE_QUERY));
        json(&response)["oidcToken"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let [first, second] = [token(), token()];
    assert_ne!(first, second);
    let later = |emulator: &mut Emulator, seconds| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", demo::CLIENT_ID),
            ("scope", demo::SCOPE),
            ("client_assertion_type", crate::support::JWT_BEARER),
            ("client_assertion", first.as_str()),
        ];
        let request = crate::support::token_request(demo::TENANT_ID, &fields);
        emulator.handle(&request, NOW + seconds)
    };
    assert_eq!(later(&mut emulator, 599).status(), 200);
    let response = later(&mut emulator, 600);
    assert_refused(&emulator, &response, 401, "invalid_client", 700_024);
}

#[test]
fn every_answer_of_pipelines_has_the_headers_that_support_asks_for() {
    let mut emulator = emulator();
    for query in [PIPELINE_QUERY, "api-version=7.1"] {
        let response = send(&mut emulator, pipeline("POST", query));
        assert!(response.headers().contains_key("x-vss-e2eid"));
        assert!(response.headers().contains_key("x-msedge-ref"));
    }
}

#[test]
fn without_its_redirect_header_pipelines_leads_to_a_sign_in_page() {
    let mut emulator = emulator();
    for value in [None, Some("Allow")] {
        let mut request = Request::post(format!("{}?{PIPELINE_QUERY}", demo::PIPELINE_PATH))
            .header(
                "Authorization",
                format!("Bearer {}", demo::SYSTEM_ACCESS_TOKEN),
            );
        if let Some(value) = value {
            request = request.header("X-TFS-FedAuthRedirect", value);
        }
        let response = send(&mut emulator, request);
        assert_eq!(response.status(), 302);
        let location = response.headers()["location"].to_str().expect("a URL");
        assert!(location.contains("/_signin"), "{location}");
    }
}

#[test]
fn pipelines_refuses_a_wrong_access_token() {
    let mut emulator = emulator();
    for value in [
        None,
        Some("Bearer wrong".to_owned()),
        Some(demo::SYSTEM_ACCESS_TOKEN.to_owned()),
        Some(format!("Basic {}", demo::SYSTEM_ACCESS_TOKEN)),
    ] {
        let mut request = Request::post(format!("{}?{PIPELINE_QUERY}", demo::PIPELINE_PATH))
            .header("X-TFS-FedAuthRedirect", "Suppress");
        if let Some(value) = value {
            request = request.header("Authorization", value);
        }
        assert_eq!(send(&mut emulator, request).status(), 401);
    }
}

#[test]
fn pipelines_refuses_what_is_not_a_request_for_one_of_its_connections() {
    let mut emulator = emulator();
    let id = format!("serviceConnectionId={}", demo::SERVICE_CONNECTION_ID);
    for (method, query, status) in [
        ("GET", PIPELINE_QUERY, 405),
        ("POST", id.as_str(), 400),
        ("POST", &format!("api-version=7.0&{id}"), 400),
        ("POST", "api-version=7.1", 400),
        ("POST", &format!("api-version=7.1&{id}&{id}"), 400),
    ] {
        let response = send(&mut emulator, pipeline(method, query));
        assert_eq!(response.status(), status, "{method} {query}");
        assert!(matches!(last_outcome(&emulator), Outcome::Refused { .. }));
    }
    let query = "api-version=7.1&serviceConnectionId=unknown";
    let response = send(&mut emulator, pipeline("POST", query));
    assert_eq!(response.status(), 404);
    let message = json(&response)["message"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert_eq!(
        message,
        "No service connection found with identifier unknown."
    );
}

#[test]
fn a_request_to_pipelines_has_an_empty_body_and_says_so_on_a_connection() {
    let mut emulator = emulator();
    let request = pipeline("POST", PIPELINE_QUERY).body(b"{}".to_vec());
    let response = emulator.handle(&request.expect("a request"), NOW);
    assert_eq!(response.status(), 400);
    let request = pipeline("POST", PIPELINE_QUERY).header("Host", "localhost");
    assert_eq!(send(&mut emulator, request).status(), 411);
    let request = pipeline("POST", PIPELINE_QUERY)
        .header("Host", "localhost")
        .header("Content-Length", "0");
    assert_eq!(send(&mut emulator, request).status(), 200);
}

#[test]
fn a_workflows_token_is_a_client_assertion() {
    let mut emulator = emulator();
    let response = send(&mut emulator, workflow("GET", WORKFLOW_QUERY));
    assert_eq!(response.status(), 200);
    let token = json(&response)["value"]
        .as_str()
        .expect("a token")
        .to_owned();
    let response = present(&mut emulator, demo::CLIENT_ID, &token);
    assert_eq!(response.status(), 200);
}

#[test]
fn a_workflow_may_ask_for_any_audience_and_entra_knows_one() {
    let mut emulator = emulator();
    for query in [
        "api-version=2.0",
        "api-version=2.0&audience=api%3A%2F%2Fother",
    ] {
        let response = send(&mut emulator, workflow("GET", query));
        assert_eq!(response.status(), 200);
        let token = json(&response)["value"]
            .as_str()
            .expect("a token")
            .to_owned();
        let response = present(&mut emulator, demo::CLIENT_ID, &token);
        assert_refused(&emulator, &response, 401, "invalid_client", 700_212);
    }
}

#[test]
fn a_workflow_is_refused_without_its_token_its_query_or_its_method() {
    let mut emulator = emulator();
    for (request, status) in [
        (workflow("POST", WORKFLOW_QUERY), 405),
        (
            workflow("GET", "audience=api%3A%2F%2FAzureADTokenExchange"),
            400,
        ),
        (workflow("GET", "api-version=2.0?audience=api"), 400),
        (
            Request::get(format!("{}?{WORKFLOW_QUERY}", demo::WORKFLOW_PATH)),
            401,
        ),
        (
            Request::get(format!("{}?{WORKFLOW_QUERY}", demo::WORKFLOW_PATH))
                .header("Authorization", "bearer wrong"),
            401,
        ),
    ] {
        assert_eq!(send(&mut emulator, request).status(), status);
    }
}

#[test]
fn the_paths_of_other_jobs_do_not_exist_and_http_is_a_leak() {
    let mut emulator = emulator();
    let other = demo::PIPELINE_PATH.replace("000000000004", "000000000009");
    assert_eq!(send(&mut emulator, Request::post(other)).status(), 404);
    let url = format!("http://localhost{}?{WORKFLOW_QUERY}", demo::WORKFLOW_PATH);
    assert_eq!(send(&mut emulator, Request::get(url)).status(), 400);
    assert_eq!(
        last_outcome(&emulator),
        Outcome::Leak("plain http".to_owned())
    );
}

/// A good request of the pipeline but perhaps for its method and query.
fn pipeline(method: &str, query: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(format!("{}?{query}", demo::PIPELINE_PATH))
        .header(
            "Authorization",
            format!("Bearer {}", demo::SYSTEM_ACCESS_TOKEN),
        )
        .header("X-TFS-FedAuthRedirect", "Suppress")
}

/// A good request of the workflow but perhaps for its method and query.
fn workflow(method: &str, query: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(format!("{}?{query}", demo::WORKFLOW_PATH))
        .header(
            "Authorization",
            format!("bearer {}", demo::WORKFLOW_REQUEST_TOKEN),
        )
}

fn send(emulator: &mut Emulator, request: Builder) -> Response<Vec<u8>> {
    emulator.handle(
        &request.body(Vec::new()).expect("a well-formed request"),
        NOW,
    )
}

fn last_outcome(emulator: &Emulator) -> Outcome {
    let last = emulator.requests().last().expect("a logged request");
    last.outcome.clone()
}
