//! What a token costs that is held: no memory, whatever way it is taken, and no wait.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use azid_core::effect::CallbackId;
use azid_core::{AccessToken, Timestamp, TokenCallbackCredential, TokenRequest};
use azid_tokio::TokenProvider;

const VAULT: &str = "https://vault.azure.net/.default";

/// Far enough away.
const END: Timestamp = Timestamp::from_unix_seconds(32_000_000_000);

fn provider() -> TokenProvider {
    let callback = CallbackId::new("test");
    TokenProvider::builder(TokenCallbackCredential::new(callback.clone()))
        .on_token(callback, |order| async move {
            let name = order.request.scopes().join("-");
            Ok(AccessToken::new(
                format!("{name}-{}", "x".repeat(1500)),
                END,
            ))
        })
        .build()
}

/// What a future answers that need not wait.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_token_that_is_held_costs_no_memory_and_no_wait() {
    let provider = provider();
    for scopes in [&[VAULT][..], &["one", "two", "three"]] {
        let brought = provider.get_token(scopes).await.expect("there is a token");
        let mut taken = None;
        let used = measure(|| taken = at_once(provider.get_token(scopes)).and_then(Result::ok));
        assert_eq!((used.count_total, taken), (0, Some(brought)));
    }
    let swapped = &["three", "one", "two", "one"];
    let used = measure(|| assert!(provider.with_cached_token(swapped, |_| ()).is_some()));
    assert_eq!(used.count_total, 0);
}

#[tokio::test]
async fn a_request_of_any_kind_finds_its_token_without_memory() {
    let provider = provider();
    let request = || TokenRequest::new([VAULT]).tenant("Contoso").enable_cae();
    let brought = provider.get_token_with(request()).await;
    let brought = brought.expect("there is a token");
    let mut again = Some(request());
    let mut taken = None;
    let used = measure(|| {
        let request = again.take().expect("it is there");
        taken = at_once(provider.get_token_with(request)).and_then(Result::ok);
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

#[tokio::test]
async fn a_future_that_was_made_before_there_was_a_token_takes_the_one_that_came() {
    let provider = provider();
    let early = provider.get_token(&[VAULT]);
    let brought = provider
        .get_token(&[VAULT])
        .await
        .expect("there is a token");
    assert_eq!(at_once(early), Some(Ok(brought)));
}
