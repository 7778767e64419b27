//! The token endpoint of a Cloud Shell.

use crate::support::{NOW, emulator, form, json};
use azid_emulator::{CloudShell, Emulator, demo};
use http::{Request, Response};

#[test]
fn a_form_with_a_resource_gets_a_token_with_numbers_as_texts() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[("resource", demo::RESOURCE)]);
    let body = json(&response);
    assert_eq!(body["expires_in"], "86399");
    assert_eq!(body["expires_on"], (NOW + 86_399).to_string());
    assert_eq!(body["resource"], demo::RESOURCE);
    assert_eq!(body["refresh_token"], "");
}

#[test]
fn the_metadata_header_and_a_form_are_mandatory() {
    let mut emulator = emulator();
    let good = ("Metadata", "true");
    let form_type = "application/x-www-form-urlencoded; charset=utf-8";
    for (headers, status) in [
        (vec![good, ("Content-Type", form_type)], 200),
        (vec![("Content-Type", form_type)], 400),
        (vec![("Metadata", "True"), ("Content-Type", form_type)], 400),
        (vec![good], 400),
        (vec![good, ("Content-Type", "application/json")], 400),
    ] {
        let mut request = Request::post(CloudShell::PATH);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(form(&[("resource", demo::RESOURCE)]));
        let response = emulator.handle(&request.expect("a request"), NOW);
        assert_eq!(response.status(), status);
    }
}

#[test]
fn a_resource_in_the_query_is_none() {
    let mut emulator = emulator();
    let request = Request::post(format!("{}?resource=x", CloudShell::PATH))
        .header("Metadata", "true")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(Vec::new());
    let response = emulator.handle(&request.expect("a request"), NOW);
    assert_error(&response, "invalid_request", "'resource' is missing");
}

#[test]
fn an_unknown_resource_is_an_audience_that_is_not_supported() {
    let mut emulator = emulator();
    for resource in ["https://nowhere.example", demo::SCOPE] {
        let response = ask(&mut emulator, &[("resource", resource)]);
        assert_error(&response, "AudienceNotSupported", "AADSTS500011");
    }
}

#[test]
fn no_other_identity_can_be_asked_for() {
    let mut emulator = emulator();
    for name in ["client_id", "object_id", "msi_res_id", "mi_res_id"] {
        let fields = [("resource", demo::RESOURCE), (name, "anything")];
        let response = ask(&mut emulator, &fields);
        assert_error(&response, "invalid_request", "not supported");
    }
}

fn ask(emulator: &mut Emulator, fields: &[(&str, &str)]) -> Response<Vec<u8>> {
    let request = Request::post(CloudShell::PATH)
        .header("Metadata", "true")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(fields));
    emulator.handle(&request.expect("a well-formed request"), NOW)
}

#[track_caller]
fn assert_error(response: &Response<Vec<u8>>, code: &str, message: &str) {
    let error = &json(response)["error"];
    assert_eq!(response.status(), 400);
    assert_eq!(error["code"], code);
    let text = error["message"].as_str().expect("a message");
    assert!(text.contains(message), "{text}");
}
