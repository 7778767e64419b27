//! Requests and answers, as they go over the wire.

use std::io;
use std::net::Shutdown;
use std::sync::mpsc;

use azid_core::effect::{HttpFailure, HttpRequest, Refusal, Requirement, Requirements};
use azid_core::oauth::Form;
use http::header::{HeaderName, HeaderValue};

use crate::probe::{get, host, plain, send};
use crate::server::{Server, closed_port, read_request};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

#[test]
fn a_request_is_sent_as_it_was_written_and_nothing_is_added_but_where_it_comes_from() {
    let server = Server::saying(OK);
    let request = get(server.url("/path?query=1%202"))
        .header(
            HeaderName::from_static("metadata"),
            HeaderValue::from_static("true"),
        )
        .secret_header(HeaderName::from_static("x-secret"), "s3".into())
        .expect("the value is fit");
    let response = send(&host(), &request).expect("the server answers");
    assert_eq!((response.status, response.body.expose()), (200, &b"hi"[..]));

    let request = server.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").expect("a head ends");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("GET /path?query=1%202 HTTP/1.1"));
    let mut fields: Vec<_> = lines.map(str::to_lowercase).collect();
    fields.sort_unstable();
    let expected = [
        "accept-encoding: identity".to_owned(),
        format!("host: {}", server.address),
        "metadata: true".to_owned(),
        format!("user-agent: azid/{}", env!("CARGO_PKG_VERSION")),
        "x-secret: s3".to_owned(),
    ];
    assert_eq!(fields, expected);
    assert_eq!(body, "");
}

#[test]
fn a_request_may_say_itself_where_it_comes_from() {
    let server = Server::saying(OK);
    let agent = (
        HeaderName::from_static("user-agent"),
        HeaderValue::from_static("mine"),
    );
    let request = get(server.url("/")).header(agent.0, agent.1);
    send(&host(), &request).expect("the server answers");
    let request = server.requests().remove(0).to_lowercase();
    assert_eq!(request.matches("user-agent: ").count(), 1);
    assert!(request.contains("user-agent: mine"), "{request}");
}

#[test]
fn a_form_is_posted_with_its_length() {
    let server = Server::saying(OK);
    let url = server.url("/token").parse().expect("the URL is valid");
    let form = Form::new().field("a", "1 2").field("b", "ü");
    let request = HttpRequest::post_form(url, &form).requirements(plain());
    send(&host(), &request).expect("the server answers");
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"), "{request}");
    assert!(
        request.to_lowercase().contains("content-length: 14\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\na=1+2&b=%C3%BC"), "{request}");
}

#[test]
fn a_post_without_a_body_says_so() {
    let server = Server::saying(OK);
    let url = server.url("/oidctoken").parse().expect("the URL is valid");
    let request = HttpRequest::post(url).requirements(plain());
    send(&host(), &request).expect("the server answers");
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.contains("\r\ncontent-length: 0\r\n"), "{request}");
    assert!(!request.contains("transfer-encoding"), "{request}");
}

#[test]
fn the_fields_of_an_answer_are_handed_back_with_all_their_bytes() {
    let server = Server::saying(
        b"HTTP/1.1 200 OK\r\nx-bytes: a\xff\xfeb\r\nx-two: 1\r\nx-two: 2\r\ncontent-length: 0\r\n\r\n",
    );
    let response = send(&host(), &get(server.url("/"))).expect("the server answers");
    assert_eq!(response.headers["x-bytes"].as_bytes(), b"a\xff\xfeb");
    assert_eq!(response.header("x-bytes"), None);
    let both: Vec<_> = response.headers.get_all("x-two").iter().collect();
    assert_eq!(both, ["1", "2"]);
}

#[test]
fn a_status_that_means_an_error_is_an_answer() {
    for status in [400, 401, 404, 429, 500, 503] {
        let server = Server::start(move |_, stream| {
            write!(
                stream,
                "HTTP/1.1 {status} No\r\ncontent-length: 3\r\n\r\nwhy"
            )
        });
        let response = send(&host(), &get(server.url("/"))).expect("the server answers");
        assert_eq!(
            (response.status, response.body.expose()),
            (status, &b"why"[..])
        );
    }
}

#[test]
fn a_redirect_is_handed_back_and_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(move |_, stream| {
            let head = format!("HTTP/1.1 {status} Over there\r\nlocation: /other\r\n");
            write!(stream, "{head}content-length: 4\r\n\r\ngone")
        });
        let response = send(&host(), &get(server.url("/"))).expect("the server answers");
        assert_eq!(response.status, status);
        assert_eq!(response.header("location"), Some("/other"));
        assert_eq!(response.body.expose(), b"gone");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_answer_may_come_in_chunks_or_end_with_the_connection() {
    let chunks = Server::saying(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
    );
    let response = send(&host(), &get(chunks.url("/"))).expect("the server answers");
    assert_eq!(response.body.expose(), b"abcde");

    let until_close = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabcde")?;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    let response = send(&host(), &get(until_close.url("/"))).expect("the server answers");
    assert_eq!(response.body.expose(), b"abcde");
}

