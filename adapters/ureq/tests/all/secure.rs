//! TLS with the system's roots.

use std::io::{self, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use azid_core::effect::{HttpFailure, HttpRequest, Requirements};
use azid_core::oauth::Form;
use azid_core::{Authority as Entra, ClientSecretCredential};
use azid_ureq::{Host, TokenProvider};
use http::header::HeaderName;
use log::{LevelFilter, Log, Metadata, Record};

use crate::probe::{get, host, send};
use crate::server::{Server, wait_for_client_to_leave};
use crate::trust::{Authority, in_own_process};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

fn at(server: &Server, host: &str) -> HttpRequest {
    let url = format!("https://{host}:{}/", server.address.port());
    get(url).requirements(Requirements::default())
}

#[test]
fn many_exchanges_take_one_handshake() {
    in_own_process("secure::many_exchanges_take_one_handshake", |authority| {
        let server = Server::start_secure(authority.vouches_for("localhost"), |_, stream| {
            stream.write_all(OK)
        });
        let host = host();
        for _ in 0..20 {
            let response = send(&host, &at(&server, "localhost")).expect("it is trusted");
            assert_eq!(response.body.expose(), b"hi");
        }
        assert_eq!((server.requests().len(), server.connections()), (20, 1));
    });
}

#[test]
fn a_server_that_no_root_vouches_for_sees_no_request() {
    let name = "secure::a_server_that_no_root_vouches_for_sees_no_request";
    in_own_process(name, |_| {
        let stranger = Authority::new("stranger").vouches_for("localhost");
        let server = Server::start_secure(stranger, |_, stream| stream.write_all(OK));
        let failure = send(&host(), &at(&server, "localhost")).expect_err("nobody vouches");
        assert!(
            matches!(&failure, HttpFailure::Tls(detail) if detail.as_str().contains("UnknownIssuer")),
            "{failure}"
        );
        assert_eq!(server.requests().len(), 0);
    });
}

#[test]
fn a_server_of_another_name_sees_no_request() {
    in_own_process(
        "secure::a_server_of_another_name_sees_no_request",
        |authority| {
            let other = authority.vouches_for("other.example");
            let server = Server::start_secure(other, |_, stream| stream.write_all(OK));
            for name in ["localhost", "127.0.0.1"] {
                let failure = send(&host(), &at(&server, name)).expect_err("it is another");
                assert!(matches!(failure, HttpFailure::Tls(_)), "{failure}");
            }
            assert_eq!(server.requests().len(), 0);
        },
    );
}

#[test]
fn a_server_may_be_named_by_its_address() {
    in_own_process(
        "secure::a_server_may_be_named_by_its_address",
        |authority| {
            let config = authority.vouches_for("127.0.0.1");
            let server = Server::start_secure(config, |_, stream| stream.write_all(OK));
            let response = send(&host(), &at(&server, "127.0.0.1")).expect("it is trusted");
            assert_eq!(response.status, 200);
        },
    );
}

#[test]
fn a_server_that_does_not_speak_tls_fails_the_handshake() {
    let name = "secure::a_server_that_does_not_speak_tls_fails_the_handshake";
    in_own_process(name, |_| {
        let talker = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("https://{}/", talker.local_addr().expect("it is bound"));
        std::thread::spawn(move || {
            for socket in talker.incoming() {
                drop(socket.and_then(|mut socket| socket.write_all(b"220 smtp.example\r\n")));
            }
        });
        let request = get(url).requirements(Requirements::default());
        let failure = send(&host(), &request).expect_err("it speaks something else");
        assert!(matches!(failure, HttpFailure::Tls(_)), "{failure}");
    });
}

#[test]
fn a_handshake_that_never_ends_is_not_waited_for_past_the_limit() {
    let name = "secure::a_handshake_that_never_ends_is_not_waited_for_past_the_limit";
    in_own_process(name, |_| {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("https://{}/", silent.local_addr().expect("it is bound"));
        let requirements = Requirements {
            timeout: Duration::from_millis(100),
            ..Requirements::default()
        };
        let reply = send(&host(), &get(url).requirements(requirements));
        assert_eq!(reply, Err(HttpFailure::TimedOut));
    });
}

#[test]
fn limits_hold_over_tls_as_well() {
    in_own_process("secure::limits_hold_over_tls_as_well", |authority| {
        let server = Server::start_secure(authority.vouches_for("localhost"), |_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12345")?;
            stream.flush()?;
            wait_for_client_to_leave(stream)
        });
        let with = |timeout: u64, max_body| {
            let requirements = Requirements {
                timeout: Duration::from_millis(timeout),
                max_body,
                ..Requirements::default()
            };
            send(
                &host(),
                &at(&server, "localhost").requirements(requirements),
            )
        };
        assert_eq!(with(20_000, 4), Err(HttpFailure::BodyTooLarge { limit: 4 }));
        assert_eq!(with(200, 9), Err(HttpFailure::TimedOut));
    });
}

