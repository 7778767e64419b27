//! Device codes: the request, the page and the polling.

use crate::people::{SCOPE, changed, get, header, html, password_form, post, submit};
use crate::support::{
    NOW, access_token, assert_refused, emulator, form, json, published_keys, token_request,
};
use azid_emulator::{Emulator, Outcome, demo, verify_access_token};
use http::{Request, Response};
use serde_json::Value;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[test]
fn the_program_is_told_the_codes_the_page_and_how_to_poll() {
    let mut emulator = emulator();
    emulator.set_authority("https://localhost:8443");
    let body = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    let user_code = body["user_code"].as_str().expect("a text");
    assert_eq!(user_code.len(), 9);
    assert!(
        user_code
            .bytes()
            .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
    );
    let page = "https://localhost:8443/devicelogin";
    assert_eq!(body["verification_uri"], page);
    assert_eq!(
        (&body["expires_in"], &body["interval"]),
        (&900.into(), &5.into())
    );
    let message = body["message"].as_str().expect("a text");
    assert!(message.contains(user_code) && message.contains(page));
    assert!(body["device_code"].as_str().is_some_and(|it| it.len() > 80));
    assert_eq!(emulator.entra().pending_user_codes(NOW), [user_code]);
    assert!(emulator.entra().pending_user_codes(NOW + 900).is_empty());
}

#[test]
fn a_faulty_request_gets_no_code() {
    let mut emulator = emulator();
    for (name, value, error, code) in [
        ("client_id", "", "invalid_request", 900_144),
        (
            "client_id",
            demo::USER_OBJECT_ID,
            "unauthorized_client",
            700_016,
        ),
        ("scope", "", "invalid_request", 900_144),
        ("scope", "offline_access", "invalid_scope", 70011),
        (
            "scope",
            "User.Read https://vault.azure.net/a",
            "invalid_scope",
            28000,
        ),
        (
            "scope",
            "https://unknown.example/.default",
            "invalid_resource",
            500_011,
        ),
        ("claims", "{", "invalid_request", 9_002_313),
    ] {
        let response = begin(&mut emulator, demo::TENANT_ID, &[(name, value)]);
        assert_refused(&emulator, &response, 400, error, code);
    }
    for (tenant, code) in [
        ("common", 90130),
        ("consumers", 90130),
        ("nobody.example", 90002),
    ] {
        let response = begin(&mut emulator, tenant, &[]);
        let error = "invalid_request";
        assert_refused(&emulator, &response, 400, error, code);
    }
    let single = [("client_id", demo::CLIENT_ID)];
    let response = begin(&mut emulator, "organizations", &single);
    assert_refused(&emulator, &response, 400, "unauthorized_client", 50194);
    let path = format!("/{}/oauth2/v2.0/devicecode", demo::TENANT_ID);
    let response = get(&mut emulator, &path);
    assert_refused(&emulator, &response, 400, "invalid_request", 900_561);
}

#[test]
fn polling_ends_with_tokens_once_the_user_has_approved() {
    for grant in [GRANT, "device_code"] {
        let mut emulator = emulator();
        let started = json(&begin(&mut emulator, "organizations", &[]));
        let response = poll(&mut emulator, &started, &[("grant_type", grant)], NOW);
        assert_refused(&emulator, &response, 400, "authorization_pending", 70016);
        let user_code = started["user_code"].as_str().expect("a text");
        let entra = emulator.entra_mut();
        assert!(entra.approve_device(user_code, demo::USER_NAME, NOW + 3));
        let changes = [("grant_type", grant), ("client_info", "1")];
        let response = poll(&mut emulator, &started, &changes, NOW + 5);
        let keys = published_keys(&mut emulator);
        let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("valid");
        assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
        assert_eq!(claims.audience(), Some(demo::RESOURCE));
        let body = json(&response);
        for member in ["id_token", "refresh_token", "client_info"] {
            assert!(body[member].is_string(), "{member}");
        }
        let response = poll(&mut emulator, &started, &changes, NOW + 10);
        assert_refused(&emulator, &response, 400, "invalid_grant", 54005);
    }
}

