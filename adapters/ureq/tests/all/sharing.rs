//! The provider: tokens and runs that threads share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use azid_core::effect::CallbackId;
use azid_core::{AccessToken, Cause, Environment, Lane, TokenRequest};
use azid_ureq::{EarlyRefresh, Event, Host, TokenCache, TokenProvider};

use crate::minting::{
    Clock, FromTest, HOUR, LONG, OTHER_SCOPE, SCOPE, numbered, provider, punctual, refused,
};
use crate::probe::host;

#[test]
fn threads_that_want_the_same_token_share_one_run() {
    let clock = Clock::new();
    let (entered, in_run) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let (gate, minted) = (Mutex::new(gate), clock.clone());
    let provider = provider(&clock, move |n| {
        entered.send(n).expect("the test waits");
        gate.lock()
            .expect("no callback panics")
            .recv()
            .expect("the test lets it go");
        Ok(numbered(&minted, n))
    })
    .build();
    std::thread::scope(|scope| {
        let mut callers = vec![scope.spawn(|| provider.get_token(SCOPE))];
        assert_eq!(in_run.recv_timeout(LONG), Ok(1));
        callers.extend((0..20).map(|_| scope.spawn(|| provider.get_token(SCOPE))));
        // Somebody without patience learns that there is no token yet, and breaks nothing.
        let hasty =
            provider.get_token_within(TokenRequest::new(SCOPE.iter().copied()), Duration::ZERO);
        assert!(matches!(
            hasty.expect_err("it is not there yet").cause(),
            Cause::OutOfTime
        ));
        go.send(()).expect("the run waits");
        for caller in callers {
            let token = caller
                .join()
                .expect("no caller panics")
                .expect("there is a token");
            assert_eq!(token.expose(), "token 1");
        }
    });
    assert!(in_run.try_recv().is_err(), "there was one run");
}

#[test]
fn a_failure_reaches_everybody_who_waited_and_the_next_caller_tries_again() {
    let clock = Clock::new();
    let minted = clock.clone();
    let provider = provider(&clock, move |n| match n {
        1 => Err(refused("not now")),
        n => Ok(numbered(&minted, n)),
    })
    .build();
    let error = provider.get_token(SCOPE).expect_err("the first run fails");
    assert!(error.to_string().contains("not now"), "{error}");
    let token = provider.get_token(SCOPE).expect("the second does not");
    assert_eq!(token.expose(), "token 2");
}

#[test]
fn a_caller_without_patience_leaves_and_the_run_goes_on_without_it() {
    let clock = Clock::new();
    let (go, gate) = mpsc::channel::<()>();
    let (gate, minted) = (Mutex::new(gate), clock.clone());
    let (landed, landing) = mpsc::channel();
    let provider = provider(&clock, move |n| {
        gate.lock()
            .expect("no callback panics")
            .recv()
            .expect("the test lets it go");
        Ok(numbered(&minted, n))
    })
    .on_event(move |event| landed.send(event.clone()).expect("the test listens"))
    .build();
    let request = || TokenRequest::new(SCOPE.iter().copied());
    let start = Instant::now();
    let hasty = provider.get_token_within(request(), Duration::from_millis(20));
    assert!(matches!(
        hasty.expect_err("its time is up").cause(),
        Cause::OutOfTime
    ));
    assert!(start.elapsed() < LONG);
    go.send(()).expect("the run waits");
    assert!(matches!(
        landing.recv_timeout(LONG),
        Ok(Event::Acquired { .. })
    ));
    let token = provider
        .get_token_within(request(), Duration::ZERO)
        .expect("it is there");
    assert_eq!(token.expose(), "token 1");
}

#[test]
fn a_callback_that_panics_leaves_nobody_waiting() {
    let clock = Clock::new();
    let (entered, in_run) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let (gate, minted) = (Mutex::new(gate), clock.clone());
    let provider = provider(&clock, move |n| {
        if n == 1 {
            entered.send(()).expect("the test waits");
            let go = gate.lock().expect("nobody else locks it").recv();
            go.expect("the test lets it go");
            panic!("a slip in the user's code");
        }
        Ok(numbered(&minted, n))
    })
    .build();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| provider.get_token(SCOPE));
        in_run.recv_timeout(LONG).expect("the first flies");
        let others: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| provider.get_token(SCOPE)))
            .collect();
        go.send(()).expect("the run waits");
        assert!(first.join().is_err(), "the panic reaches whoever flew");
        for other in others {
            let token = other
                .join()
                .expect("nobody else panics")
                .expect("somebody flies anew");
            assert_eq!(token.expose(), "token 2");
        }
    });
}

