//! The sign-in page: its form, its markup, its protection, and browsers that come back.

use crate::people::{authorize_url, authorize_url_at, get, header, html, password_form, submit};
use crate::support::{NOW, emulator};
use azid_emulator::{Emulator, Landing, Outcome, UserState, demo};
use http::{Request, Response};

#[test]
fn the_page_is_a_form_that_people_and_readers_can_use_without_scripts() {
    let mut emulator = emulator();
    let response = get(&mut emulator, &authorize_url(&[]));
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "content-type"),
        "text/html; charset=utf-8"
    );
    let page = html(&response);
    for part in [
        "<!doctype html><html lang=\"en\">",
        "<title>Sign in – azid emulator</title>",
        "<label for=\"username\">User name</label><input id=\"username\" name=\"username\"",
        "<label for=\"password\">Password</label><input id=\"password\" name=\"password\"",
        "type=\"password\" autocomplete=\"current-password\"",
        "<button type=\"submit\" name=\"action\" class=\"first\" id=\"sign-in\" value=\"sign-in\">",
        "<button type=\"submit\" name=\"action\" formnovalidate id=\"deny\" value=\"deny\">Deny",
        "prefers-color-scheme:dark",
        ":focus-visible",
        "<form method=\"post\" action=\"/",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert_eq!(page.matches(" autofocus").count(), 1);
    assert!(!page.contains("<script") && !page.contains("http-equiv"));
}

#[test]
fn a_hint_fills_in_the_name_and_moves_the_focus_to_the_password() {
    let mut emulator = emulator();
    let url = authorize_url(&[("login_hint", demo::USER_NAME)]);
    let response = get(&mut emulator, &url);
    let page = html(&response);
    assert!(page.contains(&format!("value=\"{}\" required", demo::USER_NAME)));
    let password = page.split("id=\"password\"").nth(1).expect("a field");
    assert!(password.contains("autofocus"));
    assert_eq!(page.matches(" autofocus").count(), 1);
}

#[test]
fn nothing_from_the_request_becomes_markup() {
    let mut emulator = emulator();
    let hostile = "\"><script>alert('x')</script>&<img src=x>";
    for (name, value) in [
        ("login_hint", hostile),
        ("state", hostile),
        ("nonce", hostile),
        ("client_id", hostile),
        ("redirect_uri", hostile),
        ("scope", hostile),
        ("response_type", hostile),
        ("prompt", hostile),
    ] {
        let response = get(&mut emulator, &authorize_url(&[(name, value)]));
        assert_harmless(&response);
        let url = authorize_url(&[]);
        let response = submit(&mut emulator, &url, &password_form(hostile));
        assert_harmless(&response);
        assert!(html(&response).contains("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)"));
    }
    let scope = format!(
        "https://vault.azure.net/{}",
        hostile.replace([' ', '/'], "")
    );
    let response = get(&mut emulator, &authorize_url(&[("scope", &scope)]));
    assert_eq!(response.status(), 200);
    assert_harmless(&response);
}

