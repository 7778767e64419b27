//! The server over real sockets: HTTP, TLS, limits, files and its end.

use crate::support::{NOW, emulator, form, secret_fields};
use crate::wire::{connect, connect_tls, options, server};
use azid_emulator::{EmulatorServer, Outcome, ServerOptions, demo, verify_access_token};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const METADATA: &str = "GET /metadata/instance/compute?api-version=2021-02-01 HTTP/1.1\r\n\
                        Host: 127.0.0.1\r\nMetadata: true\r\n\r\n";

#[test]
fn many_requests_over_one_tls_connection_need_one_handshake() {
    let server = server();
    let mut client = connect_tls(&server);
    let keys = client.ask(format!(
        "GET /{}/discovery/v2.0/keys HTTP/1.1\r\nHost: localhost\r\n\r\n",
        demo::TENANT_ID
    ));
    let keys = String::from_utf8(keys.body).expect("text");
    for _ in 0..3 {
        let answer = client.ask(token_request(&secret_fields(&[])));
        assert_eq!(answer.status, 200);
        let token = answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
        assert_eq!(claims.client_id(), Some(demo::CLIENT_ID));
    }
    assert_eq!((server.connections(), server.handshakes()), (1, 1));
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn metadata_comes_over_plain_http() {
    let server = server();
    let mut client = connect(&server);
    let answer = client.ask(METADATA);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["location"], demo::LOCATION);
    assert_eq!((server.connections(), server.handshakes()), (1, 0));
}

#[test]
fn a_secret_over_plain_http_is_a_leak() {
    let server = server();
    let answer = connect(&server).ask(token_request(&secret_fields(&[])));
    assert_eq!(answer.status, 400);
    let outcome = server.requests().pop().map(|record| record.outcome);
    assert_eq!(outcome, Some(Outcome::Leak("plain http".to_owned())));
}

#[test]
fn a_body_may_come_in_chunks_and_in_pieces() {
    let server = server();
    let mut client = connect_tls(&server);
    client.send(format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n",
        demo::TENANT_ID
    ));
    for piece in form(&secret_fields(&[])).chunks(7) {
        client.send(format!("{:x};extension=1\r\n", piece.len()));
        client.send(piece);
        client.send("\r\n");
    }
    assert_eq!(client.ask("0\r\nTrailer: x\r\n\r\n").status, 200);
    assert_eq!(client.ask(token_request(&secret_fields(&[]))).status, 200);
}

