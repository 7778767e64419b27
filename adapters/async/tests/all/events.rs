//! What a provider tells its listener.

use std::sync::{Arc, Mutex};

use azid_async::{Builder, Event};
use azid_core::{ChainedTokenCredential, WorkloadIdentityCredential};

use crate::manual_host::{ManualHost, credential, poll, ready, status, token};
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
