//! Refresh tokens: what they are good for, and what ends them.

use crate::people::{changed, code, post, post_from_page, redeem};
use crate::support::{
    NOW, access_token, assert_refused, emulator, json, published_keys, token_request,
};
use azid_emulator::{Emulator, UserState, demo, verify_access_token};
use http::Response;

const DAY: u64 = 86_400;

#[test]
fn one_refresh_token_serves_every_resource_that_was_agreed_on() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let keys = published_keys(&mut emulator);
    for (scope, audience) in [
        ("", demo::RESOURCE),
        (demo::SCOPE, demo::RESOURCE),
        (
            "https://management.azure.com//.default",
            "https://management.azure.com/",
        ),
        ("User.Read", "https://graph.microsoft.com"),
    ] {
        let response = refresh(&mut emulator, &token, &[("scope", scope)], NOW);
        let issued = access_token(&response);
        let claims = verify_access_token(&issued, &keys, NOW).expect("a valid token");
        assert_eq!(claims.audience(), Some(audience));
        assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
    }
}

#[test]
fn an_id_token_and_client_info_come_if_they_are_asked_for() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let changes = [
        (
            "scope",
            "https://vault.azure.net/.default openid profile offline_access",
        ),
        ("client_info", "1"),
    ];
    let body = json(&refresh(&mut emulator, &token, &changes, NOW));
    assert!(body["id_token"].is_string() && body["client_info"].is_string());
    let body = json(&refresh(&mut emulator, &token, &[], NOW));
    assert!(body.get("id_token").is_none() && body.get("client_info").is_none());
}

#[test]
fn using_a_token_gives_another_and_the_old_one_stays_good() {
    let mut emulator = emulator();
    let first = refresh_token(&mut emulator);
    let second = rotated(&mut emulator, &first, NOW);
    assert_ne!(first, second);
    let third = rotated(&mut emulator, &second, NOW);
    assert_ne!(second, third);
    let response = refresh(&mut emulator, &first, &[], NOW);
    assert_eq!(response.status(), 200);
}

#[test]
fn a_replaced_token_can_be_made_to_fail() {
    let mut emulator = emulator();
    emulator.entra_mut().refuse_rotated_refresh_tokens(true);
    let first = refresh_token(&mut emulator);
    let second = rotated(&mut emulator, &first, NOW);
    let response = refresh(&mut emulator, &first, &[], NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 70000);
    assert_eq!(json(&response)["suberror"], "bad_token");
    assert_eq!(refresh(&mut emulator, &second, &[], NOW).status(), 200);
}

#[test]
fn a_refused_request_replaces_nothing() {
    let mut emulator = emulator();
    emulator.entra_mut().refuse_rotated_refresh_tokens(true);
    let token = refresh_token(&mut emulator);
    let response = refresh(&mut emulator, &token, &[("scope", "Mail.Read")], NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 65001);
    assert_eq!(json(&response)["suberror"], "consent_required");
    assert_eq!(refresh(&mut emulator, &token, &[], NOW).status(), 200);
}

#[test]
fn without_rotation_the_answer_has_no_refresh_token() {
    let mut emulator = emulator();
    emulator.entra_mut().rotate_refresh_tokens(false);
    emulator.entra_mut().refuse_rotated_refresh_tokens(true);
    let token = refresh_token(&mut emulator);
    for _ in 0..2 {
        let response = refresh(&mut emulator, &token, &[], NOW);
        assert_eq!(response.status(), 200);
        assert!(json(&response).get("refresh_token").is_none());
    }
}

#[test]
fn a_token_dies_of_ninety_idle_days_and_lives_on_with_use() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let response = refresh(&mut emulator, &token, &[], NOW + 90 * DAY);
    assert_refused(&emulator, &response, 400, "invalid_grant", 700_082);
    let newer = rotated(&mut emulator, &token, NOW + 89 * DAY);
    let response = refresh(&mut emulator, &newer, &[], NOW + 178 * DAY);
    assert_eq!(response.status(), 200);
}

#[test]
fn the_tokens_of_a_page_end_a_day_after_the_sign_in() {
    let mut emulator = emulator();
    let page = [("redirect_uri", demo::SINGLE_PAGE_REDIRECT_URI)];
    let code = code(&mut emulator, &page);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("code", &code),
        ("redirect_uri", demo::SINGLE_PAGE_REDIRECT_URI),
        ("code_verifier", crate::people::VERIFIER),
    ];
    let body = json(&post_from_page(&mut emulator, &fields, NOW));
    let token = body["refresh_token"].as_str().expect("a token").to_owned();
    let response = refresh(&mut emulator, &token, &[], NOW);
    assert_refused(&emulator, &response, 400, "invalid_request", 9_002_327);
    let mut fields = refresh_fields(&token, &[]);
    let body = json(&post_from_page(&mut emulator, &fields, NOW + DAY / 2));
    assert_eq!(body["refresh_token_expires_in"], DAY / 2);
    let newer = body["refresh_token"].as_str().expect("a token").to_owned();
    fields = refresh_fields(&newer, &[]);
    let response = post_from_page(&mut emulator, &fields, NOW + DAY);
    assert_refused(&emulator, &response, 400, "invalid_grant", 700_084);
}

