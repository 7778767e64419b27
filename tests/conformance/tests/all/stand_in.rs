//! A server that gives one scripted answer, and the clients that ask it in place of the real one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use azid_core::effect::{HttpReply, HttpRequest, HttpResponse, Requirement};
use azid_tokio::HttpClient;

/// Serves one exchange on loopback.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<()>,
}

impl StandIn {
    pub(crate) fn serve(response: HttpResponse) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let thread = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("somebody asks");
            let mut asked = Vec::new();
            while !is_whole(&asked) {
                let mut part = [0; 4096];
                let length = socket.read(&mut part).expect("the request is whole");
                assert_ne!(length, 0, "the request ends too soon");
                asked.extend_from_slice(&part[..length]);
            }
            socket
                .write_all(&answer(&response))
                .expect("somebody listens");
        });
        Self { address, thread }
    }

    pub(crate) fn finish(self) {
        self.thread.join().expect("the exchange was made");
    }
}

fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.split_once("content-length: ").map_or(0, |(_, rest)| {
        let digits = rest.split("\r\n").next().unwrap_or_default();
        digits.parse().expect("a length is a number")
    });
    body.len() >= length
}

fn answer(response: &HttpResponse) -> Vec<u8> {
    let body = response.body.expose();
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", response.status);
    for (name, value) in &response.headers {
        head += &format!("{name}: {}\r\n", value.to_str().expect("cases are text"));
    }
    head += &format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn question(request: &HttpRequest) -> Vec<u8> {
    let body = request.body.expose();
    let (method, path) = (&request.method, request.url.path());
    let head = format!(
        "{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn parse(answered: &[u8]) -> HttpResponse {
    let end = answered
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = std::str::from_utf8(&answered[..end]).expect("a head is text");
    let status = head[9..12].parse().expect("a status is a number");
    let mut response = HttpResponse::new(status, &answered[end + 4..]);
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        let name: ureq::http::HeaderName = name.parse().expect("a name");
        response
            .headers
            .insert(name, value.parse().expect("a value"));
    }
    response
}

pub(crate) fn send_blocking(address: SocketAddr, request: &HttpRequest) -> HttpReply {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.write_all(&question(request)).expect("it reads");
    let mut answered = Vec::new();
    socket.read_to_end(&mut answered).expect("it answers");
    Ok(parse(&answered))
}

/// Asks by tokio's sockets.
pub(crate) struct OnTokio(pub(crate) SocketAddr);

impl HttpClient for OnTokio {
    /// A script needs no proof of who tells it.
    fn honours(&self, _: Requirement) -> bool {
        true
    }

    async fn send(&self, request: HttpRequest) -> HttpReply {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut socket = tokio::net::TcpStream::connect(self.0)
            .await
            .expect("it listens");
        socket
            .write_all(&question(&request))
            .await
            .expect("it reads");
        let mut answered = Vec::new();
        socket.read_to_end(&mut answered).await.expect("it answers");
        Ok(parse(&answered))
    }
}

/// Asks by async-std's sockets.
pub(crate) struct OnAsyncStd(pub(crate) SocketAddr);

impl HttpClient for OnAsyncStd {
    /// A script needs no proof of who tells it.
    fn honours(&self, _: Requirement) -> bool {
        true
    }

    async fn send(&self, request: HttpRequest) -> HttpReply {
        use async_std::io::{ReadExt, WriteExt};
        let mut socket = async_std::net::TcpStream::connect(self.0)
            .await
            .expect("it listens");
        socket
            .write_all(&question(&request))
            .await
            .expect("it reads");
        let mut answered = Vec::new();
        socket.read_to_end(&mut answered).await.expect("it answers");
        Ok(parse(&answered))
    }
}
