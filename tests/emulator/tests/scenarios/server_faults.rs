//! Faults of the connection, acted out over real sockets.

use crate::support::{NOW, emulator};
use crate::wire::{Client, connect, options, server};
use azid_emulator::{Clock, DropPoint, EmulatorServer, Fault, ServerOptions};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const REQUEST: &str = "GET /metadata/instance/compute?api-version=2021-02-01 HTTP/1.1\r\n\
                       Host: 127.0.0.1\r\nMetadata: true\r\n\r\n";

#[test]
fn a_drop_before_the_reply_ends_the_connection_without_a_byte() {
    let server = server();
    assert!(everything_under(&server, Fault::Drop(DropPoint::BeforeReply)).is_empty());
    assert_served(&server);
}

#[test]
fn a_drop_in_the_body_leaves_half_of_it() {
    let server = server();
    let whole = connect(&server).ask(REQUEST);
    let bytes = everything_under(&server, Fault::Drop(DropPoint::MidBody));
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.contains(&format!("content-length: {}", whole.body.len())));
    assert_eq!(body.as_bytes(), &whole.body[..whole.body.len() / 2]);
    assert_served(&server);
}

#[test]
fn garbage_is_not_http() {
    let server = server();
    let bytes = everything_under(&server, Fault::Garbage);
    assert!(!bytes.is_empty() && !bytes.starts_with(b"HTTP"));
    assert_served(&server);
}

#[test]
fn a_slow_body_comes_whole_in_the_end() {
    let server = server();
    let whole = connect(&server).ask(REQUEST);
    let pause = Duration::from_millis(2);
    let started = Instant::now();
    let slow = ask_under(&server, Fault::SlowBody(pause))
        .receive()
        .expect("a whole answer");
    assert_eq!(slow.body, whole.body);
    assert!(started.elapsed() >= pause * u32::try_from(whole.body.len()).expect("a short body"));
}

#[test]
fn a_delayed_answer_holds_up_no_one_else() {
    // The server asks for the time once for each request, when it is about to answer.
    let (asked, asks) = mpsc::channel();
    let clock = Clock::new(move || asked.send(()).map_or(NOW, |()| NOW));
    let options = ServerOptions { clock, ..options() };
    let server = EmulatorServer::start(emulator(), options).expect("free ports");
    asks.recv().expect("the time of the start");
    server.inject("/location", 1, Fault::Delay(Duration::from_secs(3_600)));
    let mut delayed = connect(&server);
    delayed.send(REQUEST.replace("/compute", "/compute/location"));
    asks.recv().expect("the time of the delayed request");
    assert_served(&server);
    drop(server);
    assert!(delayed.rest().is_empty());
}

#[test]
fn a_delay_lasts_as_long_as_it_was_told_to() {
    let server = server();
    let started = Instant::now();
    let mut client = ask_under(&server, Fault::Delay(Duration::from_millis(50)));
    assert_eq!(client.receive().expect("an answer").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(50));
    assert_eq!(client.ask(REQUEST).status, 200);
}

#[test]
fn a_huge_body_is_sent_whole_to_whoever_takes_it_and_harms_no_one_who_does_not() {
    let server = server();
    let answer = ask_under(&server, Fault::HugeBody(3 << 20))
        .receive()
        .expect("an answer");
    assert_eq!(answer.body.len(), 3 << 20);
    drop(ask_under(&server, Fault::HugeBody(64 << 20)));
    assert_served(&server);
}

#[test]
fn a_status_keeps_the_connection() {
    let server = server();
    let mut client = ask_under(&server, Fault::throttle(3));
    let answer = client.receive().expect("an answer");
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 3\r\n"));
    assert_eq!(client.ask(REQUEST).status, 200);
    assert_eq!(server.connections(), 1);
}

fn ask_under(server: &EmulatorServer, fault: Fault) -> Client<TcpStream> {
    server.inject("/metadata/", 1, fault);
    let mut client = connect(server);
    client.send(REQUEST);
    client
}

fn everything_under(server: &EmulatorServer, fault: Fault) -> Vec<u8> {
    ask_under(server, fault).rest()
}

fn assert_served(server: &EmulatorServer) {
    assert_eq!(connect(server).ask(REQUEST).status, 200);
}
