//! A token is renewed before it expires, and nobody who holds a good one is kept waiting.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use azid_async::{Builder, EarlyRefresh, Event, GetToken, TokenProvider};
use azid_core::effect::HttpFailure;
use azid_core::{Context, Credential, Identity, Next, call, done};

use crate::manual_host::{Answer, ManualHost, credential, poll, ready, status, token};

pub(crate) const VAULT: &str = "https://vault.azure.net/.default";

/// A token that lives for an hour is due by now, and not yet expired.
const DUE: Duration = Duration::from_secs(3400);

/// A provider that holds the token `old`, which is due.
pub(crate) fn holding_a_due_token(host: &ManualHost, provider: &TokenProvider<ManualHost>) {
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(token("old"));
    assert_eq!(secret(&mut caller), "old");
    host.advance(DUE);
}

fn inline() -> (ManualHost, TokenProvider<ManualHost>) {
    let host = ManualHost::default();
    let provider = Builder::new(host.clone(), credential())
        .early_refresh(EarlyRefresh::Inline {
            at_most: Duration::from_secs(2),
        })
        .build();
    holding_a_due_token(&host, &provider);
    (host, provider)
}

/// A caller begins a refresh, and leaves it when its own time is up.
fn leave_a_refresh(host: &ManualHost, provider: &TokenProvider<ManualHost>) {
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    host.answer_last(Answer::Slept);
    assert_eq!(secret(&mut driver), "old");
}

fn timed_out() -> Answer {
    Answer::Http(Err(HttpFailure::TimedOut))
}

/// A credential that takes five exchanges to a token.
#[derive(Debug)]
struct FiveExchanges;

impl Credential for FiveExchanges {
    fn name(&self) -> &'static str {
        "FiveExchanges"
    }

    fn identity(&self) -> Identity {
        Identity::of("FiveExchanges").finish()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        exchange(5)
    }
}

fn exchange(left: u32) -> Next {
    call(Arc::new(credential()), move |result, _| match left {
        1 => done(result?),
        _ => {
            result?;
            exchange(left - 1)
        }
    })
}

pub(crate) fn secret(caller: &mut GetToken<ManualHost>) -> String {
    ready(caller).expect("a token").expose().to_owned()
}

#[test]
fn inline_one_caller_renews_and_all_others_return_at_once() {
    let (host, provider) = inline();
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    assert_eq!(host.kinds(), ["http", "http", "sleep"]);
    host.answer(1, token("new"));
    assert_eq!(secret(&mut driver), "new");
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(host.outstanding(), 0, "the timer is called off");
}

#[test]
fn inline_a_slow_refresh_keeps_its_driver_for_a_bounded_time_only() {
    let (host, provider) = inline();
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    host.answer(2, Answer::Slept);
    assert_eq!(secret(&mut driver), "old");
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
}

#[test]
fn inline_a_refresh_that_was_left_is_taken_up_by_the_next_caller_who_waits_for_nothing() {
    let (host, provider) = inline();
    leave_a_refresh(&host, &provider);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    host.advance(Duration::from_secs(29)); // of the 30 that the request may take
    host.answer(1, token("new"));
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(host.kinds(), ["http", "http", "sleep"]);
}

#[test]
fn inline_a_refresh_that_was_left_is_taken_up_again_when_its_token_is_needed() {
    let (host, provider) = inline();
    leave_a_refresh(&host, &provider);
    let old = ready(&mut provider.get_token(&[VAULT])).expect("still good");
    assert!(provider.invalidate(&old));
    host.answer(1, token("new"));
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(host.begun(), 3);
}

#[test]
fn inline_a_refresh_that_was_left_until_its_time_was_over_is_nobodys_failure_and_is_begun_anew() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = heard.clone();
    let host = ManualHost::default();
    let provider = Builder::new(host.clone(), credential())
        .early_refresh(EarlyRefresh::Inline {
            at_most: Duration::from_secs(2),
        })
        .on_event(move |event: &Event| listener.lock().expect("no panic").push(event.clone()))
        .build();
    holding_a_due_token(&host, &provider);
    leave_a_refresh(&host, &provider);
    host.advance(Duration::from_secs(30));
    host.answer(1, timed_out());
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    assert_eq!(host.kinds(), ["http", "http", "sleep", "http", "sleep"]);
    let twice = Some(Duration::from_secs(4));
    assert_eq!(host.last_wait(), twice, "it had too little time");
    host.answer(3, token("new"));
    assert_eq!(secret(&mut driver), "new");
    let heard = heard.lock().expect("no panic");
    assert!(
        matches!(
            heard.as_slice(),
            [Event::Acquired { .. }, Event::Acquired { .. }]
        ),
        "{heard:?}"
    );
}

#[test]
fn inline_a_driver_is_kept_no_longer_than_half_of_what_its_token_lives() {
    let (host, provider) = inline();
    let (mut left, mut waits) = (200, Vec::new());
    for pass in [30, 30, 30, 30, 60, 0] {
        leave_a_refresh(&host, &provider);
        waits.extend(host.last_wait().map(|wait| wait.as_secs()));
        host.advance(Duration::from_secs(pass));
        left -= pass;
    }
    assert_eq!((left, waits), (20, vec![2, 4, 8, 16, 16, 10]));
}

