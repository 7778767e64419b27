//! The authorization endpoint: what it asks of applications, and how its answers travel.

use crate::people::{CHALLENGE, authorize_url, authorize_url_at, get, header, html, sign_in};
use crate::support::{NOW, emulator};
use azid_emulator::{Emulator, Landing, Outcome, demo};

#[test]
fn a_form_post_goes_to_the_redirect_uri_with_code_and_state() {
    let mut emulator = emulator();
    let landing = sign_in(&mut emulator, &[("client_info", "1")]);
    let Landing::Form { action, .. } = &landing else {
        panic!("{landing:?}");
    };
    assert_eq!(action, "http://localhost:8400");
    assert!(landing.field("code").is_some_and(|it| it.len() > 80));
    assert_eq!(landing.field("state").as_deref(), Some("a-state"));
    assert!(landing.field("session_state").is_some());
    assert!(landing.field("client_info").is_some());
    assert_eq!(landing.field("error"), None);
}

#[test]
fn query_and_fragment_are_put_behind_the_redirect_uri_which_gets_a_path() {
    let mut emulator = emulator();
    for (mode, uri, start) in [
        (
            "query",
            "http://localhost:8400",
            "http://localhost:8400/?code=",
        ),
        ("", "http://localhost:8400", "http://localhost:8400/?code="),
        (
            "fragment",
            "http://localhost:8400/",
            "http://localhost:8400/#code=",
        ),
        (
            "query",
            demo::FIXED_REDIRECT_URI,
            "http://127.0.0.1:8400/signed-in?code=",
        ),
    ] {
        let changes = [("response_mode", mode), ("redirect_uri", uri)];
        let landing = sign_in(&mut emulator, &changes);
        let Landing::Redirect(address) = &landing else {
            panic!("{landing:?}");
        };
        assert!(address.starts_with(start), "{mode} {uri}");
        assert_eq!(landing.field("state").as_deref(), Some("a-state"));
    }
}

#[test]
fn until_the_redirect_uri_is_known_a_refusal_stays_on_a_page() {
    let mut emulator = emulator();
    for (changes, code) in [
        ([("client_id", "")], 900_144),
        ([("client_id", demo::USER_OBJECT_ID)], 700_016),
        ([("client_id", demo::DISABLED_CLIENT_ID)], 7_000_112),
        ([("redirect_uri", "")], 900_971),
        ([("redirect_uri", "https://evil.example")], 50011),
        ([("redirect_uri", "http://localhost:8400/elsewhere")], 50011),
        ([("redirect_uri", "http://127.0.0.1:8401/signed-in")], 50011),
        ([("redirect_uri", demo::WEB_REDIRECT_URI)], 50011),
    ] {
        assert_stuck(&mut emulator, &authorize_url(&changes), code);
    }
    for (tenant, code) in [
        ("nobody.example", 90002),
        ("no-tenant", 900_023),
        ("consumers", 90130),
    ] {
        assert_stuck(&mut emulator, &authorize_url_at(tenant, &[]), code);
    }
    let single = [("client_id", demo::CLIENT_ID)];
    assert_stuck(
        &mut emulator,
        &authorize_url_at("organizations", &single),
        50194,
    );
    let twice = format!("{}&state=again", authorize_url(&[]));
    assert_stuck(&mut emulator, &twice, 9_000_411);
}

#[test]
fn every_other_refusal_goes_to_the_application() {
    let mut emulator = emulator();
    let plain = "code_challenge_method";
    for (name, value, error, code) in [
        ("response_type", "", "invalid_request", 900_144),
        (
            "response_type",
            "id_token",
            "unsupported_response_type",
            700_054,
        ),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
            700_054,
        ),
        ("response_mode", "web_message", "invalid_request", 90023),
        ("prompt", "sometimes", "invalid_request", 90023),
        ("claims", "[]", "invalid_request", 9_002_313),
        ("scope", "", "invalid_request", 900_144),
        ("scope", "offline_access", "invalid_scope", 70011),
        (
            "scope",
            "https://vault.azure.net/.default https://vault.azure.net/a",
            "invalid_scope",
            70011,
        ),
        (
            "scope",
            "https://unknown.example/.default",
            "invalid_resource",
            500_011,
        ),
        (
            "scope",
            "api://emulated-web-api/.default",
            "invalid_resource",
            650_057,
        ),
        ("code_challenge", "", "invalid_request", 50147),
        ("code_challenge", "too-short", "invalid_request", 501_491),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            "invalid_request",
            501_491,
        ),
        (plain, "plain", "invalid_request", 501_491),
        (plain, "s256", "invalid_request", 501_491),
        (plain, "", "invalid_request", 501_491),
    ] {
        let landing = sign_in(&mut emulator, &[(name, value)]);
        assert_eq!(
            landing.field("error").as_deref(),
            Some(error),
            "{name} {value}"
        );
        let description = landing.field("error_description").expect("a description");
        assert!(
            description.starts_with(&format!("AADSTS{code}: ")),
            "{description}"
        );
        assert_eq!(landing.field("state").as_deref(), Some("a-state"));
        assert_eq!(landing.field("code"), None);
    }
}