#[test]
fn polling_too_fast_makes_the_interval_longer_for_good() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    for (after, error) in [
        (0, "authorization_pending"),
        (5, "authorization_pending"),
        (9, "slow_down"),
        (19, "authorization_pending"),
        (28, "slow_down"),
        (42, "slow_down"),
        (62, "authorization_pending"),
        (82, "authorization_pending"),
    ] {
        let response = poll(&mut emulator, &started, &[], NOW + after);
        assert_eq!(response.status(), 400);
        let body = json(&response);
        assert_eq!(body["error"], error, "after {after} s: {body}");
        if error == "slow_down" {
            assert!(body.get("error_codes").is_none());
            let last = emulator.requests().last().expect("a record");
            let error = error.to_owned();
            assert_eq!(last.outcome, Outcome::Refused { error, code: None });
        }
    }
}

#[test]
fn a_declined_request_ends_the_polling() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    let user_code = started["user_code"].as_str().expect("a text");
    assert!(emulator.entra_mut().decline_device(user_code, NOW));
    let response = poll(&mut emulator, &started, &[], NOW);
    assert_refused(&emulator, &response, 400, "authorization_declined", 65004);
    let entra = emulator.entra_mut();
    assert!(!entra.decline_device(user_code, NOW));
    assert!(!entra.approve_device(user_code, demo::USER_NAME, NOW));
}

#[test]
fn a_device_code_lives_a_quarter_of_an_hour() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    let response = poll(&mut emulator, &started, &[], NOW + 899);
    assert_refused(&emulator, &response, 400, "authorization_pending", 70016);
    let response = poll(&mut emulator, &started, &[], NOW + 900);
    assert_refused(&emulator, &response, 400, "expired_token", 70020);
    let user_code = started["user_code"].as_str().expect("a text");
    let entra = emulator.entra_mut();
    assert!(!entra.approve_device(user_code, demo::USER_NAME, NOW + 900));
}

#[test]
fn the_poll_must_be_the_programs_own() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    for (name, value, status, error, code) in [
        ("device_code", "", 400, "invalid_request", 900_144),
        (
            "device_code",
            "made-up",
            400,
            "bad_verification_code",
            70018,
        ),
        (
            "client_id",
            demo::DEVELOPER_CLIENT_ID,
            400,
            "invalid_grant",
            70000,
        ),
        (
            "client_id",
            demo::CLIENT_ID,
            401,
            "invalid_client",
            7_000_218,
        ),
        ("client_secret", "x", 401, "invalid_client", 700_025),
    ] {
        let response = poll(&mut emulator, &started, &[(name, value)], NOW);
        assert_refused(&emulator, &response, status, error, code);
    }
}

#[test]
fn a_person_types_the_code_then_signs_in() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    let response = get(&mut emulator, "/devicelogin");
    let page = html(&response);
    assert!(page.contains("<label for=\"user_code\">") && page.contains(" autofocus"));
    assert!(page.contains("<form method=\"post\" action=\"/devicelogin\">"));
    let policy = header(&response, "content-security-policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");

    let user_code = started["user_code"].as_str().expect("a text");
    let (first, rest) = user_code.split_at(4);
    let typed = format!(" {}-{}", first.to_lowercase(), rest);
    let code = ("user_code", typed.as_str());
    let response = submit(&mut emulator, "/devicelogin", &[code, ("action", "next")]);
    let page = html(&response);
    assert!(page.contains(demo::PUBLIC_CLIENT_ID) && page.contains("id=\"password\""));
    assert!(page.contains(&format!("name=\"user_code\" value=\"{user_code}\"")));

    let mut fields = password_form(demo::SECOND_FACTOR_USER_NAME).to_vec();
    fields.push(code);
    let response = submit(&mut emulator, "/devicelogin", &fields);
    let page = html(&response);
    let ticket = page
        .split("name=\"ticket\" value=\"")
        .nth(1)
        .expect("a ticket");
    let ticket = ticket.split('"').next().expect("a value");
    let answer = |factor| {
        [
            ("action", "sign-in"),
            ("ticket", ticket),
            ("code", factor),
            code,
        ]
    };
    let response = submit(&mut emulator, "/devicelogin", &answer("000000"));
    assert!(html(&response).contains("AADSTS500121. "));
    let response = submit(
        &mut emulator,
        "/devicelogin",
        &answer(demo::SECOND_FACTOR_CODE),
    );
    assert!(html(&response).contains("You have signed in"));
    let response = poll(&mut emulator, &started, &[], NOW);
    assert_eq!(response.status(), 200);
}

