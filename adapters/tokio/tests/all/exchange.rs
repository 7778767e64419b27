//! Every requirement on a request is honoured or refused.

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{
    HttpFailure, HttpRequest, Refusal, Requirement, Requirements, Roots, Thumbprint, Tls,
};
use azid_core::oauth::Form;
use azid_tokio::TokioHost;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

use crate::fetch::{fetch, request, requirements};
use crate::process::in_its_own_process;
use crate::server::Server;

fn host() -> Arc<TokioHost> {
    Arc::default()
}

fn refused(requirement: Requirement) -> Option<HttpFailure> {
    Some(HttpFailure::Refused(Refusal::Requirement(requirement)))
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let server = Server::plain().await;
    let answer = fetch(&host(), request(&server.url("/token")))
        .await
        .expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("from-a-socket"), "{answer:?}");
}

#[tokio::test]
async fn a_post_without_a_body_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a request"));
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        stream.write_all(answer).await.expect("it is sent");
        String::from_utf8_lossy(&head).to_lowercase()
    });
    let url = format!("http://{address}/oidctoken").parse();
    let request = HttpRequest::post(url.expect("the URL is valid")).requirements(requirements());
    fetch(&host(), request).await.expect("an answer");
    let head = served.await.expect("it served");
    assert!(head.contains("\r\ncontent-length: 0\r\n"), "{head}");
}

#[tokio::test]
async fn many_requests_share_one_connection() {
    let (server, host) = (Server::plain().await, host());
    for _ in 0..5 {
        fetch(&host, request(&server.url("/token")))
            .await
            .expect("an answer");
    }
    assert_eq!((server.requests(), server.connections()), (5, 1));
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let server = Server::plain().await;
    let answer = fetch(&host(), request(&server.url("/redirect")))
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (302, Some("/token"))
    );
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_url_in_clear_is_refused_unless_the_request_allows_it() {
    let server = Server::plain().await;
    let request = request(&server.url("/token")).requirements(Requirements::default());
    let failure = fetch(&host(), request).await.err();
    assert_eq!(failure, refused(Requirement::Https));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_to_its_end_announced_or_not() {
    let server = Server::plain().await;
    for path in ["/large", "/chunked", "/announced", "/endless"] {
        let failure = fetch(&host(), up_to(999, &server.url(path))).await.err();
        let too_large = HttpFailure::BodyTooLarge { limit: 999 };
        assert_eq!(failure, Some(too_large), "{path}");
    }
    for path in ["/large", "/chunked"] {
        let answer = fetch(&host(), up_to(1000, &server.url(path))).await;
        assert_eq!(
            answer.expect("it is just as long").body.len(),
            1000,
            "{path}"
        );
    }
}

fn up_to(max_body: usize, url: &str) -> HttpRequest {
    request(url).requirements(Requirements {
        max_body,
        timeout: Duration::from_secs(5),
        ..requirements()
    })
}

#[tokio::test]
async fn the_time_limit_covers_the_wait_for_the_answer_and_its_body() {
    let server = Server::plain().await;
    for path in ["/silent", "/slow"] {
        let requirements = Requirements {
            timeout: Duration::from_millis(200),
            ..requirements()
        };
        let failure = fetch(
            &host(),
            request(&server.url(path)).requirements(requirements),
        )
        .await;
        assert_eq!(failure, Err(HttpFailure::TimedOut), "{path}");
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn what_the_host_does_not_offer_yet_it_refuses_by_name() {
    let server = Server::plain().await;
    let cases = [
        (
            Tls {
                pin: Some(Thumbprint([7; 20])),
                ..Tls::default()
            },
            Requirement::TlsPin,
        ),
        (
            Tls {
                roots: Roots::Exclusive(String::new()),
                ..Tls::default()
            },
            Requirement::ExclusiveRoots,
        ),
        (
            Tls {
                server_name: Some("other".into()),
                ..Tls::default()
            },
            Requirement::ServerName,
        ),
    ];
    for (tls, requirement) in cases {
        let requirements = Requirements {
            tls,
            ..requirements()
        };
        let failure = fetch(
            &host(),
            request(&server.url("/")).requirements(requirements),
        )
        .await;
        assert_eq!(failure.err(), refused(requirement));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_failure_says_how_far_the_request_came() {
    let host = host();
    let server = Server::plain().await;
    let cut = fetch(&host, request(&server.url("/cut"))).await.err();
    assert_eq!(cut, Some(HttpFailure::Lost { request_sent: true }));

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let closed = fetch(&host, request(&format!("http://{address}/secret?canary"))).await;
    let failure = closed.expect_err("nobody listens there");
    assert!(matches!(failure, HttpFailure::Connect(_)), "{failure:?}");
    assert!(!failure.to_string().contains("canary"), "{failure}");
}

#[test]
fn a_name_that_cannot_be_resolved_is_told_apart() {
    let name = "exchange::a_name_that_cannot_be_resolved_is_told_apart";
    in_its_own_process(name, &[], async {
        let failure = fetch(&host(), request("http://no-such-host.invalid/"))
            .await
            .err();
        assert!(
            matches!(failure, Some(HttpFailure::Resolve(_))),
            "{failure:?}"
        );
    });
}

#[tokio::test]
async fn a_form_is_posted_whole() {
    let server = Server::plain().await;
    let form = Form::new().field("grant_type", "client_credentials");
    let post = HttpRequest::post_form(server.url("/echo").parse().expect("a URL"), &form);
    let answer = fetch(&host(), post.requirements(requirements()))
        .await
        .expect("an answer");
    assert_eq!(answer.body, "grant_type=client_credentials");
}

#[test]
fn a_host_outlives_the_runtime_that_it_was_first_used_in() {
    let servers = Runtime::new().expect("a runtime");
    let server = servers.block_on(Server::plain());
    let host = Arc::new(TokioHost::new());
    for _ in 0..2 {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("one");
        let answer = runtime.block_on(fetch(&host, request(&server.url("/"))));
        assert_eq!(answer.expect("an answer").status, 200);
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_url_that_cannot_be_sent_is_no_fault_of_the_network() {
    let host = host();
    let long = "x".repeat(100_000);
    let url = format!("http://127.0.0.1:1/?canary={long}");
    let failure = fetch(&host, request(&url)).await;
    let failure = failure.expect_err("it is too long");
    assert!(matches!(failure, HttpFailure::Unsendable(_)), "{failure}");
    assert!(!failure.to_string().contains("canary"), "{failure}");
}

#[tokio::test]
async fn an_endpoint_that_says_for_ever_that_one_may_go_on_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "http://{}/token",
        listener.local_addr().expect("it is bound")
    );
    let flood = std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = listener.accept().expect("a connection");
        let words = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(4096);
        while stream.write_all(&words).is_ok() {} // until the client has left
    });
    let request = request(&url).requirements(Requirements {
        timeout: Duration::from_millis(200),
        ..requirements()
    });
    let failure = fetch(&host(), request).await.err();
    let is_over = matches!(
        failure,
        Some(HttpFailure::TimedOut | HttpFailure::Lost { .. })
    );
    assert!(is_over, "{failure:?}");
    tokio::task::spawn_blocking(|| flood.join())
        .await
        .expect("it ends")
        .expect("no panic");
}
