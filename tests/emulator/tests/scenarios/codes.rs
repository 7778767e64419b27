//! Redeeming authorization codes.

use crate::people::{
    CHALLENGE, LOOPBACK, SCOPE, VERIFIER, authorize_url_at, changed, code, post, post_from_page,
    redeem, sign_in,
};
use crate::support::{
    NOW, access_token, assert_refused, emulator, json, published_keys, token_request,
};
use azid_emulator::{demo, verify_access_token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

#[test]
fn a_code_buys_an_access_token_an_id_token_and_a_refresh_token() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    let response = redeem(&mut emulator, &code, &[]);
    let keys = published_keys(&mut emulator);
    let token = access_token(&response);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.audience(), Some(demo::RESOURCE));
    assert_eq!(claims.client_id(), Some(demo::PUBLIC_CLIENT_ID));
    assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
    assert_eq!(claims.tenant_id(), Some(demo::TENANT_ID));
    assert_eq!(claims.get("scp"), Some(&json!("user_impersonation")));
    assert_eq!(claims.get("upn"), Some(&json!(demo::USER_NAME)));
    assert_eq!(claims.get("appidacr"), Some(&json!("0")));

    let body = json(&response);
    let id_token = body["id_token"].as_str().expect("an id token");
    let claims = verify_access_token(id_token, &keys, NOW).expect("a valid token");
    let issuer = format!("https://login.microsoftonline.com/{}/v2.0", demo::TENANT_ID);
    assert_eq!(claims.issuer(), Some(&*issuer));
    assert_eq!(claims.audience(), Some(demo::PUBLIC_CLIENT_ID));
    assert_eq!(claims.get("nonce"), Some(&json!("a-nonce")));
    assert_eq!(claims.get("oid"), Some(&json!(demo::USER_OBJECT_ID)));
    assert_eq!(claims.get("tid"), Some(&json!(demo::TENANT_ID)));
    assert_eq!(
        claims.get("preferred_username"),
        Some(&json!(demo::USER_NAME))
    );
    assert_eq!(claims.get("name"), Some(&json!("Emulated User")));
    assert!(claims.get("sub").is_some_and(Value::is_string));
    assert_eq!(claims.get("email"), None);

    assert_eq!(
        client_info(&body),
        json!({"uid": demo::USER_OBJECT_ID, "utid": demo::TENANT_ID})
    );
    assert!(body["refresh_token"].is_string());
    assert!(body.get("refresh_token_expires_in").is_none());
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(
        body["scope"],
        "https://vault.azure.net/user_impersonation https://vault.azure.net/.default openid profile"
    );
}

#[test]
fn what_was_not_asked_for_is_not_answered() {
    let mut emulator = emulator();
    let changes = [("scope", demo::SCOPE), ("nonce", "")];
    let without = code(&mut emulator, &changes);
    let body = json(&redeem(&mut emulator, &without, &[("client_info", "")]));
    for member in ["id_token", "refresh_token", "client_info"] {
        assert!(body.get(member).is_none(), "{member}");
    }
    let openid = code(&mut emulator, &[("scope", "openid email"), ("nonce", "")]);
    let response = redeem(&mut emulator, &openid, &[]);
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("a valid token");
    assert_eq!(claims.audience(), Some("https://graph.microsoft.com"));
    assert_eq!(claims.get("scp"), Some(&json!("openid email")));
    let body = json(&response);
    let id_token = body["id_token"].as_str().expect("an id token");
    let claims = verify_access_token(id_token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.get("email"), Some(&json!(demo::USER_NAME)));
    for claim in ["nonce", "oid", "preferred_username"] {
        assert_eq!(claims.get(claim), None, "{claim}");
    }
}

#[test]
fn a_code_works_once() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    assert_eq!(redeem(&mut emulator, &code, &[]).status(), 200);
    let response = redeem(&mut emulator, &code, &[]);
    assert_refused(&emulator, &response, 400, "invalid_grant", 54005);
}

#[test]
fn a_code_lives_ten_minutes() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    let fields = fields(&code, &[]);
    let response = post(&mut emulator, &fields, NOW + 600);
    assert_refused(&emulator, &response, 400, "invalid_grant", 70008);
    let response = post(&mut emulator, &fields, NOW + 599);
    assert_eq!(response.status(), 200);
}