#[test]
fn a_wrong_code_or_account_is_named_on_the_page() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    let user_code = started["user_code"].as_str().expect("a text").to_owned();
    for (typed, number) in [("", 90119), (" - ", 90119), ("WRONGCODE", 70018)] {
        let fields = [("user_code", typed), ("action", "next")];
        let response = submit(&mut emulator, "/devicelogin", &fields);
        assert!(html(&response).contains(&format!("AADSTS{number}. ")));
        assert!(html(&response).contains("role=\"alert\""));
    }
    let hostile = "\"><script>alert(1)</script>";
    let mut fields = password_form(hostile).to_vec();
    fields.push(("user_code", &user_code));
    let response = submit(&mut emulator, "/devicelogin", &fields);
    assert!(html(&response).contains("AADSTS50034. "));
    assert!(!html(&response).contains("<script>"));

    let entra = emulator.entra_mut();
    assert!(entra.approve_device(&user_code, demo::USER_NAME, NOW));
    let fields = [("user_code", user_code.as_str()), ("action", "next")];
    let response = submit(&mut emulator, "/devicelogin", &fields);
    assert!(html(&response).contains("AADSTS90120. "));
}

#[test]
fn a_robot_that_denies_declines_devices_too() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &[]));
    let user_code = started["user_code"].as_str().expect("a text");
    let entra = emulator.entra_mut();
    entra.deny_consent(true);
    assert!(!entra.approve_device(user_code, demo::USER_NAME, NOW));
    let response = poll(&mut emulator, &started, &[], NOW);
    assert_refused(&emulator, &response, 400, "authorization_declined", 65004);
}

#[test]
fn a_guarded_resource_is_not_approved_without_a_second_factor() {
    let mut emulator = emulator();
    let scope = [("scope", "api://emulated-guarded-api/.default")];
    let started = json(&begin(&mut emulator, demo::TENANT_ID, &scope));
    let user_code = started["user_code"].as_str().expect("a text");
    let entra = emulator.entra_mut();
    assert!(!entra.approve_device(user_code, demo::USER_NAME, NOW));
    assert!(entra.approve_device(user_code, demo::SECOND_FACTOR_USER_NAME, NOW));
    assert_eq!(poll(&mut emulator, &started, &[], NOW).status(), 200);
}

fn begin(emulator: &mut Emulator, tenant: &str, changes: &[(&str, &str)]) -> Response<Vec<u8>> {
    let good = [("client_id", demo::PUBLIC_CLIENT_ID), ("scope", SCOPE)];
    let request = Request::post(format!("/{tenant}/oauth2/v2.0/devicecode?mkt=de-DE"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(&changed(&good, changes)));
    emulator.handle(&request.expect("a well-formed request"), NOW)
}

/// Polls at the tenant's own endpoint, which serves requests of every tenant word.
fn poll(
    emulator: &mut Emulator,
    started: &Value,
    changes: &[(&str, &str)],
    now: u64,
) -> Response<Vec<u8>> {
    let device_code = started["device_code"].as_str().expect("a text");
    let good = [
        ("grant_type", GRANT),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("device_code", device_code),
    ];
    post(emulator, &changed(&good, changes), now)
}

#[test]
fn the_tenant_word_of_the_poll_may_be_that_of_the_request() {
    let mut emulator = emulator();
    let started = json(&begin(&mut emulator, "organizations", &[]));
    let device_code = started["device_code"].as_str().expect("a text");
    let fields = [
        ("grant_type", GRANT),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("device_code", device_code),
    ];
    let request = token_request("organizations", &fields);
    let response = emulator.handle(&request, NOW);
    assert_refused(&emulator, &response, 400, "authorization_pending", 70016);
}
