//! The instance metadata service.

use crate::support::{NOW, access_token, emulator, escape, json, published_keys};
use azid_emulator::{Emulator, Outcome, demo, verify_access_token};
use http::{Request, Response};

const TOKEN: &str = "/metadata/identity/oauth2/token";

#[test]
fn without_an_id_the_machine_itself_gets_a_token_with_numbers_as_texts() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, "");
    let body = json(&response);
    assert_eq!(body["client_id"], demo::SYSTEM_ASSIGNED_CLIENT_ID);
    assert_eq!(body["expires_in"], "86399");
    assert_eq!(body["ext_expires_in"], "86399");
    assert_eq!(body["expires_on"], (NOW + 86_399).to_string());
    assert_eq!(body["not_before"], (NOW - 300).to_string());
    assert_eq!(body["resource"], demo::RESOURCE);
    assert_eq!(body["token_type"], "Bearer");

    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("a valid token");
    assert_eq!(claims.audience(), Some(demo::RESOURCE));
    assert_eq!(claims.client_id(), Some(demo::SYSTEM_ASSIGNED_CLIENT_ID));
    assert_eq!(claims.object_id(), Some(demo::SYSTEM_ASSIGNED_OBJECT_ID));
    assert_eq!(claims.tenant_id(), Some(demo::TENANT_ID));
    let resource_id = claims.get("xms_mirid").and_then(|it| it.as_str());
    assert_eq!(resource_id, Some(demo::MACHINE_RESOURCE_ID));
}

#[test]
fn a_user_assigned_identity_is_found_by_each_of_its_ids() {
    let mut emulator = emulator();
    for (name, id) in [
        ("client_id", demo::USER_ASSIGNED_CLIENT_ID),
        ("object_id", demo::USER_ASSIGNED_OBJECT_ID),
        ("msi_res_id", demo::USER_ASSIGNED_RESOURCE_ID),
        ("mi_res_id", &demo::USER_ASSIGNED_RESOURCE_ID.to_lowercase()),
    ] {
        let response = ask(&mut emulator, &format!("&{name}={}", escape(id)));
        assert_eq!(
            json(&response)["client_id"],
            demo::USER_ASSIGNED_CLIENT_ID,
            "{name}"
        );
    }
}

#[test]
fn an_id_that_is_not_assigned_is_not_found() {
    let mut emulator = emulator();
    let id = format!("&client_id={}", demo::CLIENT_ID);
    assert_error(
        &ask(&mut emulator, &id),
        "invalid_request",
        "Identity not found",
    );
    emulator.imds_mut().machine_mut().system_assigned = None;
    emulator.imds_mut().machine_mut().user_assigned.clear();
    assert_error(
        &ask(&mut emulator, ""),
        "invalid_request",
        "Identity not found",
    );
}

#[test]
fn the_only_user_assigned_identity_needs_no_id_but_one_of_two_does() {
    let mut emulator = emulator();
    let machine = emulator.imds_mut().machine_mut();
    machine.system_assigned = None;
    let response = ask(&mut emulator, "");
    assert_eq!(json(&response)["client_id"], demo::USER_ASSIGNED_CLIENT_ID);
    let machine = emulator.imds_mut().machine_mut();
    machine.user_assigned.push(machine.user_assigned[0].clone());
    assert_error(&ask(&mut emulator, ""), "invalid_request", "Multiple");
}

#[test]
fn two_ids_at_once_are_refused() {
    let mut emulator = emulator();
    let ids = format!(
        "&client_id={}&object_id={}",
        demo::USER_ASSIGNED_CLIENT_ID,
        demo::USER_ASSIGNED_OBJECT_ID
    );
    assert_error(&ask(&mut emulator, &ids), "invalid_request", "At most one");
}

#[test]
fn the_metadata_header_is_mandatory_and_lower_case() {
    let mut emulator = emulator();
    let target = format!(
        "{TOKEN}?api-version=2018-02-01&resource={}",
        escape(demo::RESOURCE)
    );
    for value in [None, Some("True"), Some("1"), Some("")] {
        let mut request = Request::get(&target);
        if let Some(value) = value {
            request = request.header("Metadata", value);
        }
        let response = send(&mut emulator, request);
        assert_error(
            &response,
            "bad_request_102",
            "Required metadata header not specified",
        );
    }
    let bare = send(&mut emulator, Request::get(TOKEN));
    assert_error(
        &bare,
        "bad_request_102",
        "Required metadata header not specified",
    );
}

#[test]
fn the_api_version_must_be_a_known_one() {
    let mut emulator = emulator();
    for version in ["2018-02-01", "2019-08-01"] {
        let target = format!(
            "{TOKEN}?api-version={version}&resource={}",
            escape(demo::RESOURCE)
        );
        assert_eq!(get(&mut emulator, &target).status(), 200);
    }
    let target = format!("{TOKEN}?resource={}", escape(demo::RESOURCE));
    assert_error(
        &get(&mut emulator, &target),
        "invalid_request",
        "'api-version' is missing",
    );
    let target = format!(
        "{TOKEN}?api-version=1999-01-01&resource={}",
        escape(demo::RESOURCE)
    );
    let response = get(&mut emulator, &target);
    assert_error(&response, "invalid_request", "not supported");
    assert!(json(&response)["newest-versions"].is_array());
}

