//! The credentials that a server hands to programs, used over real sockets.

use crate::support::{JWT_BEARER, KEYS, NOW, form, own_assertion, secret_fields, sign, with};
use crate::wire::{Answer, connect_tls, server};
use azid_emulator::{EmulatorServer, demo, verify_access_token};
use serde_json::json;
use std::fs;

#[test]
fn the_file_of_the_client_certificate_is_for_its_owner_alone_and_goes_with_the_server() {
    let server = server();
    let file = server.client_certificate_file().expect("a file");
    assert_eq!(file.parent(), server.ca_file().parent());
    assert_eq!(
        fs::read_to_string(&file).expect("a file"),
        KEYS.certificate.pem()
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = fs::metadata(&file).expect("a file").permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
    }
    let path = file.display().to_string();
    assert_eq!(
        server.certificate_environment(),
        [("AZURE_CLIENT_CERTIFICATE_PATH", path)]
    );
    drop(server);
    assert!(!file.exists());
}

#[test]
fn the_standard_variables_choose_no_certificate_and_no_build_system() {
    let server = server();
    let names: Vec<_> = server.environment().iter().map(|(name, _)| *name).collect();
    for name in [
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "SYSTEM_OIDCREQUESTURI",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
    ] {
        assert!(!names.contains(&name), "{name}");
    }
}

#[test]
fn an_assertion_for_the_server_names_the_url_at_which_it_listens() {
    let server = server();
    for (origin, status) in [
        (server.https_origin(), 200),
        ("https://login.microsoftonline.com".to_owned(), 401),
    ] {
        let [header, claims] = own_assertion();
        let audience = format!("{origin}/{}/oauth2/v2.0/token", demo::TENANT_ID);
        let assertion = sign(&header, &with(claims, &[("aud", json!(audience))]));
        assert_eq!(exchange(&server, &assertion).status, status);
    }
}

#[test]
fn the_variables_of_the_pipeline_lead_to_an_assertion() {
    let server = server();
    let variables = server.pipelines_environment();
    let path = path(&server, value(&variables, "SYSTEM_OIDCREQUESTURI"));
    let answer = connect_tls(&server).ask(format!(
        "POST {path}?api-version=7.1&serviceConnectionId={} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Length: 0\r\nAuthorization: Bearer {}\r\nX-TFS-FedAuthRedirect: Suppress\r\n\r\n",
        value(&variables, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
        value(&variables, "SYSTEM_ACCESSTOKEN"),
    ));
    let body = answer.json();
    let assertion = body["oidcToken"].as_str().expect("a token");
    assert_eq!(exchange(&server, assertion).status, 200);
    assert_eq!(
        value(&variables, "AZURESUBSCRIPTION_TENANT_ID"),
        demo::TENANT_ID
    );
    assert_eq!(
        value(&variables, "AZURESUBSCRIPTION_CLIENT_ID"),
        demo::CLIENT_ID
    );
}

#[test]
fn the_variables_of_the_workflow_lead_to_an_assertion() {
    let server = server();
    let variables = server.github_environment();
    let path = path(&server, value(&variables, "ACTIONS_ID_TOKEN_REQUEST_URL"));
    let answer = connect_tls(&server).ask(format!(
        "GET {path}&audience=api%3A%2F%2FAzureADTokenExchange HTTP/1.1\r\nHost: localhost\r\n\
         Authorization: bearer {}\r\n\r\n",
        value(&variables, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    ));
    let body = answer.json();
    let assertion = body["value"].as_str().expect("a token");
    assert_eq!(exchange(&server, assertion).status, 200);
}

#[test]
fn a_users_token_of_the_server_is_signed_and_timed_by_it() {
    let server = server();
    let token = server.user_token(demo::USER_OBJECT_ID, demo::CLIENT_ID);
    let keys = json!({"keys": [KEYS.entra.public_jwk()]}).to_string();
    let claims = verify_access_token(&token.expect("a token"), &keys, NOW).expect("a valid token");
    let issuer = format!("{}/{}/v2.0", server.https_origin(), demo::TENANT_ID);
    assert_eq!(claims.issuer(), Some(issuer.as_str()));
    assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
}

/// Asks the server for a token with an assertion of the demo application.
fn exchange(server: &EmulatorServer, assertion: &str) -> Answer {
    let body = form(&secret_fields(&[
        ("client_secret", ""),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ]));
    let body = String::from_utf8(body).expect("text");
    connect_tls(server).ask(format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        demo::TENANT_ID,
        server.https_address().port(),
        body.len(),
    ))
}

fn value<'a>(variables: &'a [(&str, String)], name: &str) -> &'a str {
    let mut found = variables.iter().filter(|(it, _)| *it == name);
    &found.next().expect("the variable").1
}

/// The path of a URL of the server.
fn path<'a>(server: &EmulatorServer, url: &'a str) -> &'a str {
    url.strip_prefix(&server.https_origin())
        .expect("a URL of the server")
}
