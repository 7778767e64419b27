//! How long an endpoint is left alone that does not say how long.

use std::time::Duration;

use azid_async::TokenProvider;

use crate::manual_host::{ManualHost, credential, looping, poll, ready};
use crate::refresh::VAULT;

#[test]
fn a_client_that_is_taken_for_one_in_a_loop_asks_no_more_for_a_minute() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), credential());
    let mut first = provider.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    host.answer_last(looping());
    ready(&mut first).expect_err("it asks too often");
    host.advance(Duration::from_secs(59));
    ready(&mut provider.get_token(&[VAULT])).expect_err("the pause is not over");
    assert_eq!(host.begun(), 1);
    host.advance(Duration::from_secs(1));
    let mut next = provider.get_token(&[VAULT]);
    assert!(poll(&mut next).is_pending());
    assert_eq!(host.begun(), 2);
}
