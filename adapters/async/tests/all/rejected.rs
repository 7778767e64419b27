//! Tokens that a service rejects are replaced, and once only.

use azid_async::{GetToken, TokenProvider};
use azid_core::TokenRequest;

use crate::manual_host::{ManualHost, credential, poll, ready, token};

const VAULT: &str = "https://vault.azure.net/.default";

#[test]
fn the_claims_of_a_challenge_pass_the_cache_by() {
    let (host, provider) = provider();
    let mut first = provider.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    host.answer_last(token("old"));
    assert_eq!(secret(&mut first), "old");
    let request = TokenRequest::new([VAULT]).claims(r#"{"access_token":{}}"#);
    let mut challenged = provider.get_token_with(request);
    assert!(poll(&mut challenged).is_pending());
    host.answer_last(token("challenged"));
    assert_eq!(secret(&mut challenged), "challenged");
}

#[test]
fn of_all_who_had_a_token_rejected_one_causes_a_request() {
    let (host, provider) = provider();
    let mut first = provider.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    host.answer_last(token("rejected"));
    let rejected = ready(&mut first).expect("a token");
    let mut callers: Vec<_> = (0..10)
        .map(|n| {
            assert_eq!(provider.invalidate(&rejected), n == 0);
            let mut caller = provider.get_token(&[VAULT]);
            assert!(poll(&mut caller).is_pending());
            caller
        })
        .collect();
    host.answer_last(token("new"));
    assert!(callers.iter_mut().all(|caller| secret(caller) == "new"));
    assert!(!provider.invalidate(&rejected), "it was replaced");
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(host.begun(), 2);
}

#[test]
fn a_token_without_a_challenges_claims_never_replaces_one_with_them() {
    let (host, provider) = provider();
    let mut plain = provider.get_token(&[VAULT]);
    assert!(poll(&mut plain).is_pending());
    let request = TokenRequest::new([VAULT]).claims(r#"{"access_token":{}}"#);
    let mut challenged = provider.get_token_with(request);
    assert!(poll(&mut challenged).is_pending());
    assert_eq!(host.begun(), 1, "the other has to land first");
    host.answer_last(token("plain"));
    assert!(poll(&mut challenged).is_pending());
    assert_eq!(host.begun(), 2);
    host.answer_last(token("challenged"));
    assert_eq!(secret(&mut challenged), "challenged");
    assert_eq!(secret(&mut plain), "plain");
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "challenged");
}

fn provider() -> (ManualHost, TokenProvider<ManualHost>) {
    let host = ManualHost::default();
    (host.clone(), TokenProvider::on(host, credential()))
}

fn secret(caller: &mut GetToken<ManualHost>) -> String {
    ready(caller).expect("a token").expose().to_owned()
}
