//! User flows over real sockets.

use crate::people::{LOOPBACK, VERIFIER, authorize_url, password_form};
use crate::support::form;
use crate::wire::{connect, connect_tls, server};
use azid_emulator::{Outcome, demo};

#[test]
fn a_browser_signs_in_over_tls_and_the_program_redeems_the_code() {
    let server = server();
    let mut client = connect_tls(&server);
    let url = authorize_url(&[]);
    let page = client.ask(format!("GET {url} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(page.status, 200);
    let answer = client.ask(post(&url, &password_form(demo::USER_NAME)));
    let page = String::from_utf8(answer.body).expect("text");
    let code = page.split("name=\"code\" value=\"").nth(1).expect("a code");
    let code = code.split('"').next().expect("a value");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ];
    let path = format!("/{}/oauth2/v2.0/token", demo::TENANT_ID);
    let answer = client.ask(post(&path, &fields));
    assert_eq!(answer.status, 200);
    assert!(answer.json()["refresh_token"].is_string());
    let outcomes: Vec<_> = server.requests().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes[0], Outcome::Page);
    assert!(matches!(outcomes[1], Outcome::SignedIn { .. }));
    assert!(matches!(outcomes[2], Outcome::Token { .. }));
}

#[test]
fn the_endpoints_of_the_discovery_document_are_there() {
    let server = server();
    let mut client = connect_tls(&server);
    let path = format!("/{}/v2.0/.well-known/openid-configuration", demo::TENANT_ID);
    let document = client.ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let document = document.json();
    for name in [
        "authorization_endpoint",
        "device_authorization_endpoint",
        "token_endpoint",
    ] {
        let url = document[name].as_str().expect("a URL");
        let path = url.strip_prefix(&server.https_origin()).expect("our own");
        let answer = client.ask(post(path, &[]));
        assert_eq!(answer.status, 400, "{name}");
    }
}

#[test]
fn the_robot_keeps_the_servers_time() {
    let server = server();
    let landing = server.sign_in(&authorize_url(&[]), demo::USER_NAME);
    assert!(landing.field("code").is_some());
    let path = format!("/{}/oauth2/v2.0/devicecode", demo::TENANT_ID);
    let fields = [
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("scope", demo::SCOPE),
    ];
    let mut client = connect_tls(&server);
    for approves in [true, false] {
        let started = client.ask(post(&path, &fields)).json();
        let page = format!("{}/devicelogin", server.https_origin());
        assert_eq!(started["verification_uri"], page);
        let codes = server.pending_user_codes();
        assert_eq!(codes, [started["user_code"].as_str().expect("a text")]);
        if approves {
            assert!(server.approve_device(&codes[0], demo::USER_NAME));
        } else {
            assert!(server.decline_device(&codes[0]));
        }
        assert!(server.pending_user_codes().is_empty());
    }
}

#[test]
fn a_program_is_told_a_name_and_a_password_with_a_client_that_takes_them() {
    let environment = server().password_environment();
    let expected = [
        ("AZURE_CLIENT_ID", demo::PUBLIC_CLIENT_ID),
        ("AZURE_USERNAME", demo::USER_NAME),
        ("AZURE_PASSWORD", demo::USER_PASSWORD),
    ];
    assert_eq!(
        environment,
        expected.map(|(name, value)| (name, value.to_owned()))
    );
}

#[test]
fn a_sign_in_over_plain_http_is_a_leak() {
    let server = server();
    let request = post(&authorize_url(&[]), &password_form(demo::USER_NAME));
    assert_eq!(connect(&server).ask(request).status, 400);
    let outcome = server.requests().pop().map(|it| it.outcome);
    assert_eq!(outcome, Some(Outcome::Leak("plain http".to_owned())));
}

fn post(path: &str, fields: &[(&str, &str)]) -> String {
    let body = String::from_utf8(form(fields)).expect("text");
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