#[test]
fn a_connection_is_used_again_whatever_each_request_requires_of_time_and_size() {
    let server = Server::saying(OK);
    let host = host();
    for n in 1..=10 {
        let requirements = Requirements {
            max_body: 100 * n,
            timeout: std::time::Duration::from_secs(n as u64),
            ..plain()
        };
        let request = get(server.url("/")).requirements(requirements);
        send(&host, &request).expect("the server answers");
    }
    assert_eq!((server.requests().len(), server.connections()), (10, 1));
}

#[test]
fn a_connection_that_the_server_has_closed_is_not_used_again() {
    let (closed, is_closed) = mpsc::channel();
    let server = Server::start(move |_, stream| {
        stream.write_all(OK)?;
        stream.socket().shutdown(Shutdown::Both)?;
        closed.send(()).map_err(io::Error::other)
    });
    let host = host();
    for _ in 0..3 {
        send(&host, &get(server.url("/"))).expect("the server answers");
        is_closed.recv().expect("the server closes");
    }
    assert_eq!(server.connections(), 3);
}

#[test]
fn a_request_in_clear_is_refused_without_leave() {
    let server = Server::saying(OK);
    let request = get(server.url("/")).requirements(Requirements::default());
    let refusal = Refusal::Requirement(Requirement::Https);
    assert_eq!(send(&host(), &request), Err(HttpFailure::Refused(refusal)));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_port_where_nobody_listens_is_no_connection() {
    let url = format!("http://127.0.0.1:{}/", closed_port());
    let failure = send(&host(), &get(url)).expect_err("nobody listens");
    assert!(matches!(failure, HttpFailure::Connect(_)), "{failure}");
}

#[test]
fn a_name_that_nobody_has_cannot_be_resolved() {
    let failure = send(&host(), &get("http://nobody.invalid/")).expect_err("no such name");
    assert!(matches!(failure, HttpFailure::Resolve(_)), "{failure}");
}

#[test]
fn a_server_that_hangs_up_or_does_not_speak_http_may_have_seen_the_request() {
    let lost = Err(HttpFailure::Lost { request_sent: true });
    let silent = Server::start(|_, _| Err(io::ErrorKind::ConnectionAborted.into()));
    assert_eq!(send(&host(), &get(silent.url("/"))), lost);
    let other = Server::saying(b"220 smtp.example ESMTP\r\n\r\n");
    assert_eq!(send(&host(), &get(other.url("/"))), lost);
    let cut = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")?;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    assert_eq!(send(&host(), &get(cut.url("/"))), lost);
}

#[test]
fn an_agent_of_the_users_own_keeps_to_what_a_request_requires() {
    let agent = ureq::Agent::config_builder()
        .user_agent("theirs")
        .proxy(None)
        .build()
        .new_agent();
    let host = host().ureq_agent(agent);
    let server = Server::start(|request, stream| {
        if request.starts_with("GET /long ") {
            return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789");
        }
        stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")
    });
    for _ in 0..3 {
        let response = send(&host, &get(server.url("/"))).expect("the server answers");
        assert_eq!(response.status, 302);
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));

    let requirements = Requirements {
        max_body: 8,
        ..plain()
    };
    let long = get(server.url("/long")).requirements(requirements);
    assert_eq!(
        send(&host, &long),
        Err(HttpFailure::BodyTooLarge { limit: 8 })
    );
    let in_clear = get(server.url("/")).requirements(Requirements::default());
    let refusal = Refusal::Requirement(Requirement::Https);
    assert_eq!(send(&host, &in_clear), Err(HttpFailure::Refused(refusal)));
    let nobody = get(format!("http://127.0.0.1:{}/", closed_port()));
    assert!(matches!(send(&host, &nobody), Err(HttpFailure::Connect(_))));
}

#[test]
fn requests_of_many_threads_do_not_mix() {
    let server = Server::start(|request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}",
            path.len()
        )
    });
    let host = host();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (host, server) = (&host, &server);
            scope.spawn(move || {
                for m in 0..8 {
                    let path = format!("/{n}/{m}");
                    let response = send(host, &get(server.url(&path))).expect("it answers");
                    assert_eq!(response.body.expose(), path.as_bytes());
                }
            });
        }
    });
    assert_eq!(server.requests().len(), 64);
}

#[test]
fn bytes_that_follow_an_answer_are_never_taken_for_the_next() {
    let (wrote, has_written) = mpsc::channel();
    let server = Server::start(move |_, stream| {
        stream.write_all(OK)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nforge")?;
        stream.flush()?;
        wrote.send(()).map_err(io::Error::other)?;
        read_request(stream).map(drop)
    });
    let host = host();
    for _ in 0..2 {
        let response = send(&host, &get(server.url("/"))).expect("the server answers");
        assert_eq!(response.body.expose(), b"hi");
        has_written.recv().expect("the server writes it all");
    }
}

#[test]
fn a_url_that_cannot_be_sent_is_no_fault_of_the_network() {
    let long = "x".repeat(100_000);
    let url = format!("http://127.0.0.1:1/?canary={long}");
    let failure = send(&host(), &get(url));
    let failure = failure.expect_err("it is too long");
    assert!(matches!(failure, HttpFailure::Unsendable(_)), "{failure}");
    assert!(!failure.to_string().contains("canary"), "{failure}");
}
