//! What a flight promises, on a host that the test plays.

use std::sync::Arc;
use std::task::Poll;

use azid_async::{Flight, Host};
use azid_core::{Context, ErrorKind, Run, TokenRequest};

use crate::manual_host::{Answer, Bell, ManualHost, poll, poll_with, ready, status, token};

fn flight(host: &ManualHost, scopes: &[&str]) -> Flight<ManualHost> {
    let seed = host.seed().expect("the host has randomness");
    let request = TokenRequest::new(scopes.iter().copied());
    let context = Context::new(request, host.now(), seed);
    let first = Run::start(Arc::new(crate::manual_host::credential()), context);
    Flight::new(Arc::new(host.clone()), first)
}

const SCOPE: &[&str] = &["https://vault.azure.net/.default"];

#[test]
fn a_flight_performs_step_after_step_until_the_run_is_done() {
    let host = ManualHost::default();
    let mut flight = flight(&host, SCOPE);
    assert!(poll(&mut flight).is_pending());
    host.answer_last(status(503));
    assert!(poll(&mut flight).is_pending());
    host.answer_last(Answer::Slept);
    assert!(poll(&mut flight).is_pending());
    host.answer_last(token("late"));
    let outcome = ready(&mut flight);
    assert_eq!(outcome.result.expect("a token").expose(), "late");
    assert_eq!(host.kinds(), ["http", "sleep", "http"]);
}

#[test]
fn a_run_that_is_done_at_once_needs_nothing_of_the_host() {
    let host = ManualHost::default();
    let outcome = ready(&mut flight(&host, &[]));
    let error = outcome.result.expect_err("no scope was named");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(host.begun(), 0);
}

#[test]
fn whoever_polled_last_is_woken() {
    let host = ManualHost::default();
    let mut flight = flight(&host, SCOPE);
    let (first, second) = (Bell::new(), Bell::new());
    assert!(poll_with(&mut flight, &first).is_pending());
    assert!(poll_with(&mut flight, &second).is_pending());
    host.answer_last(token("shared"));
    assert_eq!((first.rings(), second.rings()), (0, 1));
    assert!(matches!(poll_with(&mut flight, &second), Poll::Ready(_)));
}

#[test]
fn dropping_a_flight_calls_its_effect_off() {
    let host = ManualHost::default();
    let mut flight = flight(&host, SCOPE);
    assert!(poll(&mut flight).is_pending());
    assert_eq!(host.outstanding(), 1);
    drop(flight);
    assert_eq!(host.outstanding(), 0);
}