#[test]
fn a_hostile_state_is_posted_as_text() {
    let mut emulator = emulator();
    let url = authorize_url(&[("state", "\"><script>alert(1)</script>")]);
    let response = submit(&mut emulator, &url, &password_form(demo::USER_NAME));
    let page = html(&response);
    let field = "name=\"state\" value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"";
    assert!(page.contains(field), "{page}");
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn pages_allow_their_own_style_and_form_and_nothing_else() {
    let mut emulator = emulator();
    let response = get(&mut emulator, &authorize_url(&[]));
    let policy = header(&response, "content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.contains("; form-action 'self' http://localhost:8400; "),
        "{policy}"
    );
    assert!(
        policy.contains("base-uri 'none'; frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(
        !policy.contains("script-src") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert_eq!(header(&response, "x-frame-options"), "DENY");
    assert_eq!(header(&response, "referrer-policy"), "strict-origin");
    assert!(header(&response, "cache-control").contains("no-store"));
}

#[test]
fn the_page_that_sends_itself_on_has_a_button_and_one_known_script() {
    let mut emulator = emulator();
    let url = authorize_url(&[]);
    let response = submit(&mut emulator, &url, &password_form(demo::USER_NAME));
    assert_eq!(response.status(), 200);
    let page = html(&response);
    assert!(page.contains("<form method=\"post\" action=\"http://localhost:8400\">"));
    assert!(page.contains("<input type=\"hidden\" name=\"code\" value=\"1."));
    assert!(page.contains("<button type=\"submit\" id=\"continue\" autofocus>Continue</button>"));
    assert!(page.contains("<script>document.forms[0].submit()</script>"));
    let policy = header(&response, "content-security-policy");
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(
        policy.contains("form-action http://localhost:8400;"),
        "{policy}"
    );
}

#[test]
fn an_account_that_cannot_sign_in_is_told_why_and_may_try_again() {
    let mut emulator = emulator();
    let url = authorize_url(&[]);
    for (name, password, code) in [
        (demo::USER_NAME, "wrong", 50126),
        (demo::USER_NAME, "", 50126),
        (
            "nobody@emulated.onmicrosoft.com",
            demo::USER_PASSWORD,
            50034,
        ),
        ("", "", 50034),
        (demo::FEDERATED_USER_NAME, demo::USER_PASSWORD, 50056),
    ] {
        let form = [
            ("action", "sign-in"),
            ("username", name),
            ("password", password),
        ];
        let response = submit(&mut emulator, &url, &form);
        assert_asked_again(&emulator, &response, code);
        let page = html(&response);
        assert!(page.contains("role=\"alert\"") && page.contains("id=\"password\""));
        assert!(page.contains(&format!("value=\"{name}\"")));
        assert!(!page.contains("wrong"));
    }
    let users = &mut emulator.entra_mut().directory_mut().tenants[0].users;
    users[0].password.clear();
    let form = [("action", "sign-in"), ("username", demo::USER_NAME)];
    let response = submit(&mut emulator, &url, &form);
    assert_asked_again(&emulator, &response, 50126);
    let users = &mut emulator.entra_mut().directory_mut().tenants[0].users;
    users[0].password.push_str(demo::USER_PASSWORD);
    for (state, code) in [
        (UserState::Locked, 50053),
        (UserState::Disabled, 50057),
        (UserState::PasswordExpired, 50055),
    ] {
        emulator.entra_mut().directory_mut().tenants[0].users[0].state = state;
        let response = submit(&mut emulator, &url, &password_form(demo::USER_NAME));
        assert_asked_again(&emulator, &response, code);
    }
}

#[test]
fn a_user_of_another_tenant_is_refused_where_a_tenant_is_named() {
    let mut emulator = emulator();
    let directory = emulator.entra_mut().directory_mut();
    let mut other = directory.tenants[0].clone();
    other.id = "99999999-aaaa-4bbb-8ccc-000000000001".to_owned();
    other.domain = "other.example".to_owned();
    other.users.truncate(1);
    other.users[0].user_principal_name = "someone@other.example".to_owned();
    directory.tenants.push(other);
    let form = password_form("someone@other.example");
    let response = submit(&mut emulator, &authorize_url(&[]), &form);
    assert_asked_again(&emulator, &response, 50020);
    let directory = emulator.entra_mut().directory_mut();
    directory.tenants[1].users[0].second_factor = Some("1".to_owned());
    let anywhere = authorize_url_at("organizations", &[]);
    let response = submit(&mut emulator, &anywhere, &form);
    let ticket = hidden(html(&response), "ticket");
    let answer = [("action", "sign-in"), ("ticket", ticket), ("code", "1")];
    let response = submit(&mut emulator, &authorize_url(&[]), &answer);
    assert_asked_again(&emulator, &response, 50020);
    let directory = emulator.entra_mut().directory_mut();
    directory.tenants[1].users[0].second_factor = None;
    let response = submit(&mut emulator, &anywhere, &form);
    assert!(response.extensions().get::<Landing>().is_some());
}

#[test]
fn a_second_factor_is_asked_for_after_the_password() {
    let mut emulator = emulator();
    let url = authorize_url(&[]);
    let form = password_form(demo::SECOND_FACTOR_USER_NAME);
    let response = submit(&mut emulator, &url, &form);
    let page = html(&response);
    assert!(page.contains("<label for=\"code\">") && page.contains("one-time-code"));
    assert!(!page.contains("id=\"password\"") && !page.contains(demo::SECOND_FACTOR_CODE));
    let ticket = hidden(page, "ticket");

    let answer = |code| [("action", "sign-in"), ("ticket", ticket), ("code", code)];
    for wrong in ["000000", ""] {
        let response = submit(&mut emulator, &url, &answer(wrong));
        assert_asked_again(&emulator, &response, 500_121);
        assert!(html(&response).contains("id=\"code\""));
    }
    let response = submit(&mut emulator, &url, &answer(demo::SECOND_FACTOR_CODE));
    let landing = response.extensions().get::<Landing>().expect("an end");
    assert!(landing.field("code").is_some());

    let made_up = [
        ("action", "sign-in"),
        ("ticket", "made-up"),
        ("code", demo::SECOND_FACTOR_CODE),
    ];
    let response = submit(&mut emulator, &url, &made_up);
    assert_asked_again(&emulator, &response, 50058);
    assert!(html(&response).contains("id=\"password\""));
}

#[test]
fn a_ticket_lasts_ten_minutes_and_is_not_the_name_of_a_browser() {
    let mut emulator = emulator();
    let url = authorize_url(&[]);
    let form = password_form(demo::SECOND_FACTOR_USER_NAME);
    let response = submit(&mut emulator, &url, &form);
    let ticket = hidden(html(&response), "ticket").to_owned();
    let answer = |ticket: &str| {
        let code = ("code", demo::SECOND_FACTOR_CODE);
        crate::support::form(&[("action", "sign-in"), ("ticket", ticket), code])
    };
    let mut send = |ticket: &str, now| {
        let request = Request::post(&url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(answer(ticket));
        emulator.handle(&request.expect("well-formed"), now)
    };
    let response = send(&ticket, NOW + 600);
    assert!(html(&response).contains("AADSTS50058. "));
    let response = send(&ticket, NOW + 599);
    let cookie = header(&response, "set-cookie");
    let name = cookie.strip_prefix("emulated-sign-in=").expect("a name");
    let name = name.split(';').next().expect("a name");
    let response = send(name, NOW);
    assert!(html(&response).contains("AADSTS50058. "));
}

#[test]
fn a_form_without_a_button_or_of_another_type_is_refused() {
    let mut emulator = emulator();
    let url = authorize_url(&[]);
    let form = &password_form(demo::USER_NAME)[1..];
    assert_eq!(submit(&mut emulator, &url, form).status(), 400);
    let request = Request::post(&url).body(b"action=deny".to_vec());
    let response = emulator.handle(&request.expect("well-formed"), NOW);
    assert_eq!(response.status(), 400);
}

#[test]
fn a_guarded_resource_takes_a_user_with_a_second_factor() {
    let mut emulator = emulator();
    let url = authorize_url(&[("scope", "api://emulated-guarded-api/read")]);
    let response = submit(&mut emulator, &url, &password_form(demo::USER_NAME));
    assert_asked_again(&emulator, &response, 50079);
    let entra = emulator.entra_mut();
    let landing = entra.sign_in(&url, demo::SECOND_FACTOR_USER_NAME, NOW);
    assert!(landing.field("code").is_some());
}

fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split(&start).nth(1).expect("a hidden field");
    rest.split('"').next().expect("a value")
}

#[track_caller]
fn assert_asked_again(emulator: &Emulator, response: &Response<Vec<u8>>, code: u32) {
    assert_eq!(response.status(), 200);
    assert!(
        html(response).contains(&format!("AADSTS{code}. ")),
        "{}",
        html(response)
    );
    assert_eq!(header(response, "set-cookie"), "");
    let last = emulator.requests().last().expect("a record");
    let Outcome::Refused { code: logged, .. } = last.outcome else {
        panic!("{last:?}");
    };
    assert_eq!(logged, Some(code));
}

#[track_caller]
fn assert_harmless(response: &Response<Vec<u8>>) {
    let page = html(response);
    for markup in ["<script>alert", "<img"] {
        assert!(!page.contains(markup), "{markup}\n{page}");
    }
}