#[test]
fn the_resource_must_be_given_known_and_no_scope() {
    let mut emulator = emulator();
    let response = get(&mut emulator, &format!("{TOKEN}?api-version=2018-02-01"));
    assert_error(&response, "invalid_request", "'resource' is missing");
    for resource in [demo::SCOPE, "https://nowhere.example", "vault"] {
        let target = format!(
            "{TOKEN}?api-version=2018-02-01&resource={}",
            escape(resource)
        );
        assert_error(
            &get(&mut emulator, &target),
            "invalid_resource",
            "AADSTS500011",
        );
    }
}

#[test]
fn a_variable_given_twice_is_refused() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, "&resource=again");
    assert_error(&response, "invalid_request", "'resource' is given twice");
}

#[test]
fn a_header_that_belongs_elsewhere_is_refused_and_logged_as_a_leak() {
    let mut emulator = emulator();
    for header in [
        "X-IDENTITY-HEADER",
        "Secret",
        "Authorization",
        "X-Forwarded-For",
    ] {
        let target = format!(
            "{TOKEN}?api-version=2018-02-01&resource={}",
            escape(demo::RESOURCE)
        );
        let request = Request::get(target)
            .header("Metadata", "true")
            .header(header, "canary");
        assert_eq!(send(&mut emulator, request).status(), 400);
        let last = emulator.requests().last().expect("a logged request");
        assert_eq!(last.outcome, Outcome::Leak(header.to_lowercase()));
        assert!(!format!("{last:?}").contains("canary"));
    }
}

#[test]
fn only_get_over_plain_http_is_taken() {
    let mut emulator = emulator();
    let target = format!(
        "{TOKEN}?api-version=2018-02-01&resource={}",
        escape(demo::RESOURCE)
    );
    let post = Request::post(&target).header("Metadata", "true");
    assert_eq!(send(&mut emulator, post).status(), 405);
    assert_eq!(
        get(&mut emulator, &format!("http://169.254.169.254{target}")).status(),
        200
    );
    assert_eq!(
        get(&mut emulator, &format!("https://169.254.169.254{target}")).status(),
        404
    );
}

#[test]
fn a_slash_before_the_query_changes_nothing() {
    let mut emulator = emulator();
    let target = format!(
        "{TOKEN}/?api-version=2018-02-01&resource={}",
        escape(demo::RESOURCE)
    );
    assert_eq!(get(&mut emulator, &target).status(), 200);
}

#[test]
fn while_it_is_updated_it_answers_gone_and_nothing_else() {
    let mut emulator = emulator();
    emulator.imds_mut().update_until(NOW + 70);
    let target = format!(
        "{TOKEN}?api-version=2018-02-01&resource={}",
        escape(demo::RESOURCE)
    );
    let request = Request::get(target)
        .header("Metadata", "true")
        .body(Vec::new())
        .expect("a request");
    for (seconds, status) in [(0, 410), (69, 410), (70, 200)] {
        let response = emulator.handle(&request, NOW + seconds);
        assert_eq!(response.status(), status);
        assert_eq!(response.body().is_empty(), status == 410);
    }
}

#[test]
fn the_machine_tells_its_region() {
    let mut emulator = emulator();
    let response = get(
        &mut emulator,
        "/metadata/instance/compute?api-version=2021-02-01",
    );
    assert_eq!(json(&response)["location"], demo::LOCATION);
    let target = "/metadata/instance/compute/location?api-version=2020-06-01&format=text";
    assert_eq!(get(&mut emulator, target).body(), demo::LOCATION.as_bytes());
    let response = get(
        &mut emulator,
        "/metadata/instance/compute?api-version=1999-01-01",
    );
    assert!(json(&response)["newest-versions"].is_array());
}

/// Asks for the demo resource with more variables.
fn ask(emulator: &mut Emulator, more: &str) -> Response<Vec<u8>> {
    let resource = escape(demo::RESOURCE);
    get(
        emulator,
        &format!("{TOKEN}?api-version=2018-02-01&resource={resource}{more}"),
    )
}

fn get(emulator: &mut Emulator, target: &str) -> Response<Vec<u8>> {
    send(emulator, Request::get(target).header("Metadata", "true"))
}

fn send(emulator: &mut Emulator, request: http::request::Builder) -> Response<Vec<u8>> {
    emulator.handle(
        &request.body(Vec::new()).expect("a well-formed request"),
        NOW,
    )
}

#[track_caller]
fn assert_error(response: &Response<Vec<u8>>, error: &str, description: &str) {
    assert_eq!(response.status(), 400);
    assert_eq!(json(response)["error"], error);
    let text = json(response)["error_description"].to_string();
    assert!(text.contains(description), "{text}");
}