#[test]
fn runs_of_a_credential_that_bears_no_company_come_one_after_another() {
    let clock = Clock::new();
    let (now_inside, most_inside) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let (most, minted) = (Arc::clone(&most_inside), clock.clone());
    let provider = TokenProvider::builder(FromTest(Lane::OneAtATime))
        .host(clock.keep_for(host()))
        .on_token(CallbackId::new("test"), move |order| {
            most.fetch_max(
                now_inside.fetch_add(1, Ordering::SeqCst) + 1,
                Ordering::SeqCst,
            );
            std::thread::yield_now();
            now_inside.fetch_sub(1, Ordering::SeqCst);
            Ok(AccessToken::new(
                order.request.scopes()[0].clone(),
                minted.in_an_hour(),
            ))
        })
        .build();
    std::thread::scope(|scope| {
        for n in 0..16 {
            let provider = &provider;
            scope.spawn(move || {
                let scope = format!("https://vault{n}.example/.default");
                let token = provider.get_token(&[&scope]).expect("there is a token");
                assert_eq!(token.expose(), scope);
            });
        }
    });
    assert_eq!(most_inside.load(Ordering::SeqCst), 1);
}

#[test]
fn a_token_that_was_rejected_is_replaced_once() {
    let clock = Clock::new();
    let minted = clock.clone();
    let provider = provider(&clock, move |n| Ok(numbered(&minted, n))).build();
    let first = provider.get_token(SCOPE).expect("there is a token");
    assert!(provider.invalidate(&first));
    let second = provider.get_token(SCOPE).expect("there is a token");
    assert_eq!(second.expose(), "token 2");
    assert!(!provider.invalidate(&first), "it has been replaced");
    assert_eq!(provider.get_token(SCOPE).expect("there is a token"), second);
}

#[test]
fn a_challenges_claims_pass_the_cache_by_and_what_they_bring_is_kept() {
    let clock = Clock::new();
    let minted = clock.clone();
    let provider = provider(&clock, move |n| Ok(numbered(&minted, n))).build();
    provider.get_token(SCOPE).expect("there is a token");
    let challenged = TokenRequest::new(SCOPE.iter().copied()).claims(r#"{"access_token":{}}"#);
    let token = provider
        .get_token_with(challenged)
        .expect("there is a token");
    assert_eq!(token.expose(), "token 2");
    assert_eq!(provider.get_token(SCOPE).expect("there is a token"), token);
}

#[test]
fn providers_may_share_a_cache() {
    let clock = Clock::new();
    let cache = TokenCache::new();
    let shared = || {
        let minted = clock.clone();
        provider(&clock, move |n| Ok(numbered(&minted, n)))
            .cache(Arc::clone(&cache))
            .build()
    };
    let (one, other) = (shared(), shared());
    let token = one.get_token(SCOPE).expect("there is a token");
    assert_eq!(other.get_token(SCOPE).expect("there is a token"), token);
    let different = other.get_token(OTHER_SCOPE).expect("there is a token");
    assert_eq!(different.expose(), "token 1");
}

#[test]
fn nothing_that_is_shown_shows_a_secret() {
    let clock = Clock::new();
    let provider = provider(&clock, |_| Err(refused("no"))).build();
    let shown = format!("{provider:?} {:?} {:?}", provider.host(), provider.clone());
    assert!(shown.contains("FromTest"), "{shown}");
    let host =
        Host::new().environment(Environment::from_pairs([("AZURE_CLIENT_SECRET", "canary")]));
    let shown = format!("{host:?}");
    assert!(
        shown.contains("AZURE_CLIENT_SECRET") && !shown.contains("canary"),
        "{shown}"
    );
}

#[test]
fn a_provider_can_be_sent_and_shared() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<TokenProvider>();
}

#[test]
fn a_panic_on_a_thread_of_its_own_is_the_error_of_who_waits_and_is_not_repeated() {
    let clock = Clock::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let provider = provider(&clock, move |n| {
        counted.store(n, Ordering::SeqCst);
        panic!("a slip in the user's code");
    })
    .build();
    for call in 1..=2 {
        let request = TokenRequest::new(SCOPE.iter().copied());
        let error = provider
            .get_token_within(request, LONG)
            .expect_err("there is no token");
        assert!(matches!(error.cause(), Cause::Panicked), "{error}");
        assert!(error.to_string().contains("panicked"), "{error}");
        assert_eq!(calls.load(Ordering::SeqCst), call);
    }
}

#[test]
fn a_refresh_that_panics_is_a_failed_refresh() {
    for early_refresh in [EarlyRefresh::Spawn, EarlyRefresh::inline()] {
        let clock = Clock::new();
        let minted = clock.clone();
        let (landed, landing) = mpsc::channel();
        let provider = provider(&clock, move |n| match n {
            1 => Ok(numbered(&minted, n)),
            _ => panic!("a slip in the user's code"),
        })
        .cache(punctual())
        .early_refresh(early_refresh)
        .on_event(move |event| landed.send(event.clone()).expect("the test listens"))
        .build();
        provider.get_token(SCOPE).expect("there is a token");
        landing.recv_timeout(LONG).expect("a token was acquired");
        clock.advance(HOUR - 300_000);
        for _ in 0..3 {
            let token = provider.get_token(SCOPE).expect("it is still good");
            assert_eq!(token.expose(), "token 1");
        }
        let event = landing.recv_timeout(LONG).expect("the refresh ended");
        assert!(matches!(event, Event::RefreshFailed { .. }), "{event:?}");
        provider.get_token(SCOPE).expect("it is still good");
        assert!(
            landing.try_recv().is_err(),
            "the next refresh takes its time"
        );
    }
}
