//! A refresh token that the program was given, and its successors.

use azid_core::{ErrorKind, RefreshTokenCredential};
use serde_json::json;

use crate::life::{Life, error, json, signed_in};
use crate::silence::{given, redeemed, signed_in_life};
use crate::vault;

#[test]
fn a_given_refresh_token_gives_way_to_its_successors_and_to_nobody_elses() {
    let mut life = signed_in_life();
    let sight = life.run(given(), vault(), [json(200, signed_in("eve", "NEXT"))]);
    assert_eq!(redeemed(&sight.sent), ["GIVEN"], "not ada's");
    let sight = life.run(given(), vault(), [json(200, signed_in("eve", "LAST"))]);
    assert_eq!(redeemed(&sight.sent), ["NEXT"]);
    let other = RefreshTokenCredential::new("contoso.com", "app-id", "OTHER").expect("valid");
    let sight = life.run(other, vault(), [json(200, signed_in("ada", "RT-9"))]);
    assert_eq!(redeemed(&sight.sent), ["OTHER"]);
}

#[test]
fn a_successor_is_kept_even_where_the_endpoint_does_not_say_whose_it_is() {
    let answer = |token| {
        json(
            200,
            json!({ "access_token": "AT", "expires_in": 3599, "refresh_token": token }),
        )
    };
    let mut life = Life::new();
    for (expected, next) in [("GIVEN", "A"), ("A", "B"), ("B", "C")] {
        let sight = life.run(given(), vault(), [answer(next)]);
        assert_eq!(redeemed(&sight.sent), [expected]);
    }
}

#[test]
fn a_given_refresh_token_that_was_refused_is_not_sent_again() {
    let mut life = Life::new();
    let sight = life.run(given(), vault(), [error("invalid_grant")]);
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
    let sight = life.run(given(), vault(), []);
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
    assert!(sight.sent.is_empty());
}