#[test]
fn a_client_with_a_secret_may_do_without_a_challenge_and_a_page_may_not() {
    let mut emulator = emulator();
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let mut web = vec![
        ("client_id", demo::CLIENT_ID),
        ("redirect_uri", demo::WEB_REDIRECT_URI),
    ];
    web.extend(none);
    assert!(sign_in(&mut emulator, &web).field("code").is_some());
    let mut page = vec![("redirect_uri", demo::SINGLE_PAGE_REDIRECT_URI)];
    page.extend(none);
    let landing = sign_in(&mut emulator, &page);
    let description = landing.field("error_description").expect("a refusal");
    assert!(description.starts_with("AADSTS9002325: "), "{description}");
}

#[test]
fn one_request_may_ask_for_several_resources() {
    let mut emulator = emulator();
    let scope = "https://vault.azure.net/.default User.Read";
    let landing = sign_in(&mut emulator, &[("scope", scope)]);
    assert!(landing.field("code").is_some());
}

#[test]
fn denying_consent_ends_with_access_denied_and_the_state() {
    let mut emulator = emulator();
    emulator.entra_mut().deny_consent(true);
    for mode in ["form_post", "query", "fragment"] {
        let landing = sign_in(&mut emulator, &[("response_mode", mode)]);
        assert_eq!(landing.field("error").as_deref(), Some("access_denied"));
        assert_eq!(landing.field("error_subcode").as_deref(), Some("cancel"));
        assert_eq!(landing.field("state").as_deref(), Some("a-state"));
        let description = landing.field("error_description").expect("a description");
        assert!(description.starts_with("AADSTS65004: "), "{description}");
    }
    emulator.entra_mut().deny_consent(false);
    assert!(sign_in(&mut emulator, &[]).field("code").is_some());
}

#[test]
fn without_a_state_none_comes_back() {
    let mut emulator = emulator();
    let landing = sign_in(&mut emulator, &[("state", "")]);
    assert!(landing.field("code").is_some());
    assert_eq!(landing.field("state"), None);
}

#[test]
fn a_state_of_any_characters_comes_back_as_it_was() {
    let mut emulator = emulator();
    let state = "a b+c&d=e%f\"<script>'ü";
    for mode in ["form_post", "query", "fragment"] {
        let changes = [("state", state), ("response_mode", mode)];
        let landing = sign_in(&mut emulator, &changes);
        assert_eq!(landing.field("state").as_deref(), Some(state));
    }
}

#[test]
fn other_methods_are_refused() {
    let mut emulator = emulator();
    let request = http::Request::put(authorize_url(&[])).body(Vec::new());
    let response = emulator.handle(&request.expect("well-formed"), NOW);
    assert_eq!(response.status(), 400);
    assert!(html(&response).contains("AADSTS900561"));
}

#[test]
fn what_belongs_into_a_body_is_a_leak_in_the_query() {
    let mut emulator = emulator();
    for field in [
        "code",
        "code_verifier",
        "device_code",
        "password",
        "refresh_token",
    ] {
        let url = format!("{}&{field}=x", authorize_url(&[]));
        assert_eq!(get(&mut emulator, &url).status(), 400);
        let last = emulator.requests().last().expect("a record");
        assert_eq!(last.outcome, Outcome::Leak(field.to_owned()));
    }
}

#[test]
fn any_tenant_will_do_where_none_is_named() {
    let mut emulator = emulator();
    for tenant in ["organizations", "common", demo::TENANT_DOMAIN] {
        let url = authorize_url_at(tenant, &[("client_id", demo::DEVELOPER_CLIENT_ID)]);
        let landing = emulator.entra_mut().sign_in(&url, demo::USER_NAME, NOW);
        assert!(landing.field("code").is_some(), "{tenant}");
    }
}

#[test]
fn the_log_tells_pages_and_sign_ins_and_neither_code_nor_state() {
    let mut emulator = emulator();
    let url = authorize_url(&[]);
    get(&mut emulator, &url);
    let form = crate::people::password_form(demo::USER_NAME);
    let response = crate::people::submit(&mut emulator, &url, &form);
    assert_eq!(header(&response, "location"), "");
    let outcomes: Vec<_> = emulator.requests().map(|it| it.outcome.clone()).collect();
    let signed_in = Outcome::SignedIn {
        client_id: demo::PUBLIC_CLIENT_ID.to_owned(),
        user: demo::USER_OBJECT_ID.to_owned(),
    };
    assert_eq!(outcomes, [Outcome::Page, signed_in]);
    let landing = sign_in(&mut emulator, &[("response_mode", "query")]);
    let code = landing.field("code").expect("a code");
    let shown = format!("{emulator:?} {landing:?}");
    for secret in [
        &code,
        "a-state",
        CHALLENGE,
        demo::USER_PASSWORD,
        demo::SECOND_FACTOR_CODE,
    ] {
        assert!(!shown.contains(secret));
    }
}

#[track_caller]
fn assert_stuck(emulator: &mut Emulator, url: &str, code: u32) {
    let landing = emulator.entra_mut().sign_in(url, demo::USER_NAME, NOW);
    assert_eq!(landing, Landing::Page { code: Some(code) }, "{url}");
    let response = get(emulator, url);
    assert_eq!(response.status(), 400);
    assert_eq!(header(&response, "location"), "");
    assert!(html(&response).contains(&format!("AADSTS{code}. ")));
}
