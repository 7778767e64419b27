//! Faults that pass, and for how long an endpoint wants to be left alone.

mod support {
    pub(crate) mod entra;
}

use std::time::Duration;

use azid_core::effect::{Detail, HttpFailure, HttpResponse};
use azid_core::testing::Reply;

use support::entra::{after, answer, error, result_of};

#[test]
fn a_throttled_run_may_succeed_later() {
    assert!(error("a pause longer than anybody waits").is_transient());
    assert!(!error("a wrong secret").is_transient());
}

#[test]
fn a_pause_is_kept_where_the_answer_is_an_error_object() {
    let mut response = HttpResponse::new(429, &br#"{"error":"slow_down"}"#[..]);
    let hour = http::HeaderValue::from_static("3600");
    response.headers.insert(http::header::RETRY_AFTER, hour);
    let error = result_of(vec![response.into()]).expect_err("no token");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    let shown = error.to_string();
    assert_eq!(shown.matches("3600s").count(), 1, "{shown}");
}

#[test]
fn entra_is_left_alone_for_a_minute_after_the_code_of_too_many_requests() {
    let looping = r#"{"error":"invalid_request","error_description":"AADSTS50196: a client request loop was met.","error_codes":[50196]}"#;
    let crowded = r#"{"error":"temporarily_unavailable","error_description":"AADSTS90055: too many requests in this tenant."}"#;
    for (status, body) in [(429, looping), (429, crowded), (400, looping)] {
        let response = HttpResponse::new(status, body.as_bytes());
        let error = result_of(vec![response.into()]).expect_err("and nobody asks twice");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)), "{body}");
        assert!(error.is_transient());
    }

    let mut response = HttpResponse::new(429, looping.as_bytes());
    let seconds = http::HeaderValue::from_static("5");
    response.headers.insert(http::header::RETRY_AFTER, seconds);
    let replies = [vec![response.into()], answer(r#""access_token":"AT""#)].concat();
    assert!(result_of(replies).is_ok(), "who says how long is believed");
}

#[test]
fn a_pause_that_is_asked_for_without_a_body_reaches_the_caller() {
    let error = error("a pause longer than anybody waits");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert!(error.is_transient());
}

#[test]
fn an_answer_that_throttles_says_for_how_long() {
    for body in [&b"{\"error\":\"throttled\"}"[..], b"", b"<html>"] {
        let mut response = HttpResponse::new(429, body);
        let field = http::HeaderValue::from_static("90");
        response.headers.insert(http::header::RETRY_AFTER, field);
        let error = after(response).to_string();
        assert!(error.contains("a pause of 90s"), "{error}");
        assert!(error.contains("too many requests"), "{error}");
    }
}

#[test]
fn a_request_that_can_never_be_sent_is_no_passing_fault() {
    for (failure, may_pass) in [
        (HttpFailure::Unsendable(Detail::default()), false),
        (HttpFailure::UnusableRoots(Detail::default()), false),
        (HttpFailure::Tls(Detail::default()), false),
        (HttpFailure::Proxy(Detail::default()), true),
        (HttpFailure::TimedOut, true),
    ] {
        let replies = vec![Reply::Http(Err(failure.clone())); 4];
        let error = result_of(replies).expect_err("there is no answer");
        assert_eq!(error.is_transient(), may_pass, "{failure}");
    }
}