#[test]
fn requests_sent_together_are_answered_in_order() {
    let server = server();
    let mut client = connect(&server);
    client.send(METADATA.repeat(2) + "GET /metadata/nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    let statuses = [(); 3].map(|()| client.receive().expect("an answer").status);
    assert_eq!(statuses, [200, 200, 400]);
}

#[test]
fn a_client_that_waits_for_leave_to_send_its_body_gets_it() {
    let server = server();
    let mut client = connect_tls(&server);
    let request = token_request(&secret_fields(&[]));
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let leave = client.ask(format!("{head}\r\nExpect: 100-continue\r\n\r\n"));
    assert_eq!(leave.status, 100);
    assert_eq!(client.ask(body).status, 200);
}

#[test]
fn the_connection_closes_when_the_client_asks_for_it() {
    let server = server();
    for request in [
        METADATA.replace("Host", "Connection: close\r\nHost"),
        METADATA.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        let mut client = connect(&server);
        let answer = client.ask(request);
        assert_eq!(answer.status, 200);
        assert!(answer.head.contains("connection: close"));
        assert!(client.rest().is_empty());
    }
}

#[test]
fn what_is_too_large_is_refused_without_being_kept() {
    let options = ServerOptions {
        max_head_bytes: 2_000,
        max_body_bytes: 1_000,
        ..options()
    };
    let server = EmulatorServer::start(emulator(), options).expect("free ports");
    let long = "x".repeat(2_000);
    let head = "POST / HTTP/1.1\r\nHost: x\r\n";
    for (request, status) in [
        (format!("{head}Long: {long}\r\n\r\n"), 431),
        (format!("{head}Long: {long}{long}"), 431),
        (format!("{head}{}\r\n", "A: b\r\n".repeat(100)), 431),
        (format!("{head}Content-Length: 1001\r\n\r\n{long}"), 413),
        (
            format!("{head}Content-Length: 99999999999999999999999\r\n\r\n"),
            400,
        ),
        (
            format!("{head}Transfer-Encoding: chunked\r\n\r\n3e9\r\n{long}"),
            413,
        ),
        (
            format!("{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
            413,
        ),
        (
            format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n0\r\n{}",
                "A: b\r\n".repeat(100)
            ),
            431,
        ),
    ] {
        let mut client = connect(&server);
        let answer = client.ask(&request);
        assert_eq!(
            answer.status,
            status,
            "{}",
            &request[..90.min(request.len())]
        );
        assert!(client.rest().is_empty());
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_client_that_sends_far_too_much_still_gets_its_answer() {
    let server = server();
    let much = "x".repeat(3 << 20);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        much.len()
    );
    let mut client = connect(&server);
    assert_eq!(client.ask(request.clone() + &much).status, 413);
    let mut client = connect_tls(&server);
    assert_eq!(client.ask(request + &much).status, 413);
}

#[test]
fn a_request_that_two_readers_might_read_differently_is_refused() {
    let server = server();
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
    ] {
        assert_eq!(connect(&server).ask(request).status, 400, "{request}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn an_idle_connection_ends_quietly_and_half_a_request_with_a_timeout() {
    let options = ServerOptions {
        read_timeout: Duration::from_millis(100),
        ..options()
    };
    let server = EmulatorServer::start(emulator(), options).expect("free ports");
    let mut idle = connect(&server);
    assert!(idle.rest().is_empty());
    for half in [
        "GET / HT",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    ] {
        let mut slow = connect(&server);
        assert_eq!(slow.ask(half).status, 408);
        assert!(slow.rest().is_empty());
    }
}

#[test]
fn a_client_without_tls_or_without_trust_does_no_harm() {
    let server = server();
    let other = self::server();
    let mut plain = TcpStream::connect(server.https_address()).expect("a listener");
    plain
        .write_all(METADATA.as_bytes())
        .expect("an open connection");

    let ca = other.ca_pem().to_owned();
    assert_ne!(ca, server.ca_pem());
    let mut distrustful = connect_tls(&other);
    distrustful.stream.sock = TcpStream::connect(server.https_address()).expect("a listener");
    distrustful
        .stream
        .write_all(b"GET")
        .expect_err("a certificate that it does not trust");

    assert_eq!(
        connect_tls(&server)
            .ask(token_request(&secret_fields(&[])))
            .status,
        200
    );
    assert_eq!(server.handshakes(), 1);
}

#[test]
fn the_environment_leads_a_program_to_a_token() {
    let server = server();
    let get = |name: &str| {
        let found = server
            .environment()
            .iter()
            .find(|(variable, _)| *variable == name);
        found.map(|(_, value)| value.as_str()).expect("a variable")
    };
    assert_eq!(
        get("AZURE_AUTHORITY_HOST"),
        format!("{}/", server.https_origin())
    );
    assert_eq!(
        get("AZURE_POD_IDENTITY_AUTHORITY_HOST"),
        server.http_origin()
    );
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        let pem = std::fs::read_to_string(get(name)).expect("a file");
        assert_eq!(pem, server.ca_pem());
    }
    let client = [
        ("client_id", get("AZURE_CLIENT_ID")),
        ("client_secret", get("AZURE_CLIENT_SECRET")),
    ];
    let by_secret = connect_tls(&server).ask(token_request(&secret_fields(&client)));
    assert_eq!(by_secret.status, 200);

    let assertion = std::fs::read_to_string(get("AZURE_FEDERATED_TOKEN_FILE")).expect("a file");
    let by_assertion = connect_tls(&server).ask(token_request(&secret_fields(&[
        ("client_secret", ""),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion),
    ])));
    assert_eq!(by_assertion.status, 200);
    assert_eq!(get("AZURE_TENANT_ID"), demo::TENANT_ID);
}

#[cfg(unix)]
#[test]
fn its_files_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = server();
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path)
            .expect("a file")
            .permissions()
            .mode()
            & 0o777
    };
    let token = server.federated_token_file().expect("a token");
    assert_eq!(mode(token), 0o600);
    assert_eq!(mode(token.parent().expect("a directory")), 0o700);
}

#[test]
fn a_dropped_server_leaves_no_connection_no_port_and_no_file() {
    let server = server();
    let (http, https) = (server.http_address(), server.https_address());
    let directory = server.ca_file().parent().expect("a directory").to_owned();
    let mut idle = connect(&server);
    idle.ask(METADATA);
    let mut idle_tls = connect_tls(&server);
    idle_tls.ask(token_request(&secret_fields(&[])));
    let mut half = connect(&server);
    half.send("GET / HT");
    let started = Instant::now();
    drop(server);
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it waited for its clients"
    );
    assert!(idle.rest().is_empty() && idle_tls.rest().is_empty() && half.rest().is_empty());
    assert!(!directory.exists());
    for address in [http, https] {
        TcpStream::connect(address).expect_err("no listener");
    }
}

#[test]
fn a_taken_port_is_an_error_and_a_free_one_is_used() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let fixed = || ServerOptions {
        https_port: port,
        ..options()
    };
    EmulatorServer::start(emulator(), fixed()).expect_err("a taken port");
    drop(taken);
    let server = EmulatorServer::start(emulator(), fixed()).expect("a free port");
    assert_eq!(server.https_origin(), format!("https://localhost:{port}"));
}

#[test]
fn files_go_where_they_are_told_and_stay_there() {
    let own = server();
    let directory = own.ca_file().parent().expect("a directory").join("told");
    let options = ServerOptions {
        directory: Some(directory.clone()),
        ..options()
    };
    let server = EmulatorServer::start(emulator(), options).expect("free ports");
    assert_eq!(server.ca_file(), directory.join("ca.pem"));
    drop(server);
    assert!(directory.join("ca.pem").exists() && directory.join("federated-token").exists());
}

fn token_request(fields: &[(&str, &str)]) -> String {
    let body = String::from_utf8(form(fields)).expect("ASCII");
    format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        demo::TENANT_ID,
        body.len()
    )
}