#[test]
fn a_client_secret_brings_a_token_from_within_an_async_worker() {
    let name = "secure::a_client_secret_brings_a_token_from_within_an_async_worker";
    in_own_process(name, |authority| {
        let server = Server::start_secure(authority.vouches_for("localhost"), |_, stream| {
            let body = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
            write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())
        });
        let entra = format!("https://localhost:{}", server.address.port());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .expect("a runtime can be built");
        let token = runtime.block_on(async move {
            let worker = tokio::spawn(async move {
                let credential = ClientSecretCredential::new("tenant", "client", "canary")
                    .expect("it is complete")
                    .authority(Entra::new(entra).expect("the URL is valid"));
                let provider = TokenProvider::builder(credential).host(host()).build();
                let first = provider.get_token(&["https://vault.azure.net/.default"])?;
                assert_eq!(
                    provider.get_token(&["https://vault.azure.net/.default"])?,
                    first
                );
                drop(provider);
                Ok::<_, azid_core::Error>(first)
            });
            worker.await.expect("nothing panics inside a runtime")
        });
        assert_eq!(token.expect("there is a token").expose(), "AT");
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert!(
            requests[0].contains("client_secret=canary"),
            "{}",
            requests[0]
        );
    });
}

/// Keeps every record. What the HTTP library would say of the wire is off until it is switched on.
struct Keeper {
    wire: AtomicBool,
    kept: std::sync::Mutex<String>,
}

static KEEPER: Keeper = Keeper {
    wire: AtomicBool::new(false),
    kept: std::sync::Mutex::new(String::new()),
};

impl Log for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wire.load(Ordering::SeqCst) || !metadata.target().starts_with("ureq_proto")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut kept = self.kept.lock().expect("no logger panics");
            kept.push_str(&format!("{} {}\n", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

#[test]
fn no_log_at_any_level_shows_a_secret() {
    in_own_process("secure::no_log_at_any_level_shows_a_secret", |authority| {
        log::set_logger(&KEEPER).expect("there is no other");
        log::set_max_level(LevelFilter::Trace);
        let server = Server::start_secure(authority.vouches_for("localhost"), |_, stream| {
            let head = "HTTP/1.1 200 OK\r\nset-cookie: s3cr\r\nlocation: s3cr\r\n";
            write!(stream, "{head}content-length: 4\r\n\r\ns3cr")
        });
        let host = Host::new();
        let form = Form::new().secret("client_secret", &"s3cr".into());
        let request = HttpRequest::post_form(at(&server, "localhost").url, &form)
            .secret_header(HeaderName::from_static("x-identity-header"), "s3cr".into())
            .expect("the value is fit");
        send(&host, &request).expect("it is trusted");
        let kept = || KEEPER.kept.lock().expect("no logger panics").clone();
        assert!(kept().contains("localhost"), "the log is read");
        let shown = kept().replace("\"location\": \"s3cr\"", ""); // an address, not a secret
        assert!(!shown.contains("s3cr"), "{shown}");

        KEEPER.wire.store(true, Ordering::SeqCst);
        let failure = send(&host, &request).expect_err("the wire would be logged");
        assert!(failure.to_string().contains("log level"), "{failure}");
        assert!(failure.surely_not_sent());
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_connection_cut_off_in_the_handshake_carried_nothing() {
    let name = "secure::a_connection_cut_off_in_the_handshake_carried_nothing";
    in_own_process(name, |_| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("https://{}/", listener.local_addr().expect("it is bound"));
        std::thread::spawn(move || -> io::Result<()> {
            for socket in listener.incoming() {
                drop(socket?);
            }
            Ok(())
        });
        let request = get(url).requirements(Requirements::default());
        let failure = send(&host(), &request).expect_err("it hangs up");
        assert!(failure.surely_not_sent(), "{failure:?}");
    });
}

#[test]
fn a_connection_that_is_cut_in_the_handshake_is_lost_and_no_matter_of_certificates() {
    let name =
        "secure::a_connection_that_is_cut_in_the_handshake_is_lost_and_no_matter_of_certificates";
    in_own_process(name, |_| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                cut(client, number % 2 == 0);
            }
        });
        let host = host();
        for _ in 0..2 {
            let url = format!("https://localhost:{port}/");
            let request = get(url).requirements(Requirements::default());
            let failure = send(&host, &request).expect_err("it is cut");
            let lost = HttpFailure::Lost {
                request_sent: false,
            };
            assert_eq!(failure, lost);
        }
    });
}

/// Ends a connection: in order after the client's first words, or with those words unread, which
/// resets it.
fn cut(mut client: TcpStream, in_order: bool) {
    let mut words = [0; 16 * 1024];
    let most = if in_order { words.len() } else { 1 };
    let _ = client.read(&mut words[..most]);
}