#[test]
fn with_one_caller_a_minute_a_token_of_five_exchanges_is_renewed_before_it_expires() {
    let second = Duration::from_secs(1);
    for early_refresh in [
        EarlyRefresh::Spawn,
        EarlyRefresh::Inline {
            at_most: 2 * second,
        },
    ] {
        let host = match early_refresh {
            EarlyRefresh::Spawn => ManualHost::with_background(),
            _ => ManualHost::default(),
        };
        let provider = Builder::new(host.clone(), FiveExchanges)
            .early_refresh(early_refresh)
            .build();
        let call = |name: &str| {
            let mut caller = provider.get_token(&[VAULT]);
            let mut polled = poll(&mut caller);
            while polled.is_pending() {
                host.advance(second);
                host.answer_what_is_over(|| token(name));
                polled = poll(&mut caller);
            }
            let Poll::Ready(got) = polled else {
                unreachable!("it is not pending")
            };
            got.expect("there is always a token").expose().to_owned()
        };
        assert_eq!(call("old"), "old");
        host.advance(DUE);
        let mut calls = Vec::new();
        for _ in 0..3 {
            calls.push(call("new"));
            if early_refresh == EarlyRefresh::Spawn {
                for mut refresh in host.background() {
                    while poll(&mut refresh).is_pending() {
                        host.advance(second);
                        host.answer_what_is_over(|| token("new"));
                    }
                }
            }
            host.advance(60 * second);
            host.answer_what_is_over(timed_out); // what was left until now
        }
        let expected = match early_refresh {
            EarlyRefresh::Spawn => ["old", "new", "new"],
            _ => ["old", "old", "new"],
        };
        assert_eq!(calls, expected, "{early_refresh:?}");
    }
}

#[test]
fn a_refresh_that_the_host_drops_is_given_to_it_again() {
    let host = ManualHost::with_background();
    let provider = TokenProvider::on(host.clone(), credential());
    holding_a_due_token(&host, &provider);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    let mut dropped = host.background();
    assert!(poll(&mut dropped[0]).is_pending());
    drop(dropped);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    host.answer_last(token("new"));
    ready(&mut host.background()[0]);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(host.kinds(), ["http", "http"]);
}

#[test]
fn while_the_endpoint_is_down_everybody_gets_the_good_token_at_once() {
    let host = ManualHost::with_background();
    let provider = TokenProvider::on(host.clone(), credential());
    holding_a_due_token(&host, &provider); // for 200 s more
    for begun in [2, 2, 3] {
        for _ in 0..100 {
            assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
        }
        for mut refresh in host.background() {
            assert!(poll(&mut refresh).is_pending());
            host.answer_last(status(401));
            ready(&mut refresh);
        }
        assert_eq!(host.begun(), begun, "tries are half a minute apart");
        host.advance(Duration::from_secs(20));
    }
}

#[test]
fn a_refresh_that_fails_or_breaks_costs_nobody_the_token_that_is_held() {
    for answer in [status(401), Answer::Panic] {
        let (host, provider) = inline();
        let mut driver = provider.get_token(&[VAULT]);
        assert!(poll(&mut driver).is_pending());
        host.answer(1, answer);
        assert_eq!(secret(&mut driver), "old");
    }
}

/// A caller drives a refresh, during which the token that is held expires or is invalidated.
fn lose_the_token_while_it_is_renewed(
    is_invalidated: bool,
) -> (ManualHost, TokenProvider<ManualHost>, GetToken<ManualHost>) {
    let (host, provider) = inline();
    host.advance(Duration::from_secs(190)); // ten seconds are left
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    if is_invalidated {
        let old = ready(&mut provider.get_token(&[VAULT])).expect("it is good so far");
        assert!(provider.invalidate(&old));
    } else {
        host.advance(Duration::from_secs(11));
    }
    (host, provider, driver)
}

#[test]
fn a_token_that_was_lost_while_its_refresh_failed_is_handed_out_to_nobody() {
    for is_invalidated in [false, true] {
        for answer in [status(401), Answer::Panic] {
            let (host, _provider, mut driver) = lose_the_token_while_it_is_renewed(is_invalidated);
            host.answer(1, answer);
            assert!(poll(&mut driver).is_pending(), "it asks again");
            host.answer_last(token("new"));
            assert_eq!(secret(&mut driver), "new");
        }
    }
}

#[test]
fn who_lost_its_token_stays_with_the_refresh_when_the_time_for_it_is_up() {
    for is_invalidated in [false, true] {
        let (host, _provider, mut driver) = lose_the_token_while_it_is_renewed(is_invalidated);
        host.answer(2, Answer::Slept);
        assert!(poll(&mut driver).is_pending());
        host.answer(1, token("new"));
        assert_eq!(secret(&mut driver), "new");
        assert_eq!(host.kinds(), ["http", "http", "sleep"]);
    }
}

#[test]
fn after_a_refresh_that_failed_the_endpoint_is_left_alone_for_a_while() {
    let (host, provider) = inline();
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    host.answer(1, status(401));
    assert_eq!(secret(&mut driver), "old");
    let begun = host.begun();
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    assert_eq!(host.begun(), begun);
    host.advance(Duration::from_secs(31));
    let mut again = provider.get_token(&[VAULT]);
    assert!(poll(&mut again).is_pending());
    host.answer(begun, token("new"));
    assert_eq!(secret(&mut again), "new");
}

#[test]
fn in_the_background_nobody_waits() {
    let host = ManualHost::with_background();
    let provider = TokenProvider::on(host.clone(), credential());
    holding_a_due_token(&host, &provider);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    let mut background = host.background();
    let [refresh] = background.as_mut_slice() else {
        panic!("one refresh for both callers");
    };
    assert!(poll(refresh).is_pending());
    host.answer_last(token("new"));
    ready(refresh);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "new");
    assert_eq!(host.kinds(), ["http", "http"]);
}

#[test]
fn a_host_without_a_background_has_a_caller_drive() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), credential());
    holding_a_due_token(&host, &provider);
    let mut driver = provider.get_token(&[VAULT]);
    assert!(poll(&mut driver).is_pending());
    assert_eq!(host.kinds(), ["http", "http", "sleep"]);
}
