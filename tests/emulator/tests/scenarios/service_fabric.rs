//! Service Fabric: its endpoint, and its certificate over real sockets.

use crate::hosts::{ask, request, send, send_at};
use crate::support::{NOW, access_token, emulator, escape, json};
use crate::trust::{hex, pinned};
use crate::wire::{Client, TlsStream, connect_tls_to, path_of, server, variable};
use azid_emulator::{EmulatorServer, HostKind, ServiceFabric, Traffic, demo};
use http::Response;
use ring::digest::{SHA256, digest};
use std::io::Write;

const FABRIC: HostKind = HostKind::ServiceFabric;

#[test]
fn the_end_of_a_token_is_a_number() {
    let mut emulator = emulator();
    let body = json(&ask(&mut emulator, FABRIC, ""));
    assert_eq!(body["expires_on"], NOW + 86_399);
    assert_eq!(body["resource"], demo::RESOURCE);
    assert_eq!(body["token_type"], "Bearer");
}

#[test]
fn every_refusal_has_the_code_that_clients_know() {
    let mut emulator = emulator();
    let path = ServiceFabric::PATH;
    let resource = escape(demo::RESOURCE);
    let with_secret = |target: String| request(FABRIC, "").uri(target);
    let known = "api-version=2019-07-01-preview";

    let mut bare = request(FABRIC, "");
    bare.headers_mut().expect("no error so far").clear();
    let response = send(&mut emulator, FABRIC, bare);
    assert_error(&response, 400, "SecretHeaderNotFound");

    let mut wrong = request(FABRIC, "");
    let headers = wrong.headers_mut().expect("no error so far");
    headers.insert("secret", "wrong".parse().expect("ASCII"));
    let response = send(&mut emulator, FABRIC, wrong);
    assert_error(&response, 404, "ManagedIdentityNotFound");

    for (target, status, code) in [
        (format!("{path}?{known}"), 400, "ArgumentNullOrEmpty"),
        (
            format!("{path}?{known}&resource="),
            400,
            "ArgumentNullOrEmpty",
        ),
        (
            format!("{path}?resource={resource}"),
            400,
            "InvalidApiVersion",
        ),
        (
            format!("{path}?api-version=2018-02-01&resource={resource}"),
            400,
            "InvalidApiVersion",
        ),
        (
            format!("{path}?{known}&resource=nowhere"),
            500,
            "InternalServerError",
        ),
    ] {
        let response = send(&mut emulator, FABRIC, with_secret(target));
        assert_error(&response, status, code);
    }

    let machine = emulator.hosts_mut().service_fabric.identities.machine_mut();
    machine.system_assigned = None;
    machine.user_assigned.clear();
    let response = ask(&mut emulator, FABRIC, "");
    assert_error(&response, 404, "ManagedIdentityNotFound");
}

#[test]
fn an_identity_cannot_be_chosen_by_the_caller() {
    let mut emulator = emulator();
    for name in ["client_id", "object_id", "msi_res_id", "mi_res_id"] {
        let response = ask(&mut emulator, FABRIC, &format!("&{name}=anything"));
        assert_error(&response, 400, "InvalidParameter");
    }
}

#[test]
fn nothing_else_is_behind_its_door() {
    let mut emulator = emulator();
    for path in ["/metadata/identity/oauth2/token", "/msi/token", "/"] {
        let response = send(&mut emulator, FABRIC, request(FABRIC, "").uri(path));
        assert_eq!(response.status(), 404, "{path}");
    }
}

#[test]
fn a_token_stays_the_same_until_it_ends() {
    let mut emulator = emulator();
    let first = access_token(&ask(&mut emulator, FABRIC, ""));
    let good = request(FABRIC, "").body(Vec::new()).expect("a request");
    let mut at = |now| access_token(&send_at(&mut emulator, FABRIC, &good, now));
    assert_eq!(at(NOW + 86_398), first);
    assert_ne!(at(NOW + 86_399), first);
}

