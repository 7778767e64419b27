//! Answers, and which way they come.

use std::io::Write;
use std::thread;

use azid_core::Secret;
use azid_core::effect::{AuthorizeAnswer, Authorized, ResponseMode};
use azid_native::{Browser, authorize};

use crate::person::{
    LOOPBACK, assert_free, begin, code, connect, finish, form, loopback_addresses, port_of, read,
    request, send, status,
};

#[test]
fn a_code_in_a_form_ends_the_sign_in_and_frees_the_port() {
    let (port, waiting) = begin(request());
    let page = send(port, &form("code=abc&state=right"));
    assert!(page.contains("Your answer has arrived"), "{page}");
    let outcome = waiting.join().expect("no panic");
    let answer = AuthorizeAnswer::Code(Secret::new("abc"));
    assert_eq!(outcome, Ok(Authorized { port, answer }));
    assert_free(port);
}

#[test]
fn a_denial_ends_the_sign_in_too() {
    let (port, waiting) = begin(request());
    let page = send(port, &form("error=access_denied&state=right"));
    assert!(page.contains("You are not signed in"), "{page}");
    let outcome = waiting.join().expect("no panic").expect("an answer");
    let AuthorizeAnswer::Denied { error, .. } = outcome.answer else {
        panic!("not a denial: {outcome:?}");
    };
    assert_eq!(error, "access_denied");
    assert_free(port);
}

#[test]
fn a_code_in_a_query_is_refused_unless_it_is_asked_for() {
    let query = b"GET /?code=abc&state=right HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (port, waiting) = begin(request());
    assert_eq!(status(&send(port, query)), "405");
    finish(port, waiting);

    let mut asks = request();
    asks.response_mode = ResponseMode::Query;
    let (port, waiting) = begin(asks);
    assert_eq!(status(&send(port, query)), "200");
    assert_eq!(code(waiting.join().expect("no panic")), "abc");
}

#[test]
fn an_answer_with_another_state_is_told_so_and_waited_past() {
    let (port, waiting) = begin(request());
    assert_eq!(status(&send(port, &form("code=abc&state=wrong"))), "400");
    finish(port, waiting);
}

#[test]
fn an_answer_may_come_to_either_loopback_address_and_to_no_other() {
    for address in loopback_addresses() {
        let (port, waiting) = begin(request());
        let elsewhere = std::net::TcpStream::connect(("127.0.0.2", port)).map(drop);
        elsewhere.expect_err("nobody listens there");
        let mut stream = connect(address, port);
        stream
            .write_all(&form("code=abc&state=right"))
            .expect("it is read");
        assert_eq!(status(&read(&mut stream)), "200");
        assert_eq!(code(waiting.join().expect("no panic")), "abc");
    }
}

#[test]
fn an_answer_may_come_byte_by_byte() {
    let (port, waiting) = begin(request());
    let mut stream = connect(LOOPBACK, port);
    stream.set_nodelay(true).expect("a fresh socket");
    for byte in form("code=abc&state=right") {
        stream.write_all(&[byte]).expect("it is read");
        thread::yield_now();
    }
    assert_eq!(status(&read(&mut stream)), "200");
    assert_eq!(code(waiting.join().expect("no panic")), "abc");
}

#[test]
fn an_answer_may_come_by_the_oldest_http() {
    let (port, waiting) = begin(request());
    let bytes = b"POST / HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\
        Content-Length: 20\r\n\r\ncode=abc&state=right";
    assert_eq!(status(&send(port, bytes)), "200");
    assert_eq!(code(waiting.join().expect("no panic")), "abc");
}

#[test]
fn a_browser_may_stay_in_front_until_the_person_is_done() {
    let browser = Browser::new(|page| {
        let page = send(port_of(page), &form("code=abc&state=right"));
        assert_eq!(status(&page), "200");
        Ok(())
    });
    assert_eq!(code(authorize(&request(), &browser)), "abc");
}

#[test]
fn sign_ins_at_the_same_time_do_not_hear_each_others_answers() {
    let mut other = request();
    other.state = Secret::new("other");
    let (port, waiting) = begin(request());
    let (other_port, other_waiting) = begin(other);
    let others = form("code=def&state=other");
    assert_eq!(status(&send(port, &others)), "400");
    assert_eq!(status(&send(other_port, &others)), "200");
    assert_eq!(code(other_waiting.join().expect("no panic")), "def");
    finish(port, waiting);
}
