//! Browsers in which someone has signed in before, and requests that forbid a page.

use crate::people::{authorize_url, get, header, html, password_form, submit};
use crate::support::{NOW, emulator};
use azid_emulator::{Emulator, Landing, demo};
use http::{Request, Response};

#[test]
fn no_prompt_means_no_page_and_an_error_where_one_is_needed() {
    let mut emulator = emulator();
    let silent = authorize_url(&[("prompt", "none"), ("response_mode", "query")]);
    let response = get(&mut emulator, &silent);
    assert_redirected(&response, "login_required", 50058);

    let cookie = signed_in_cookie(&mut emulator, demo::USER_NAME);
    let response = with_cookie(&mut emulator, &silent, &cookie);
    let landing = response.extensions().get::<Landing>().expect("an end");
    assert!(landing.field("code").is_some());

    let more = |scope| {
        let changes = [
            ("prompt", "none"),
            ("response_mode", "query"),
            ("scope", scope),
        ];
        authorize_url(&changes)
    };
    let guarded = more("api://emulated-guarded-api/.default");
    let response = with_cookie(&mut emulator, &guarded, &cookie);
    let landing = assert_redirected(&response, "interaction_required", 50076);
    assert_eq!(
        landing.field("claims").as_deref(),
        Some(demo::GUARDED_CLAIMS)
    );
    let response = with_cookie(&mut emulator, &more("Mail.Read"), &cookie);
    assert_redirected(&response, "consent_required", 65001);

    let other = [
        ("prompt", "none"),
        ("response_mode", "query"),
        ("login_hint", demo::SECOND_FACTOR_USER_NAME),
    ];
    let response = with_cookie(&mut emulator, &authorize_url(&other), &cookie);
    assert_redirected(&response, "login_required", 50058);
}

#[test]
fn a_browser_that_comes_back_is_asked_again_only_if_the_prompt_says_so() {
    let mut emulator = emulator();
    let cookie = signed_in_cookie(&mut emulator, demo::USER_NAME);
    for (prompt, asks) in [
        ("", false),
        ("select_account", true),
        ("login", true),
        ("consent", true),
    ] {
        let url = authorize_url(&[("prompt", prompt)]);
        let response = with_cookie(&mut emulator, &url, &cookie);
        assert_eq!(
            html(&response).contains("id=\"password\""),
            asks,
            "{prompt}"
        );
    }
    let url = authorize_url(&[("prompt", "")]);
    let response = with_cookie(&mut emulator, &url, "emulated-sign-in=made-up");
    assert!(html(&response).contains("id=\"password\""));
    emulator.entra_mut().revoke_refresh_tokens(demo::USER_NAME);
    let response = with_cookie(&mut emulator, &url, &cookie);
    assert!(html(&response).contains("id=\"password\""));
}

#[test]
fn signing_in_is_consenting() {
    let mut emulator = emulator();
    let silent = authorize_url(&[("prompt", "none"), ("scope", "Mail.Read")]);
    let asked = authorize_url(&[("scope", "Mail.Read")]);
    let response = submit(&mut emulator, &asked, &password_form(demo::USER_NAME));
    let cookie = cookie_of(&response);
    let response = with_cookie(&mut emulator, &silent, &cookie);
    let landing = response.extensions().get::<Landing>().expect("an end");
    assert!(landing.field("code").is_some());
}

fn signed_in_cookie(emulator: &mut Emulator, name: &str) -> String {
    let response = submit(emulator, &authorize_url(&[]), &password_form(name));
    cookie_of(&response)
}

fn cookie_of(response: &Response<Vec<u8>>) -> String {
    let cookie = header(response, "set-cookie");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
    let pair = cookie.split(';').next().expect("a pair");
    format!("other=1; {pair}")
}

fn with_cookie(emulator: &mut Emulator, url: &str, cookie: &str) -> Response<Vec<u8>> {
    let request = Request::get(url).header("Cookie", cookie).body(Vec::new());
    emulator.handle(&request.expect("well-formed"), NOW)
}

#[track_caller]
fn assert_redirected<'a>(response: &'a Response<Vec<u8>>, error: &str, code: u32) -> &'a Landing {
    assert_eq!(response.status(), 302);
    let landing = response.extensions().get::<Landing>().expect("an end");
    assert_eq!(landing.field("error").as_deref(), Some(error));
    let description = landing.field("error_description").unwrap_or_default();
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    landing
}
