//! The check that a resource makes of an access token.

use crate::support::{KEYS, NOW, access_token, ask, emulator, published_keys};
use azid_emulator::{VerifyError, verify_access_token};
use serde_json::json;

#[test]
fn a_token_holds_from_its_start_until_just_before_its_end() {
    let mut emulator = emulator();
    let token = access_token(&ask(&mut emulator, &[]));
    let keys = published_keys(&mut emulator);
    let at = |now| verify_access_token(&token, &keys, now).map(|_| ());
    assert_eq!(at(NOW - 301), Err(VerifyError::NotYetValid));
    assert_eq!(at(NOW - 300), Ok(()));
    assert_eq!(at(NOW + 3598), Ok(()));
    assert_eq!(at(NOW + 3599), Err(VerifyError::Expired));
}

#[test]
fn a_changed_claim_breaks_the_signature() {
    let mut emulator = emulator();
    let [first, second] = [(); 2].map(|()| access_token(&ask(&mut emulator, &[])));
    let keys = published_keys(&mut emulator);
    let (signed, _) = first.rsplit_once('.').expect("three parts");
    let (_, signature) = second.rsplit_once('.').expect("three parts");
    let mixed = format!("{signed}.{signature}");
    assert_eq!(
        verify_access_token(&mixed, &keys, NOW),
        Err(VerifyError::Signature)
    );
}

#[test]
fn only_a_published_key_and_only_rs256_count() {
    let mut emulator = emulator();
    let keys = published_keys(&mut emulator);
    let claims = json!({"nbf": NOW, "exp": NOW + 1});
    let check = |token: &str| verify_access_token(token, &keys, NOW).map(|_| ());
    assert_eq!(check(&KEYS.entra.sign(&claims)), Ok(()));
    assert_eq!(
        check(&KEYS.federation.sign(&claims)),
        Err(VerifyError::UnknownKey)
    );
    let with = |header| KEYS.federation.sign_with_header(&header, &claims);
    let kid = KEYS.entra.key_id();
    let forged = with(json!({"alg": "RS256", "kid": kid}));
    assert_eq!(check(&forged), Err(VerifyError::Signature));
    assert_eq!(
        check(&with(json!({"alg": "none", "kid": kid}))),
        Err(VerifyError::Algorithm)
    );
    assert_eq!(
        check(&with(json!({"alg": "HS256", "kid": kid}))),
        Err(VerifyError::Algorithm)
    );
}

#[test]
fn a_broken_token_or_key_set_is_an_error_and_no_panic() {
    let token = KEYS.entra.sign(&json!({"nbf": NOW, "exp": NOW + 1}));
    let timeless = KEYS.entra.sign(&json!({"nbf": NOW}));
    let keys = json!({"keys": [KEYS.entra.public_jwk()]}).to_string();
    assert_eq!(
        verify_access_token("x", &keys, NOW),
        Err(VerifyError::Malformed)
    );
    assert_eq!(
        verify_access_token(&timeless, &keys, NOW),
        Err(VerifyError::Malformed)
    );
    let without_modulus = json!({"keys": [{"kty": "RSA", "kid": KEYS.entra.key_id()}]}).to_string();
    for keys in ["", "[]", "{}", &without_modulus] {
        assert_eq!(
            verify_access_token(&token, keys, NOW),
            Err(VerifyError::Keys)
        );
    }
}
