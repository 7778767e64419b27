//! Connections that bring no answer: none of them keeps the answer out.

use std::io::Write;
use std::net::Shutdown;

use crate::person::{
    LOOPBACK, begin, connect, finish, form, read, request, send, status, wait_for_end,
};

#[test]
fn what_is_no_form_is_told_so_and_waited_past() {
    let (port, waiting) = begin(request());
    let cases: [(&[u8], &str); 5] = [
        (b"\x16\x03\x01\x02\x00\x01\xff\r\n\r\n", "400"),
        (b"hello\r\n\r\n", "405"),
        (
            b"GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "405",
        ),
        (b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        (
            b"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n",
            "415",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(status(&send(port, bytes)), expected);
    }
    finish(port, waiting);
}

#[test]
fn a_request_that_never_ends_is_cut_off() {
    let (port, waiting) = begin(request());
    let mut long = b"POST / HTTP/1.1\r\nX: ".to_vec();
    long.resize(300_000, b'x');
    assert_eq!(status(&send(port, &long)), "413");

    let announced = b"POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
        Content-Length: 99999999999\r\n\r\n";
    assert_eq!(status(&send(port, announced)), "413");
    finish(port, waiting);
}

#[test]
fn a_connection_without_a_request_is_waited_past() {
    let (port, waiting) = begin(request());
    drop(connect(LOOPBACK, port));
    let half = connect(LOOPBACK, port);
    half.shutdown(Shutdown::Write).expect("it is open");
    wait_for_end(half);
    finish(port, waiting);
}

#[test]
fn clients_that_send_nothing_or_dawdle_do_not_keep_the_answer_out() {
    let (port, waiting) = begin(request());
    let mut dawdlers: Vec<_> = (0..100).map(|_| connect(LOOPBACK, port)).collect();
    for dawdler in dawdlers.iter_mut().step_by(2) {
        let _ = dawdler.write_all(b"POST / HTTP/1.1\r\n"); // it may be cut off already
    }
    finish(port, waiting);
    dawdlers.into_iter().for_each(wait_for_end);
}

#[test]
fn an_answer_that_began_before_other_connections_is_heard() {
    let (port, waiting) = begin(request());
    let bytes = form("code=abc&state=right");
    let (first, second) = bytes.split_at(30);
    let mut browser = connect(LOOPBACK, port);
    browser.write_all(first).expect("it is read");
    assert_eq!(status(&send(port, b"GET / HTTP/1.1\r\n\r\n")), "405");
    let idle = connect(LOOPBACK, port);
    browser.write_all(second).expect("it is read");
    assert_eq!(status(&read(&mut browser)), "200");
    waiting.join().expect("no panic").expect("an answer");
    wait_for_end(idle);
}
