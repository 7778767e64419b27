//! Managed identities that stand for an application.

use crate::support::{
    KEYS, NOW, access_token, ask, assert_refused, emulator, escape, present, published_keys, with,
};
use azid_emulator::{Emulator, demo, verify_access_token};
use http::Request;
use serde_json::{Value, json};

#[test]
fn a_user_assigned_identity_stands_for_an_application_that_says_so() {
    let mut emulator = emulator();
    let assertion = identity_token(&mut emulator, demo::USER_ASSIGNED_CLIENT_ID, demo::AUDIENCE);
    let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &assertion);
    let token = access_token(&response);
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.client_id(), Some(demo::IDENTITY_CLIENT_ID));
}

#[test]
fn the_same_holds_wherever_the_emulator_listens() {
    let mut emulator = emulator();
    emulator.set_authority("https://localhost:8443");
    let assertion = identity_token(&mut emulator, demo::USER_ASSIGNED_CLIENT_ID, demo::AUDIENCE);
    let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &assertion);
    assert_eq!(response.status(), 200);
}

#[test]
fn no_other_token_of_this_service_stands_for_an_application() {
    let mut emulator = emulator();
    let scope = format!("{}/.default", demo::AUDIENCE);
    let system = identity_token(
        &mut emulator,
        demo::SYSTEM_ASSIGNED_CLIENT_ID,
        demo::AUDIENCE,
    );
    let application = access_token(&ask(&mut emulator, &[("scope", &scope)]));
    let user = emulator
        .entra_mut()
        .user_token(demo::USER_OBJECT_ID, demo::IDENTITY_CLIENT_ID, NOW)
        .expect("a known user");
    for assertion in [system, application, user] {
        let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &assertion);
        assert_refused(&emulator, &response, 401, "invalid_client", 700_229);
    }
}

#[test]
fn an_application_without_such_a_credential_accepts_no_identity() {
    let mut emulator = emulator();
    let assertion = identity_token(&mut emulator, demo::USER_ASSIGNED_CLIENT_ID, demo::AUDIENCE);
    for (client_id, code) in [
        (demo::CLIENT_ID, 700_211),
        (demo::UNFEDERATED_CLIENT_ID, 70021),
    ] {
        let response = present(&mut emulator, client_id, &assertion);
        assert_refused(&emulator, &response, 401, "invalid_client", code);
    }
}

#[test]
fn a_token_for_another_resource_is_no_assertion() {
    let mut emulator = emulator();
    let version_2 = identity_token(
        &mut emulator,
        demo::USER_ASSIGNED_CLIENT_ID,
        demo::RESOURCE_V2,
    );
    let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &version_2);
    assert_refused(&emulator, &response, 401, "invalid_client", 700_212);
    let version_1 = identity_token(&mut emulator, demo::USER_ASSIGNED_CLIENT_ID, demo::RESOURCE);
    let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &version_1);
    assert_refused(&emulator, &response, 401, "invalid_client", 700_211);
}

#[test]
fn a_token_of_an_identity_is_checked_like_any_other() {
    let mut emulator = emulator();
    let good = json!({
        "iss": format!("https://login.microsoftonline.com/{}/v2.0", demo::TENANT_ID),
        "tid": demo::TENANT_ID,
        "sub": demo::USER_ASSIGNED_OBJECT_ID,
        "aud": demo::AUDIENCE,
        "idtyp": "app",
        "xms_mirid": demo::USER_ASSIGNED_RESOURCE_ID,
        "nbf": NOW,
        "exp": NOW + 600,
    });
    let response = present(
        &mut emulator,
        demo::IDENTITY_CLIENT_ID,
        &KEYS.entra.sign(&good),
    );
    assert_eq!(response.status(), 200);
    for (claim, value, code) in [
        ("sub", json!(demo::CLIENT_OBJECT_ID), 700_213),
        ("exp", json!(NOW), 700_024),
        ("exp", Value::Null, 700_024),
        ("nbf", json!(NOW + 1), 700_024),
        ("xms_mirid", Value::Null, 700_229),
        ("xms_mirid", json!(demo::MACHINE_RESOURCE_ID), 700_229),
        ("idtyp", json!("user"), 700_229),
    ] {
        let assertion = KEYS.entra.sign(&with(good.clone(), &[(claim, value)]));
        let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &assertion);
        assert_refused(&emulator, &response, 401, "invalid_client", code);
    }
    let pretended = json!({"alg": "RS256", "kid": KEYS.entra.key_id()});
    for forged in [
        KEYS.federation.sign(&good),
        KEYS.federation.sign_with_header(&pretended, &good),
    ] {
        let response = present(&mut emulator, demo::IDENTITY_CLIENT_ID, &forged);
        assert_refused(&emulator, &response, 401, "invalid_client", 700_027);
    }
}

/// A token of one of the machine's identities.
fn identity_token(emulator: &mut Emulator, client_id: &str, resource: &str) -> String {
    let resource = escape(resource);
    let request = Request::get(format!(
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}&client_id={client_id}"
    ))
    .header("Metadata", "true")
    .body(Vec::new())
    .expect("a well-formed request");
    access_token(&emulator.handle(&request, NOW))
}