#[test]
fn each_fault_of_the_redemption_has_its_own_refusal() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    let other = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX";
    let too_long = "a".repeat(129);
    for (name, value, status, error, number) in [
        ("code", "", 400, "invalid_request", 900_144),
        ("code", "made-up", 400, "invalid_grant", 9_002_313),
        ("redirect_uri", "", 400, "invalid_request", 900_144),
        (
            "redirect_uri",
            "http://localhost:8401",
            401,
            "invalid_client",
            500_112,
        ),
        (
            "redirect_uri",
            "http://localhost:8400/",
            401,
            "invalid_client",
            500_112,
        ),
        ("code_verifier", "", 400, "invalid_grant", 501_481),
        ("code_verifier", "short", 400, "invalid_grant", 501_481),
        ("code_verifier", &too_long, 400, "invalid_grant", 501_481),
        ("code_verifier", CHALLENGE, 400, "invalid_grant", 501_481),
        ("code_verifier", other, 400, "invalid_grant", 501_481),
        ("client_id", "", 400, "invalid_request", 900_144),
        (
            "client_id",
            demo::DEVELOPER_CLIENT_ID,
            400,
            "invalid_grant",
            70000,
        ),
        (
            "client_id",
            demo::USER_OBJECT_ID,
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            "client_secret",
            demo::CLIENT_SECRET,
            401,
            "invalid_client",
            700_025,
        ),
        ("client_assertion", "x", 401, "invalid_client", 700_025),
        ("resource", demo::RESOURCE, 400, "invalid_request", 901_002),
        ("claims", "[]", 400, "invalid_request", 9_002_313),
        (
            "scope",
            "https://vault.azure.net/.default User.Read",
            400,
            "invalid_scope",
            28000,
        ),
        ("scope", "Mail.Read", 400, "invalid_grant", 65001),
        (
            "scope",
            "api://emulated-web-api/.default",
            400,
            "invalid_resource",
            650_057,
        ),
    ] {
        let response = redeem(&mut emulator, &code, &[(name, value)]);
        assert_refused(&emulator, &response, status, error, number);
    }
    assert_eq!(redeem(&mut emulator, &code, &[]).status(), 200);
}

#[test]
fn an_application_with_a_secret_must_show_it() {
    let mut emulator = emulator();
    let web = [
        ("client_id", demo::CLIENT_ID),
        ("redirect_uri", demo::WEB_REDIRECT_URI),
    ];
    let code = code(&mut emulator, &web);
    let mut fields = web.to_vec();
    let response = redeem(&mut emulator, &code, &fields);
    assert_refused(&emulator, &response, 401, "invalid_client", 7_000_218);
    let mut wrong = fields.clone();
    wrong.push(("client_secret", "wrong"));
    let response = redeem(&mut emulator, &code, &wrong);
    assert_refused(&emulator, &response, 401, "invalid_client", 7_000_215);
    fields.push(("client_secret", demo::CLIENT_SECRET));
    let response = redeem(&mut emulator, &code, &fields);
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("a valid token");
    assert_eq!(claims.get("appidacr"), Some(&json!("1")));
}

