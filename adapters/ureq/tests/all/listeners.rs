//! A listener hears of what has been done, and changes nothing of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use azid_core::{Cause, TokenRequest};
use azid_ureq::{Event, TokenProvider};

use crate::minting::{Clock, LONG, SCOPE, numbered, provider, refused};

fn request() -> TokenRequest {
    TokenRequest::new(SCOPE.iter().copied())
}

#[test]
fn a_listener_that_panics_costs_nobody_the_new_token() {
    let clock = Clock::new();
    let (minted, told) = (clock.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&told);
    let provider = provider(&clock, move |n| Ok(numbered(&minted, n)))
        .on_event(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            panic!("a slip in the user's listener");
        })
        .build();
    let first = provider.get_token(SCOPE).expect("there is a token");
    assert_eq!(first.expose(), "token 1");
    assert_eq!(provider.get_token(SCOPE), Ok(first.clone()), "it is held");
    assert!(provider.invalidate(&first));
    let second = provider.get_token_within(request(), LONG);
    assert_eq!(second.expect("there is a token").expose(), "token 2");
    assert_eq!(
        told.load(Ordering::SeqCst),
        2,
        "it hears of the second too, and once of each"
    );
}

#[test]
fn a_listener_that_panics_changes_no_error() {
    let clock = Clock::new();
    let provider = provider(&clock, |_| Err(refused("not now")))
        .on_event(|_| panic!("a slip in the user's listener"))
        .build();
    for result in [
        provider.get_token(SCOPE),
        provider.get_token_within(request(), LONG),
    ] {
        let error = result.expect_err("there is no token");
        assert!(matches!(error.cause(), Cause::Token(_)), "{error}");
    }
}

#[test]
fn a_token_is_in_the_cache_before_the_listener_hears_of_it() {
    let clock = Clock::new();
    let (minted, itself) = (clock.clone(), Arc::new(OnceLock::<TokenProvider>::new()));
    let (asked, found) = (Arc::clone(&itself), Arc::new(Mutex::new(None)));
    let seen = Arc::clone(&found);
    let provider = provider(&clock, move |n| Ok(numbered(&minted, n)))
        .on_event(move |event| {
            assert!(matches!(event, Event::Acquired { .. }), "{event:?}");
            let provider = asked.get().expect("it is built");
            *seen.lock().expect("nobody panics here") = Some(provider.get_token(SCOPE));
        })
        .build();
    itself.set(provider.clone()).expect("it is set once");
    let got = provider.get_token(SCOPE);
    assert!(got.is_ok());
    assert_eq!(*found.lock().expect("nobody panics here"), Some(got));
}