#[test]
fn revoked_unknown_and_foreign_tokens_are_refused() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let other = [("client_id", demo::DEVELOPER_CLIENT_ID)];
    let response = refresh(&mut emulator, &token, &other, NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 70000);
    assert_eq!(json(&response)["suberror"], "client_mismatch");
    let response = refresh(&mut emulator, "made-up", &[], NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 9_002_313);
    let response = refresh(&mut emulator, "", &[], NOW);
    assert_refused(&emulator, &response, 400, "invalid_request", 900_144);
    let newer = rotated(&mut emulator, &token, NOW);
    emulator.entra_mut().revoke_refresh_tokens(demo::USER_NAME);
    for token in [&token, &newer] {
        let response = refresh(&mut emulator, token, &[], NOW);
        assert_refused(&emulator, &response, 400, "invalid_grant", 50173);
    }
}

#[test]
fn revoking_one_users_tokens_leaves_anothers() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let entra = emulator.entra_mut();
    entra.revoke_refresh_tokens(demo::SECOND_FACTOR_USER_NAME);
    assert_eq!(refresh(&mut emulator, &token, &[], NOW).status(), 200);
}

#[test]
fn the_scope_names_one_resource() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    for (scope, error, code) in [
        (
            "https://vault.azure.net/.default User.Read",
            "invalid_scope",
            28000,
        ),
        ("offline_access", "invalid_scope", 70011),
        (
            "https://unknown.example/.default",
            "invalid_resource",
            500_011,
        ),
        (
            "api://emulated-web-api/.default",
            "invalid_resource",
            650_057,
        ),
    ] {
        let response = refresh(&mut emulator, &token, &[("scope", scope)], NOW);
        assert_refused(&emulator, &response, 400, error, code);
    }
}

#[test]
fn a_guarded_resource_needs_another_sign_in() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let scope = [("scope", "api://emulated-guarded-api/.default")];
    let response = refresh(&mut emulator, &token, &scope, NOW);
    assert_refused(&emulator, &response, 400, "interaction_required", 50076);
    assert_eq!(json(&response)["claims"], demo::GUARDED_CLAIMS);
    assert_eq!(json(&response)["suberror"], "basic_action");
}

#[test]
fn an_application_with_a_secret_shows_it_again() {
    let mut emulator = emulator();
    let web = [
        ("client_id", demo::CLIENT_ID),
        ("redirect_uri", demo::WEB_REDIRECT_URI),
    ];
    let secret = ("client_secret", demo::CLIENT_SECRET);
    let code = code(&mut emulator, &web);
    let body = json(&redeem(&mut emulator, &code, &[web[0], web[1], secret]));
    let token = body["refresh_token"].as_str().expect("a token").to_owned();
    let response = refresh(&mut emulator, &token, &web[..1], NOW);
    assert_refused(&emulator, &response, 401, "invalid_client", 7_000_218);
    let response = refresh(&mut emulator, &token, &[web[0], secret], NOW);
    assert_eq!(response.status(), 200);
}

#[test]
fn the_user_must_still_be_there_and_of_the_tenant() {
    let mut emulator = emulator();
    let token = refresh_token(&mut emulator);
    let directory = emulator.entra_mut().directory_mut();
    let mut other = directory.tenants[0].clone();
    other.id = "99999999-aaaa-4bbb-8ccc-000000000001".to_owned();
    other.domain = "other.example".to_owned();
    directory.tenants.push(other);
    let fields = refresh_fields(&token, &[]);
    let response = emulator.handle(&token_request("other.example", &fields), NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 50020);
    let directory = emulator.entra_mut().directory_mut();
    directory.tenants[0].users[0].state = UserState::Disabled;
    let response = refresh(&mut emulator, &token, &[], NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 50057);
    emulator.entra_mut().directory_mut().tenants[0]
        .users
        .clear();
    let response = refresh(&mut emulator, &token, &[], NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 50034);
}

fn refresh_token(emulator: &mut Emulator) -> String {
    let code = code(emulator, &[]);
    refresh_token_of(&redeem(emulator, &code, &[]))
}

fn rotated(emulator: &mut Emulator, token: &str, now: u64) -> String {
    refresh_token_of(&refresh(emulator, token, &[], now))
}

fn refresh_token_of(response: &Response<Vec<u8>>) -> String {
    let token = json(response)["refresh_token"].as_str().map(str::to_owned);
    token.expect("a refresh token")
}

fn refresh(
    emulator: &mut Emulator,
    token: &str,
    changes: &[(&str, &str)],
    now: u64,
) -> Response<Vec<u8>> {
    post(emulator, &refresh_fields(token, changes), now)
}

fn refresh_fields<'a>(token: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("grant_type", "refresh_token"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("refresh_token", token),
        ("scope", demo::SCOPE),
    ];
    changed(&good, changes)
}