#[test]
fn a_verifier_belongs_to_a_challenge() {
    let mut emulator = emulator();
    let web = [
        ("client_id", demo::CLIENT_ID),
        ("redirect_uri", demo::WEB_REDIRECT_URI),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let code = code(&mut emulator, &web);
    let mut fields = web[..2].to_vec();
    fields.push(("client_secret", demo::CLIENT_SECRET));
    let response = redeem(&mut emulator, &code, &fields);
    assert_refused(&emulator, &response, 400, "invalid_grant", 501_481);
    fields.push(("code_verifier", ""));
    assert_eq!(redeem(&mut emulator, &code, &fields).status(), 200);
}

#[test]
fn the_code_of_a_page_is_redeemed_by_its_script_alone() {
    let mut emulator = emulator();
    let page = [("redirect_uri", demo::SINGLE_PAGE_REDIRECT_URI)];
    let code_of_page = code(&mut emulator, &page);
    let response = redeem(&mut emulator, &code_of_page, &page);
    assert_refused(&emulator, &response, 400, "invalid_request", 9_002_327);
    let mut secret = page.to_vec();
    secret.push(("client_secret", demo::CLIENT_SECRET));
    let response = post_from_page(&mut emulator, &fields(&code_of_page, &secret), NOW);
    assert_refused(&emulator, &response, 401, "invalid_client", 700_025);
    let response = post_from_page(&mut emulator, &fields(&code_of_page, &page), NOW);
    let body = json(&response);
    assert_eq!(body["refresh_token_expires_in"], 86_400);

    let code = code(&mut emulator, &[]);
    let response = post_from_page(&mut emulator, &fields(&code, &[]), NOW);
    assert_refused(&emulator, &response, 400, "invalid_request", 9_002_326);
}

#[test]
fn a_code_is_for_the_tenant_of_its_user() {
    let mut emulator = emulator();
    let directory = emulator.entra_mut().directory_mut();
    let mut other = directory.tenants[0].clone();
    other.id = "99999999-aaaa-4bbb-8ccc-000000000001".to_owned();
    other.domain = "other.example".to_owned();
    other.users.clear();
    directory.tenants.push(other);
    let url = authorize_url_at("organizations", &[]);
    let landing = emulator.entra_mut().sign_in(&url, demo::USER_NAME, NOW);
    let code = landing.field("code").expect("a code");
    let fields = fields(&code, &[]);
    let response = emulator.handle(&token_request("other.example", &fields), NOW);
    assert_refused(&emulator, &response, 400, "invalid_grant", 700_005);
    let response = emulator.handle(&token_request("organizations", &fields), NOW);
    assert_eq!(response.status(), 200);
}

#[test]
fn the_scope_of_the_redemption_chooses_among_what_was_agreed_on() {
    let mut emulator = emulator();
    let scope = "https://vault.azure.net/.default Mail.Read offline_access";
    let code = code(&mut emulator, &[("scope", scope)]);
    let response = redeem(&mut emulator, &code, &[]);
    assert_refused(&emulator, &response, 400, "invalid_scope", 28000);
    let response = redeem(&mut emulator, &code, &[("scope", "Mail.Read")]);
    let body = json(&response);
    assert_eq!(body["scope"], "https://graph.microsoft.com/Mail.Read");
    assert!(body["refresh_token"].is_string());
}

#[test]
fn a_client_that_handles_challenges_gets_a_long_lived_token() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    let claims = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;
    let body = json(&redeem(&mut emulator, &code, &[("claims", claims)]));
    assert_eq!(body["expires_in"], 86_399);
    assert_eq!(body["refresh_in"], 43_199);
}

#[test]
fn a_second_factor_opens_a_guarded_resource() {
    let mut emulator = emulator();
    let url = crate::people::authorize_url(&[("scope", "api://emulated-guarded-api/.default")]);
    let entra = emulator.entra_mut();
    let landing = entra.sign_in(&url, demo::SECOND_FACTOR_USER_NAME, NOW);
    let code = landing.field("code").expect("a code");
    let response = redeem(&mut emulator, &code, &[]);
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("a valid token");
    assert_eq!(claims.object_id(), Some(demo::SECOND_FACTOR_USER_OBJECT_ID));
    assert_eq!(claims.get("scp"), Some(&json!("read")));
}

#[test]
fn an_account_that_is_switched_off_in_between_gets_nothing() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    let directory = emulator.entra_mut().directory_mut();
    directory.tenants[0].users[0].state = azid_emulator::UserState::Disabled;
    let response = redeem(&mut emulator, &code, &[]);
    assert_refused(&emulator, &response, 400, "invalid_grant", 50057);
}

#[test]
fn ad_fs_serves_no_user_grants() {
    let mut emulator = emulator();
    for grant in [
        "authorization_code",
        "refresh_token",
        "password",
        "device_code",
    ] {
        let mut request = token_request("adfs", &[("grant_type", grant)]);
        *request.uri_mut() = "/adfs/oauth2/token".parse().expect("a path");
        let response = emulator.handle(&request, NOW);
        assert_eq!(json(&response)["error"], "unsupported_grant_type");
    }
}

#[test]
fn every_sign_in_gives_another_code() {
    let mut emulator = emulator();
    let mut one = || sign_in(&mut emulator, &[]).field("code");
    assert_ne!(one(), one());
}

fn fields<'a>(code: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
        ("scope", SCOPE),
    ];
    changed(&good, changes)
}

fn client_info(body: &Value) -> Value {
    let text = body["client_info"].as_str().expect("a text");
    let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}
