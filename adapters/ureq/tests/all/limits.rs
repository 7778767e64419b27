//! Limits of time and size.

use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use azid_core::effect::{HttpFailure, HttpRequest, Requirements};
use azid_native::Proxies;

use crate::probe::{get, host, plain, send};
use crate::server::{Server, Stream, wait_for_client_to_leave};

const SHORT: Duration = Duration::from_millis(100);

/// Far longer than [`SHORT`], even on a busy machine.
const LONG: Duration = Duration::from_secs(20);

fn within(url: String, timeout: Duration) -> HttpRequest {
    get(url).requirements(Requirements { timeout, ..plain() })
}

fn at_most(url: String, max_body: usize) -> HttpRequest {
    get(url).requirements(Requirements {
        max_body,
        ..plain()
    })
}

fn assert_times_out(server: &Server) {
    let start = Instant::now();
    let reply = send(&host(), &within(server.url("/"), SHORT));
    assert_eq!(reply, Err(HttpFailure::TimedOut));
    let taken = start.elapsed();
    assert!(taken >= SHORT && taken < LONG, "{taken:?}");
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_past_the_limit() {
    assert_times_out(&Server::start(|_, stream| wait_for_client_to_leave(stream)));
}

#[test]
fn the_limit_holds_for_the_body_too() {
    assert_times_out(&Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1")?;
        wait_for_client_to_leave(stream)
    }));
}

#[test]
fn bytes_that_trickle_in_do_not_lengthen_the_limit() {
    assert_times_out(&Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n")?;
        trickle(stream, b"1")
    }));
    assert_times_out(&Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        trickle(stream, b"a: b\r\n")
    }));
}

/// Writes some bytes again and again, some time apart, until the client has left.
fn trickle(stream: &mut dyn Stream, bytes: &[u8]) -> io::Result<()> {
    stream.socket().set_read_timeout(Some(SHORT / 10))?;
    loop {
        stream.write_all(bytes)?;
        match stream.read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

#[test]
fn a_proxy_that_never_connects_is_not_waited_for_past_the_limit() {
    let trickling: [fn(&mut dyn Stream) -> io::Result<()>; 2] =
        [wait_for_client_to_leave, |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            trickle(stream, b"a: b\r\n")
        }];
    for proxy in trickling {
        let proxy = Server::start(move |_, stream| proxy(stream));
        let proxies = Proxies::from_lookup(|name| (name == "all_proxy").then(|| proxy.url("")));
        let start = Instant::now();
        let request = within("https://server.invalid/".to_owned(), SHORT);
        let reply = send(&host().proxies(proxies), &request);
        assert_eq!(reply, Err(HttpFailure::TimedOut));
        assert!(start.elapsed() < LONG);
    }
}

#[test]
fn a_body_of_exactly_the_limit_is_read_and_a_longer_one_is_too_large() {
    let server = Server::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345");
    let response = send(&host(), &at_most(server.url("/"), 5)).expect("it is short enough");
    assert_eq!(response.body.expose(), b"12345");
    let reply = send(&host(), &at_most(server.url("/"), 4));
    assert_eq!(reply, Err(HttpFailure::BodyTooLarge { limit: 4 }));
}

#[test]
fn a_body_without_end_is_read_no_further_than_its_limit() {
    for (head, part) in [
        ("content-length: 1099511627776", vec![b'x'; 64 * 1024]),
        ("connection: close", vec![b'x'; 64 * 1024]),
        ("transfer-encoding: chunked", chunk(64 * 1024)),
    ] {
        let (report, sent) = mpsc::channel();
        let server = Server::start(move |_, stream| {
            write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n")?;
            let mut sent: usize = 0;
            while stream.write_all(&part).is_ok() {
                sent += part.len();
            }
            report.send(sent).expect("the test waits");
            Err(io::ErrorKind::BrokenPipe.into())
        });
        let reply = send(&host(), &at_most(server.url("/"), 1000));
        assert_eq!(reply, Err(HttpFailure::BodyTooLarge { limit: 1000 }));
        // What fits into the buffers of two sockets is sent, whoever reads it.
        let sent = sent.recv_timeout(LONG).expect("the client hangs up");
        assert!(sent < 32 * 1024 * 1024, "{head}: {sent} bytes");
    }
}

fn chunk(length: usize) -> Vec<u8> {
    let mut chunk = format!("{length:x}\r\n").into_bytes();
    chunk.extend(vec![b'x'; length]);
    chunk.extend(b"\r\n");
    chunk
}

#[test]
fn a_head_without_end_is_given_up() {
    let server = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"a: 0123456789012345678901234567890123456789\r\n")?;
        }
    });
    let reply = send(&host(), &within(server.url("/"), LONG));
    assert_eq!(reply, Err(HttpFailure::Lost { request_sent: true }));
}
