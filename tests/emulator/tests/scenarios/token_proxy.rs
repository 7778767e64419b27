//! The token proxy of a Kubernetes cluster.

use crate::support::{NOW, emulator, form, json};
use crate::trust::gullible;
use crate::wire::{Client, TlsStream, connect_tls_to, path_of, server, trusting, variable};
use azid_emulator::{
    EmulatorServer, Entrance, HostKind, Outcome, TokenProxy, demo, verify_access_token,
};
use http::Request;
use std::fs;
use std::io::Write;

const BINDING: HostKind = HostKind::AksIdentityBinding;

#[test]
fn a_service_account_token_is_exchanged_through_the_proxy() {
    let server = server();
    let file = variable(&server, BINDING, "AZURE_KUBERNETES_CA_FILE");
    let ca = fs::read_to_string(file).expect("a file");
    assert_eq!(ca, server.token_proxy_ca_pem());
    assert_ne!(ca, server.ca_pem());
    let mut client = connect(&server, &ca, TokenProxy::SERVER_NAME);
    let answer = client.ask(exchange(&server));
    assert_eq!(answer.status, 200);

    let keys = client.ask(format!(
        "GET {}/{}/discovery/v2.0/keys HTTP/1.1\r\nHost: localhost\r\n\r\n",
        TokenProxy::BASE_PATH,
        demo::TENANT_ID
    ));
    let keys = String::from_utf8(keys.body).expect("text");
    let token = answer.json()["access_token"].clone();
    let token = token.as_str().expect("a token");
    let claims = verify_access_token(token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.client_id(), Some(demo::CLIENT_ID));

    let logged = server.requests().remove(0);
    let path = format!("/identity-binding/{}/oauth2/v2.0/token", demo::TENANT_ID);
    assert_eq!((logged.path, logged.status), (path, 200));
    drop(client);
    assert_eq!(server.token_proxy_traffic().handshakes, 1);
}

#[test]
fn no_handshake_succeeds_without_the_name_of_the_proxy() {
    let server = server();
    let address = server.token_proxy_address();
    for name in ["localhost", "127.0.0.1", "other.aks.example"] {
        let mut client = connect_tls_to(address, gullible(), name);
        let sent = client.stream.write_all(b"GET");
        sent.expect_err("no certificate for this name");
    }
    let traffic = server.token_proxy_traffic();
    assert_eq!((traffic.connections, traffic.handshakes), (3, 0));
    assert_eq!(traffic.application_bytes, 0);
    let mut client = connect_tls_to(address, gullible(), TokenProxy::SERVER_NAME);
    assert_eq!(client.ask(exchange(&server)).status, 200);
}

#[test]
fn the_authority_of_entra_does_not_vouch_for_the_proxy() {
    let server = server();
    let mut client = connect(&server, server.ca_pem(), TokenProxy::SERVER_NAME);
    let sent = client.stream.write_all(b"GET");
    sent.expect_err("an authority that is not trusted");
}

#[test]
fn after_a_rotation_only_the_authority_in_the_file_is_right() {
    let server = server();
    let old = server.token_proxy_ca_pem();
    server.empty_token_proxy_ca_file().expect("a file");
    let read = || fs::read_to_string(server.token_proxy_ca_file()).expect("a file");
    assert_eq!(read(), "");
    assert_eq!(server.token_proxy_ca_pem(), old);
    let mut before = connect(&server, &old, TokenProxy::SERVER_NAME);
    assert_eq!(before.ask(exchange(&server)).status, 200);

    server.rotate_token_proxy_ca().expect("an authority");
    let new = read();
    assert_eq!(new, server.token_proxy_ca_pem());
    assert_ne!(new, old);
    let mut after = connect(&server, &new, TokenProxy::SERVER_NAME);
    assert_eq!(after.ask(exchange(&server)).status, 200);
    let mut outdated = connect(&server, &old, TokenProxy::SERVER_NAME);
    let sent = outdated.stream.write_all(b"GET");
    sent.expect_err("an authority of the past");
}

#[test]
fn path_and_query_behind_the_base_path_are_those_of_entra() {
    let mut emulator = emulator();
    let mut ask = |target: String| {
        let request = Request::get(target).body(Vec::new()).expect("a request");
        emulator
            .reply_at(Entrance::TokenProxy, &request, NOW)
            .response
    };
    let base = TokenProxy::BASE_PATH;
    let instance = "/common/discovery/instance?api-version=1.1&authorization_endpoint=\
                    https%3A%2F%2Flogin.microsoftonline.com%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize";
    let response = ask(format!("{base}{instance}"));
    assert_eq!(response.status(), 200);
    assert!(json(&response)["metadata"].is_array());
    for outside in [
        instance.to_owned(),
        format!("{base}/{instance}"),
        format!("{base}s{instance}"),
        base.to_owned(),
        "/".to_owned(),
    ] {
        assert_eq!(ask(outside.clone()).status(), 404, "{outside}");
    }
}

#[test]
fn what_entra_refuses_is_refused_through_the_proxy() {
    let mut emulator = emulator();
    let request = Request::post(format!(
        "{}/{}/oauth2/v2.0/token",
        TokenProxy::BASE_PATH,
        demo::TENANT_ID
    ))
    .header("Content-Type", "application/x-www-form-urlencoded")
    .body(form(&[
        ("grant_type", "client_credentials"),
        ("client_id", demo::CLIENT_ID),
        ("client_secret", "wrong"),
        ("scope", demo::SCOPE),
    ]))
    .expect("a request");
    let reply = emulator.reply_at(Entrance::TokenProxy, &request, NOW);
    assert_eq!(reply.response.status(), 401);
    let last = emulator.requests().last().expect("a logged request");
    let refused = Outcome::Refused {
        error: "invalid_client".to_owned(),
        code: Some(7_000_215),
    };
    assert_eq!(last.outcome, refused);
}

fn connect(server: &EmulatorServer, ca_pem: &str, name: &'static str) -> Client<TlsStream> {
    connect_tls_to(server.token_proxy_address(), trusting(ca_pem), name)
}

/// What a pod with an identity binding sends, from its environment alone.
fn exchange(server: &EmulatorServer) -> String {
    let get = |name| variable(server, BINDING, name);
    let assertion = fs::read_to_string(get("AZURE_FEDERATED_TOKEN_FILE")).expect("a file");
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", &get("AZURE_CLIENT_ID")),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion),
        ("scope", demo::SCOPE),
    ]);
    let body = String::from_utf8(body).expect("ASCII");
    format!(
        "POST {}/{}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        path_of(&get("AZURE_KUBERNETES_TOKEN_PROXY")),
        get("AZURE_TENANT_ID"),
        body.len()
    )
}
