//! The password grant, and the realm that clients ask for before it.

use crate::people::{changed, get, post};
use crate::support::{
    NOW, access_token, assert_refused, emulator, json, published_keys, token_request,
};
use azid_emulator::{Emulator, UserState, demo, verify_access_token};
use http::Response;
use serde_json::Value;

#[test]
fn a_name_and_a_password_buy_tokens() {
    let mut emulator = emulator();
    for name in [demo::USER_NAME, "SomeOne@Emulated.OnMicrosoft.com"] {
        let response = ask(&mut emulator, &[("username", name)]);
        let keys = published_keys(&mut emulator);
        let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("valid");
        assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
        let body = json(&response);
        for member in ["id_token", "refresh_token", "client_info"] {
            assert!(body[member].is_string(), "{member}");
        }
    }
}

#[test]
fn each_fault_has_its_own_refusal() {
    let mut emulator = emulator();
    let secret = demo::CLIENT_SECRET;
    for (name, value, status, error, code) in [
        ("username", "", 400, "invalid_request", 900_144),
        ("password", "", 400, "invalid_request", 900_144),
        ("scope", "", 400, "invalid_request", 900_144),
        ("scope", "offline_access", 400, "invalid_scope", 70011),
        ("scope", "Mail.Read", 400, "invalid_grant", 65001),
        ("password", "wrong", 400, "invalid_grant", 50126),
        (
            "username",
            "nobody@emulated.onmicrosoft.com",
            400,
            "invalid_grant",
            50034,
        ),
        (
            "username",
            demo::FEDERATED_USER_NAME,
            400,
            "invalid_grant",
            50056,
        ),
        (
            "client_id",
            demo::CLIENT_ID,
            401,
            "invalid_client",
            7_000_218,
        ),
        ("client_secret", secret, 401, "invalid_client", 700_025),
    ] {
        let response = ask(&mut emulator, &[(name, value)]);
        assert_refused(&emulator, &response, status, error, code);
    }
    for (state, code) in [
        (UserState::Locked, 50053),
        (UserState::Disabled, 50057),
        (UserState::PasswordExpired, 50055),
    ] {
        emulator.entra_mut().directory_mut().tenants[0].users[0].state = state;
        let response = ask(&mut emulator, &[]);
        assert_refused(&emulator, &response, 400, "invalid_grant", code);
    }
}

#[test]
fn a_user_with_a_second_factor_needs_a_browser() {
    let mut emulator = emulator();
    let response = ask(
        &mut emulator,
        &[("username", demo::SECOND_FACTOR_USER_NAME)],
    );
    assert_refused(&emulator, &response, 400, "interaction_required", 50076);
    let body = json(&response);
    assert_eq!(body["suberror"], "basic_action");
    let claims = body["claims"].as_str().expect("a text");
    let claims: Value = serde_json::from_str(claims).expect("JSON in a text");
    assert!(claims["access_token"].is_object());
}

#[test]
fn a_guarded_resource_needs_a_browser() {
    let mut emulator = emulator();
    let scope = [("scope", "api://emulated-guarded-api/.default")];
    let response = ask(&mut emulator, &scope);
    assert_refused(&emulator, &response, 400, "interaction_required", 50076);
    assert_eq!(json(&response)["claims"], demo::GUARDED_CLAIMS);
}

#[test]
fn the_endpoint_for_personal_accounts_does_not_take_passwords() {
    let mut emulator = emulator();
    for (tenant, code) in [("common", 9_001_023), ("consumers", 9_001_023)] {
        let response = emulator.handle(&token_request(tenant, &fields(&[])), NOW);
        assert_refused(&emulator, &response, 400, "invalid_request", code);
    }
    let response = emulator.handle(&token_request("organizations", &fields(&[])), NOW);
    assert_eq!(response.status(), 200);
}

#[test]
fn the_realm_tells_who_keeps_the_password() {
    let mut emulator = emulator();
    for (name, kind) in [
        ("someone%40emulated.onmicrosoft.com", "Managed"),
        ("a+b@emulated.onmicrosoft.com", "Managed"),
        ("someone@nowhere.example", "Unknown"),
    ] {
        for path in ["UserRealm", "userrealm"] {
            let target = format!("/common/{path}/{name}?api-version=1.0");
            let body = json(&get(&mut emulator, &target));
            assert_eq!(body["account_type"], kind);
            assert_eq!(body["ver"], "1.0");
            assert!(body.get("federation_protocol").is_none());
        }
    }
    let target = format!(
        "/common/UserRealm/{}?api-version=1.0",
        demo::FEDERATED_USER_NAME
    );
    let body = json(&get(&mut emulator, &target));
    assert_eq!(body["account_type"], "Federated");
    assert_eq!(body["federation_protocol"], "WSTrust");
    assert_eq!(body["domain_name"], demo::FEDERATED_DOMAIN);
    for member in ["federation_metadata_url", "federation_active_auth_url"] {
        let url = body[member].as_str().expect("a URL");
        assert!(url.starts_with("https://sts.federated.example/"), "{url}");
    }
    assert!(body["cloud_audience_urn"].is_string() && body["cloud_instance_name"].is_string());
}

#[test]
fn a_faulty_question_for_a_realm_is_refused() {
    let mut emulator = emulator();
    for (target, code) in [
        ("/common/UserRealm/a@b.example", 900_144),
        ("/common/UserRealm/a@b.example?api-version=9", 90023),
        ("/common/UserRealm/no-domain?api-version=1.0", 9_002_313),
        ("/common/UserRealm/%zz@b.example?api-version=1.0", 9_002_313),
    ] {
        let response = get(&mut emulator, target);
        assert_refused(&emulator, &response, 400, "invalid_request", code);
    }
}

fn ask(emulator: &mut Emulator, changes: &[(&str, &str)]) -> Response<Vec<u8>> {
    post(emulator, &fields(changes), NOW)
}

fn fields<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("grant_type", "password"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("username", demo::USER_NAME),
        ("password", demo::USER_PASSWORD),
        ("scope", crate::people::SCOPE),
        ("client_info", "1"),
    ];
    changed(&good, changes)
}
