//! What a token costs that is held: no memory, whatever way it is taken.

use std::sync::Arc;

use allocation_counter::measure;
use azid_core::effect::CallbackId;
use azid_core::{AccessToken, Timestamp, TokenCallbackCredential, TokenRequest};
use azid_ureq::{TokenCache, TokenProvider};

const VAULT: &str = "https://vault.azure.net/.default";

/// Far enough away.
const END: Timestamp = Timestamp::from_unix_seconds(32_000_000_000);

fn provider(cache: &Arc<TokenCache>) -> TokenProvider {
    let callback = CallbackId::new("test");
    TokenProvider::builder(TokenCallbackCredential::new(callback.clone()))
        .on_token(callback, |order| {
            let name = order.request.scopes().join("-");
            Ok(AccessToken::new(
                format!("{name}-{}", "x".repeat(1500)),
                END,
            ))
        })
        .cache(Arc::clone(cache))
        .build()
}

#[test]
fn a_token_that_is_held_costs_no_memory() {
    let cache = TokenCache::new();
    let provider = provider(&cache);
    for scopes in [&[VAULT][..], &["one", "two", "three"]] {
        let brought = provider.get_token(scopes).expect("there is a token");
        let mut taken = None;
        let used = measure(|| taken = provider.get_token(scopes).ok());
        assert_eq!((used.count_total, taken), (0, Some(brought)));
    }
    let swapped = &["three", "one", "two", "one"];
    let used = measure(|| assert!(provider.with_cached_token(swapped, |_| ()).is_some()));
    assert_eq!(used.count_total, 0);
}

#[test]
fn a_request_of_any_kind_finds_its_token_without_memory() {
    let provider = provider(&TokenCache::new());
    let request = || TokenRequest::new([VAULT]).tenant("Contoso").enable_cae();
    let brought = provider
        .get_token_with(request())
        .expect("there is a token");
    let mut again = Some(request());
    let mut taken = None;
    let used = measure(|| {
        taken = again
            .take()
            .and_then(|request| provider.get_token_with(request).ok());
    });
    assert_eq!((used.count_total, taken), (0, Some(brought)));
    assert!(provider.with_cached_token(&[VAULT], |_| ()).is_none());
    let challenged = request().claims("{}");
    assert!(
        provider
            .with_cached_token_for(&challenged, |_| ())
            .is_none()
    );
    assert!(provider.with_cached_token_for(&request(), |_| ()).is_some());
}

#[test]
fn the_header_field_of_a_token_is_made_once() {
    let provider = provider(&TokenCache::new());
    let token = provider.get_token(&[VAULT]).expect("there is a token");
    let made = token.authorization().expect("it fits").clone();
    let mut field = None;
    let used = measure(|| {
        field = provider.with_cached_token(&[VAULT], |token| token.authorization().cloned());
    });
    assert_eq!(used.count_total, 0);
    let field = field.expect("it is held").expect("it fits");
    assert_eq!(field, made);
    assert_eq!(field.as_bytes().as_ptr(), made.as_bytes().as_ptr());
    assert!(
        field
            .as_bytes()
            .starts_with(b"Bearer https://vault.azure.net/.default-xxx")
    );
}

#[test]
fn a_shared_cache_gives_no_provider_a_token_of_anothers_closure() {
    let cache = TokenCache::new();
    let (one, other) = (provider(&cache), provider(&cache));
    let brought = one.get_token(&[VAULT]).expect("there is a token");
    assert!(one.with_cached_token(&[VAULT], |token| *token == brought) == Some(true));
    assert!(other.with_cached_token(&[VAULT], |_| ()).is_none());
    assert!(one.invalidate(&brought));
    assert!(one.with_cached_token(&[VAULT], |_| ()).is_none());
}

#[test]
fn each_of_a_thousand_scopes_has_its_own_token() {
    let provider = provider(&TokenCache::new());
    let scopes: Vec<String> = (0..1000).map(|n| format!("api://{n}/.default")).collect();
    for scope in &scopes {
        provider.get_token(&[scope]).expect("there is a token");
    }
    for scope in &scopes {
        let is_its_own = provider.with_cached_token(&[scope], |token| {
            token.expose().starts_with(&format!("{scope}-"))
        });
        assert_eq!(is_its_own, Some(true), "{scope}");
    }
}