#[test]
fn a_token_named_as_revoked_is_replaced_and_another_is_not() {
    let mut emulator = emulator();
    let first = access_token(&ask(&mut emulator, FABRIC, ""));
    let naming = |token: &str| format!("&token_sha256_to_refresh={}", sha256(token));
    let unconcerned = ask(&mut emulator, FABRIC, &naming("another token"));
    assert_eq!(access_token(&unconcerned), first);
    let second = access_token(&ask(&mut emulator, FABRIC, &naming(&first)));
    assert_ne!(second, first);
    assert_eq!(access_token(&ask(&mut emulator, FABRIC, "")), second);
    assert_eq!(
        access_token(&ask(&mut emulator, FABRIC, &naming(&first))),
        second
    );
    for bad in ["", "abc", &sha256("x").to_uppercase()] {
        let more = format!("&token_sha256_to_refresh={bad}");
        assert_error(&ask(&mut emulator, FABRIC, &more), 400, "InvalidParameter");
    }
}

#[test]
fn a_client_that_handles_challenges_has_tokens_of_its_own() {
    let mut emulator = emulator();
    let plain = access_token(&ask(&mut emulator, FABRIC, ""));
    let capable = access_token(&ask(&mut emulator, FABRIC, "&xms_cc=other,CP1"));
    assert_ne!(plain, capable);
    let other = access_token(&ask(&mut emulator, FABRIC, "&xms_cc=other"));
    assert_eq!(other, plain);
}

#[test]
fn the_published_thumbprint_is_that_of_the_certificate() {
    let server = server();
    let thumbprint = variable(&server, FABRIC, "IDENTITY_SERVER_THUMBPRINT");
    assert_eq!(thumbprint.len(), 40);
    let answer = connect(&server, &thumbprint).ask(token_request(&server));
    assert_eq!(answer.status, 200);
    assert!(answer.json()["expires_on"].is_u64());
    let outcome = server.requests().pop().map(|it| (it.path, it.status));
    assert_eq!(outcome, Some((ServiceFabric::PATH.to_owned(), 200)));
}

#[test]
fn a_client_that_sees_the_wrong_certificate_sends_not_one_byte() {
    let server = server();
    let thumbprint = server.service_fabric_thumbprint();
    server.impersonate_service_fabric().expect("a certificate");
    assert_eq!(server.service_fabric_thumbprint(), thumbprint);
    let mut client = connect(&server, &thumbprint);
    let sent = client.stream.write_all(token_request(&server).as_bytes());
    sent.expect_err("another certificate than the published one");
    drop(client);
    let expected = Traffic {
        connections: 1,
        ended: 1,
        ..Traffic::default()
    };
    assert_eq!(server.service_fabric_traffic(), expected);
    assert!(server.requests().is_empty());
}

#[test]
fn a_byte_that_arrives_is_counted_even_if_it_is_no_request() {
    let server = server();
    let mut client = connect(&server, &server.service_fabric_thumbprint());
    client.send("x");
    drop(client);
    let traffic = server.service_fabric_traffic();
    assert_eq!((traffic.handshakes, traffic.application_bytes), (1, 1));
}

#[test]
fn after_a_rotation_the_new_thumbprint_fits_and_the_old_one_does_not() {
    let server = server();
    let old = server.service_fabric_thumbprint();
    let mut before = connect(&server, &old);
    assert_eq!(before.ask(token_request(&server)).status, 200);
    server
        .rotate_service_fabric_certificate()
        .expect("a certificate");
    let new = server.service_fabric_thumbprint();
    assert_ne!(new, old);
    assert_eq!(
        connect(&server, &new).ask(token_request(&server)).status,
        200
    );
    let mut after = connect(&server, &old);
    after
        .stream
        .write_all(b"GET")
        .expect_err("another certificate");
}

fn token_request(server: &EmulatorServer) -> String {
    let endpoint = variable(server, FABRIC, "IDENTITY_ENDPOINT");
    let version = variable(server, FABRIC, "IDENTITY_API_VERSION");
    let secret = variable(server, FABRIC, "IDENTITY_HEADER");
    format!(
        "GET {}?api-version={version}&resource={} HTTP/1.1\r\nHost: localhost\r\n\
         Secret: {secret}\r\n\r\n",
        path_of(&endpoint),
        escape(demo::RESOURCE)
    )
}

fn connect(server: &EmulatorServer, thumbprint: &str) -> Client<TlsStream> {
    let config = pinned(thumbprint);
    connect_tls_to(server.service_fabric_address(), config, "localhost")
}

fn sha256(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

#[track_caller]
fn assert_error(response: &Response<Vec<u8>>, status: u16, code: &str) {
    let body = json(response);
    assert_eq!(response.status(), status, "{body}");
    assert_eq!(body["error"]["code"], code);
    assert!(body["error"]["message"].is_string());
    assert!(body["error"]["correlationId"].is_string());
}
