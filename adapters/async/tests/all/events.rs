//! What a provider tells its listener.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use azid_async::{Builder, Event, TokenProvider};
use azid_core::{ChainedTokenCredential, ErrorKind, WorkloadIdentityCredential};

use crate::manual_host::{Answer, ManualHost, credential, poll, ready, status, token};
use crate::refresh::{VAULT, holding_a_due_token, secret};

#[test]
fn the_listener_hears_what_each_link_of_a_chain_answered_and_which_one_won() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let host = ManualHost::default();
    let chain = ChainedTokenCredential::new(WorkloadIdentityCredential::new()).link(credential());
    let provider = Builder::new(host.clone(), chain)
        .on_event({
            let heard = heard.clone();
            move |event: &Event| {
                let heard = &mut heard.lock().expect("no panic");
                heard.push(match event {
                    Event::Link { verdict } => (verdict.link, verdict.error.is_none()),
                    _ => ("another event", true),
                });
            }
        })
        .build();
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(token("won"));
    assert_eq!(secret(&mut caller), "won");
    assert_eq!(
        *heard.lock().expect("no panic"),
        [
            ("WorkloadIdentityCredential", false),
            ("ClientSecretCredential", true),
            ("another event", true),
        ]
    );
}

#[test]
fn the_listener_is_shown_what_a_token_is_for_and_how_long_and_not_the_token() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let host = ManualHost::default();
    let provider = Builder::new(host.clone(), credential())
        .on_event({
            let heard = heard.clone();
            move |event: &Event| heard.lock().expect("no panic").push(event.clone())
        })
        .build();
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(token("new"));
    let token = ready(&mut caller).expect("a token");
    let heard = heard.lock().expect("no panic");
    let [
        Event::Acquired {
            scopes,
            source,
            expires_on,
            refresh_on: None,
        },
    ] = heard.as_slice()
    else {
        panic!("{heard:?}");
    };
    assert_eq!(scopes, &[VAULT]);
    assert_eq!(*source, "ClientSecretCredential");
    assert_eq!(*expires_on, token.expires_on());
}

#[test]
fn the_listener_hears_that_a_refresh_failed_but_no_caller_does() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let host = ManualHost::with_background();
    let provider = Builder::new(host.clone(), credential())
        .on_event({
            let heard = heard.clone();
            move |event: &Event| heard.lock().expect("no panic").push(event.clone())
        })
        .build();
    holding_a_due_token(&host, &provider);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    let mut refresh = host.background().remove(0);
    assert!(poll(&mut refresh).is_pending());
    host.answer_last(status(401));
    ready(&mut refresh);
    let heard = heard.lock().expect("no panic");
    assert!(matches!(
        heard.as_slice(),
        [Event::Acquired { .. }, Event::RefreshFailed { .. }]
    ));
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
}

#[test]
fn a_listener_that_panics_ends_no_run_and_costs_nobody_the_token() {
    let told = Arc::new(AtomicUsize::new(0));
    let host = ManualHost::default();
    let provider = Builder::new(host.clone(), credential())
        .on_event({
            let told = told.clone();
            move |_: &Event| {
                told.fetch_add(1, Ordering::SeqCst);
                panic!("a slip in the user's listener")
            }
        })
        .build();
    let mut callers: Vec<_> = (0..10).map(|_| provider.get_token(&[VAULT])).collect();
    for answer in [status(503), Answer::Slept, token("new")] {
        assert!(callers.iter_mut().all(|caller| poll(caller).is_pending()));
        host.answer_last(answer);
    }
    assert!(callers.iter_mut().all(|caller| secret(caller) == "new"));
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(told.load(Ordering::SeqCst), 2, "of the retry and the token");
    assert_eq!(host.kinds(), ["http", "sleep", "http"]);
}

#[test]
fn a_listener_that_panics_changes_no_error() {
    let host = ManualHost::default();
    let provider = Builder::new(host.clone(), credential())
        .on_event(|_| panic!("a slip in the user's listener"))
        .build();
    let mut callers = [provider.get_token(&[VAULT]), provider.get_token(&[VAULT])];
    assert!(callers.iter_mut().all(|caller| poll(caller).is_pending()));
    host.answer_last(status(401));
    for caller in &mut callers {
        let error = ready(caller).expect_err("the endpoint said no");
        assert_eq!(error.kind(), ErrorKind::Failed);
    }
    assert_eq!(host.begun(), 1);
}

#[test]
fn a_token_is_in_the_cache_before_the_listener_hears_of_it() {
    let host = ManualHost::default();
    let (itself, found) = (Arc::new(OnceLock::new()), Arc::new(Mutex::new(None)));
    let provider = Builder::new(host.clone(), credential())
        .on_event({
            let (itself, found) = (itself.clone(), found.clone());
            move |_: &Event| {
                let provider: &TokenProvider<ManualHost> = itself.get().expect("it is built");
                let held = provider.with_cached_token(&[VAULT], |token| token.expose().to_owned());
                *found.lock().expect("no panic") = held;
            }
        })
        .build();
    assert!(itself.set(provider.clone()).is_ok());
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(token("new"));
    assert_eq!(secret(&mut caller), "new");
    assert_eq!(found.lock().expect("no panic").as_deref(), Some("new"));
}
