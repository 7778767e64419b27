//! Sign-ins that end without an answer, and which port is taken.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use azid_core::effect::AuthorizeFailure;
use azid_native::{Authorization, Browser, authorize};

use crate::person::{
    LOOPBACK, assert_free, begin, browser, code, connect, finish, form, loopback_addresses,
    port_of, redirect_to, request, send, some_port, wait_for_end,
};

#[test]
fn nobody_is_waited_for_beyond_the_time_limit() {
    let mut brief = request();
    brief.timeout = Duration::from_millis(200);
    let (port, waiting) = begin(brief);
    let idle = connect(LOOPBACK, port);
    let outcome = waiting.join().expect("no panic");
    assert_eq!(outcome, Err(AuthorizeFailure::TimedOut));
    assert_free(port);
    wait_for_end(idle);
}

#[test]
fn a_browser_that_cannot_be_opened_ends_the_sign_in() {
    let port = some_port();
    let mut fixed = request();
    fixed.redirect = redirect_to(port);
    let browser = Browser::new(|_| Err(io::Error::other("no screen")));
    let outcome = authorize(&fixed, &browser);
    let Err(AuthorizeFailure::NoBrowser(detail)) = outcome else {
        panic!("it went on: {outcome:?}");
    };
    assert_eq!(detail.as_str(), "no screen");
    assert_free(port);
}

#[test]
fn a_sign_in_that_is_dropped_frees_its_port_and_its_connections() {
    let (browser, page) = browser();
    let authorization = Authorization::begin(request(), &browser);
    let port = port_of(&page.recv().expect("a page is opened"));
    let idle = connect(LOOPBACK, port);
    drop(authorization);
    assert_free(port);
    wait_for_end(idle);
}

#[test]
fn whoever_polls_a_sign_in_is_woken_by_its_answer() {
    let (browser, page) = browser();
    let answering = thread::spawn(move || {
        let port = port_of(&page.recv().expect("a page is opened"));
        send(port, &form("code=abc&state=right"));
    });
    let outcome = block_on(Authorization::begin(request(), &browser));
    assert_eq!(code(outcome), "abc");
    answering.join().expect("no panic");
}

#[test]
fn the_port_of_the_redirect_uri_is_taken_where_there_is_one() {
    let port = some_port();
    let mut fixed = request();
    fixed.redirect = redirect_to(port);
    let (bound, waiting) = begin(fixed);
    assert_eq!(bound, port);
    finish(port, waiting);
}

#[test]
fn a_port_that_somebody_has_on_either_address_is_not_shared() {
    for address in loopback_addresses() {
        let somebody = TcpListener::bind((address, 0)).expect("a port");
        let port = somebody.local_addr().expect("it is bound").port();
        let mut fixed = request();
        fixed.redirect = redirect_to(port);
        let (browser, page) = browser();
        let outcome = authorize(&fixed, &browser);
        assert!(
            matches!(outcome, Err(AuthorizeFailure::NoListener(_))),
            "{outcome:?}"
        );
        assert!(page.try_recv().is_err(), "a page was opened");
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
