//! Foreign tokens as client assertions.

use crate::support::{
    JWT_BEARER, KEYS, NOW, access_token, ask, assert_refused, emulator, published_keys,
};
use azid_emulator::{Emulator, FederatedIssuer, demo, verify_access_token};
use http::Response;
use serde_json::{Value, json};

#[test]
fn an_assertion_of_the_trusted_issuer_gets_a_token_for_the_application() {
    let mut emulator = emulator();
    let assertion = issuer().service_account_token(demo::SUBJECT, demo::AUDIENCE, NOW, 3600);
    let token = access_token(&present(&mut emulator, &assertion));
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.client_id(), Some(demo::CLIENT_ID));
    assert_eq!(claims.get("appidacr"), Some(&json!("2")));
}

#[test]
fn the_audience_may_be_a_text_or_a_list() {
    let mut emulator = emulator();
    for audience in [
        json!(demo::AUDIENCE),
        json!(["https://other.example", demo::AUDIENCE]),
    ] {
        let response = present(&mut emulator, &issuer().sign(&claims(&[("aud", audience)])));
        assert_eq!(response.status(), 200);
    }
}

#[test]
fn each_part_that_does_not_match_has_its_own_code() {
    let mut emulator = emulator();
    let other_case = demo::SUBJECT.to_uppercase();
    for (claim, value, code) in [
        ("iss", "https://other.example", 700211),
        ("iss", &format!("{} ", demo::ISSUER), 700211),
        ("aud", "api://other", 700212),
        ("sub", "system:serviceaccount:demo:other", 700213),
        ("sub", &other_case, 7002138),
        ("aud", "API://AzureADTokenExchange", 7002138),
    ] {
        let assertion = issuer().sign(&claims(&[(claim, json!(value))]));
        let response = present(&mut emulator, &assertion);
        assert_refused(&emulator, &response, 401, "invalid_client", code);
    }
}

#[test]
fn an_application_without_federated_credentials_matches_nothing() {
    let mut emulator = emulator();
    let assertion = issuer().sign(&claims(&[]));
    let response = ask(
        &mut emulator,
        &[
            ("client_id", demo::UNFEDERATED_CLIENT_ID),
            ("client_secret", ""),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ],
    );
    assert_refused(&emulator, &response, 401, "invalid_client", 70021);
}

#[test]
fn an_assertion_holds_from_its_start_until_just_before_its_end() {
    let mut emulator = emulator();
    for (not_before, expires, valid) in [
        (NOW, NOW + 1, true),
        (NOW - 600, NOW, false),
        (NOW + 1, NOW + 600, false),
    ] {
        let assertion = issuer().sign(&claims(&[
            ("nbf", json!(not_before)),
            ("exp", json!(expires)),
        ]));
        let response = present(&mut emulator, &assertion);
        if valid {
            assert_eq!(response.status(), 200);
        } else {
            assert_refused(&emulator, &response, 401, "invalid_client", 700024);
        }
    }
}

#[test]
fn a_signature_by_another_key_or_over_other_claims_is_refused() {
    let mut emulator = emulator();
    let good = issuer().sign(&claims(&[]));
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let (_, other_signature) = {
        let other = issuer().sign(&claims(&[("jti", json!("other"))]));
        let (signed, signature) = other.rsplit_once('.').expect("three parts");
        (signed.to_owned(), signature.to_owned())
    };
    let header = json!({"alg": "RS256", "kid": KEYS.federation.key_id()});
    for forged in [
        format!("{signed}.{other_signature}"),
        format!("{signed}."),
        KEYS.entra.sign(&claims(&[])),
        KEYS.entra.sign_with_header(&header, &claims(&[])),
    ] {
        let response = present(&mut emulator, &forged);
        assert_refused(&emulator, &response, 401, "invalid_client", 700027);
    }
}

#[test]
fn what_is_not_a_token_signed_with_rs256_is_malformed() {
    let mut emulator = emulator();
    let unsigned = KEYS
        .federation
        .sign_with_header(&json!({"alg": "none"}), &claims(&[]));
    let good = issuer().sign(&claims(&[]));
    for text in [
        "not-a-token",
        "a.b.c",
        &unsigned,
        &format!("{good}=="),
        &format!("{good}\n"),
        &issuer().sign(&claims(&[("exp", Value::Null)])),
        &issuer().sign(&claims(&[("aud", json!(7))])),
        &issuer().sign(&json!([])),
    ] {
        let response = present(&mut emulator, text);
        assert_refused(&emulator, &response, 401, "invalid_client", 50027);
    }
}

#[test]
fn the_type_of_the_assertion_must_be_given() {
    let mut emulator = emulator();
    let assertion = issuer().sign(&claims(&[]));
    let response = ask(
        &mut emulator,
        &[("client_secret", ""), ("client_assertion", &assertion)],
    );
    assert_refused(&emulator, &response, 400, "invalid_request", 900144);
    let response = ask(
        &mut emulator,
        &[
            ("client_secret", ""),
            ("client_assertion", &assertion),
            ("client_assertion_type", "jwt"),
        ],
    );
    assert_refused(&emulator, &response, 400, "invalid_request", 9002313);
}

fn issuer() -> FederatedIssuer {
    FederatedIssuer {
        url: demo::ISSUER.to_owned(),
        key: KEYS.federation.clone(),
    }
}

/// The claims of a good assertion, with some of them set otherwise.
fn claims(changes: &[(&str, Value)]) -> Value {
    let mut claims = json!({
        "iss": demo::ISSUER,
        "sub": demo::SUBJECT,
        "aud": demo::AUDIENCE,
        "nbf": NOW,
        "exp": NOW + 600,
    });
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}

fn present(emulator: &mut Emulator, assertion: &str) -> Response<Vec<u8>> {
    ask(
        emulator,
        &[
            ("client_secret", ""),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ],
    )
}
