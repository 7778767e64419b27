//! Over TLS, by the roots that the system names.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use azid_core::effect::{HttpFailure, HttpRequest};
use azid_core::oauth::Form;
use azid_core::{Authority, ClientSecretCredential};
use azid_tokio::{TokenProvider, TokioHost};
use http::HeaderName;
use log::{LevelFilter, Log, Metadata, Record};

use crate::fetch::{fetch, request};
use crate::process::{in_its_own_process, trusted_certificate, untrusted_certificate};
use crate::server::Server;

fn https(server: &Server, host: &str) -> String {
    format!("https://{host}:{}/", server.address.port())
}

#[test]
fn many_requests_take_one_handshake() {
    in_its_own_process("tls::many_requests_take_one_handshake", &[], async {
        let server = Server::tls(trusted_certificate("localhost")).await;
        let host = Arc::new(TokioHost::new());
        for _ in 0..5 {
            fetch(&host, request(&https(&server, "localhost")))
                .await
                .expect("an answer");
        }
        assert_eq!((server.requests(), server.connections()), (5, 1));
    });
}

#[test]
fn a_root_that_nobody_trusts_is_a_failure_of_tls() {
    in_its_own_process(
        "tls::a_root_that_nobody_trusts_is_a_failure_of_tls",
        &[],
        async {
            let server = Server::tls(untrusted_certificate("localhost")).await;
            let host = Arc::new(TokioHost::new());
            let failure = fetch(&host, request(&https(&server, "localhost")))
                .await
                .err();
            assert!(matches!(failure, Some(HttpFailure::Tls(_))), "{failure:?}");
            assert_eq!(server.requests(), 0);
        },
    );
}

#[test]
fn a_certificate_for_another_name_is_a_failure_of_tls() {
    in_its_own_process(
        "tls::a_certificate_for_another_name_is_a_failure_of_tls",
        &[],
        async {
            let server = Server::tls(trusted_certificate("other.example")).await;
            let host = Arc::new(TokioHost::new());
            let failure = fetch(&host, request(&https(&server, "localhost")))
                .await
                .err();
            assert!(matches!(failure, Some(HttpFailure::Tls(_))), "{failure:?}");
            assert_eq!(server.requests(), 0);
        },
    );
}

#[test]
fn a_client_secret_gets_a_token_over_tls() {
    in_its_own_process("tls::a_client_secret_gets_a_token_over_tls", &[], async {
        let server = Server::tls(trusted_certificate("localhost")).await;
        let authority = Authority::new(https(&server, "localhost")).expect("an authority");
        let credential = ClientSecretCredential::new("contoso.example", "client", "secret")
            .expect("valid")
            .authority(authority);
        let provider = TokenProvider::new(credential);
        let scope = ["https://vault.azure.net/.default"];
        let callers = (0..20).map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.get_token(&scope).await })
        });
        for caller in callers.collect::<Vec<_>>() {
            let token = caller.await.expect("no panic").expect("a token");
            assert_eq!(token.expose(), "from-a-socket");
        }
        assert_eq!(server.requests(), 1);
    });
}

/// Keeps every record that any library makes.
struct Keeper(Mutex<String>);

static KEEPER: Keeper = Keeper(Mutex::new(String::new()));

impl Log for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut kept = self.0.lock().expect("no logger panics");
        kept.push_str(&format!("{} {}\n", record.target(), record.args()));
    }

    fn flush(&self) {}
}

#[test]
fn no_log_at_any_level_shows_a_secret() {
    in_its_own_process("tls::no_log_at_any_level_shows_a_secret", &[], async {
        log::set_logger(&KEEPER).expect("there is no other");
        log::set_max_level(LevelFilter::Trace);
        log::trace!("the log is read");
        let server = Server::tls(trusted_certificate("localhost")).await;
        let url = format!("{}echo", https(&server, "localhost"));
        let form = Form::new().secret("client_secret", &"s3cr".into());
        let sent = HttpRequest::post_form(url.parse().expect("a URL"), &form)
            .secret_header(HeaderName::from_static("x-identity-header"), "s3cr".into())
            .expect("the value is fit");
        let answer = fetch(&Arc::new(TokioHost::new()), sent).await;
        assert_eq!(answer.expect("it is trusted").body, "client_secret=s3cr");
        let kept = KEEPER.0.lock().expect("no logger panics");
        assert!(kept.contains("the log is read"));
        assert!(!kept.contains("s3cr"), "{kept}");
    });
}

#[test]
fn a_metadata_endpoint_in_clear_needs_no_roots() {
    in_its_own_process(
        "tls::a_metadata_endpoint_in_clear_needs_no_roots",
        &[("SSL_CERT_DIR", "/nonexistent")],
        async {
            let server = Server::plain().await;
            let host = Arc::new(TokioHost::new());
            let answer = fetch(&host, request(&server.url("/"))).await;
            assert_eq!(answer.expect("an answer").status, 200);
            let failure = fetch(&host, request("https://localhost/")).await.err();
            let says_why = matches!(&failure, Some(HttpFailure::Tls(detail))
                if detail.as_str().contains("SSL_CERT_FILE"));
            assert!(says_why, "{failure:?}");
        },
    );
}

#[test]
fn a_connection_that_is_cut_in_the_handshake_is_lost_and_no_matter_of_certificates() {
    let name =
        "tls::a_connection_that_is_cut_in_the_handshake_is_lost_and_no_matter_of_certificates";
    in_its_own_process(name, &[], async {
        let _ = trusted_certificate("localhost"); // there are roots
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                cut(client, number % 2 == 0);
            }
        });
        let host = Arc::new(TokioHost::new());
        for _ in 0..2 {
            let cut = request(&format!("https://localhost:{port}/"));
            let failure = fetch(&host, cut).await.expect_err("it is cut");
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
