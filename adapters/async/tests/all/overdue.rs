//! A run that is stuck, because its runtime runs no more or a callback does not answer, keeps
//! nobody for longer than its effect may take.

use std::time::Duration;

use azid_async::{Builder, EarlyRefresh, GetToken, TokenCache, TokenProvider};
use azid_core::effect::CallbackId;
use azid_core::{Cause, DeviceCodeCredential, ErrorKind};

use crate::manual_host::{
    Answer, Bell, ManualHost, credential, json, poll, poll_with, ready, status, token,
};
use crate::refresh::{VAULT, holding_a_due_token, secret};
use crate::sharing::Shy;

const STORAGE: &str = "https://storage.azure.com/.default";

/// More than a request may take, with the grace of a late task.
const A_REQUEST: Duration = Duration::from_millis(40_001);

/// More than a callback may take.
const A_CALLBACK: Duration = Duration::from_millis(310_001);

const MOMENT: Duration = Duration::from_millis(1);

/// A caller whose run is out, and who is never polled again: its runtime runs no more.
fn stuck(provider: &TokenProvider<ManualHost>) -> GetToken<ManualHost> {
    let mut leader = provider.get_token(&[VAULT]);
    assert!(poll(&mut leader).is_pending());
    leader
}

#[test]
fn of_a_thousand_who_wait_for_a_run_that_is_stuck_one_begins_it_anew_when_it_is_overdue() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), credential());
    let mut left_behind = stuck(&provider);
    let mut callers: Vec<_> = (0..1000).map(|_| provider.get_token(&[VAULT])).collect();
    let bell = Bell::new();
    let mut all_wait = || {
        callers
            .iter_mut()
            .all(|caller| poll_with(caller, &bell).is_pending())
    };
    assert!(all_wait());
    assert_eq!(host.alarms().len(), 1000, "one for each who waits");
    host.advance(A_REQUEST - MOMENT);
    assert_eq!(bell.rings(), 0);
    assert!(all_wait());
    assert_eq!(host.begun(), 1, "it is not overdue yet");
    host.advance(MOMENT);
    assert_eq!(bell.rings(), 1000);
    assert!(all_wait());
    assert_eq!((host.begun(), host.outstanding()), (2, 2));
    host.answer_last(token("anew"));
    assert!(callers.iter_mut().all(|caller| secret(caller) == "anew"));

    assert!(poll(&mut left_behind).is_pending());
    host.advance(A_REQUEST);
    assert_eq!(secret(&mut left_behind), "anew", "if it is polled at last");
    assert_eq!(host.begun(), 2);
}

#[test]
fn a_token_that_came_by_another_way_serves_who_waits_for_a_run_that_is_stuck() {
    let cache = TokenCache::new();
    let hosts = [ManualHost::default(), ManualHost::default()];
    let [one, other] = hosts.clone().map(|host| {
        Builder::new(host, credential())
            .cache(cache.clone())
            .build()
    });
    let _left_behind = stuck(&one);
    let mut waiter = one.get_token(&[VAULT]);
    assert!(poll(&mut waiter).is_pending());
    let mut elsewhere = other.get_token(&[VAULT]);
    assert!(poll(&mut elsewhere).is_pending());
    hosts[1].answer_last(token("common"));
    assert_eq!(secret(&mut elsewhere), "common");
    hosts[0].advance(A_REQUEST);
    assert_eq!(secret(&mut waiter), "common");
    assert_eq!(hosts[0].begun(), 1);
}

#[test]
fn a_callback_that_never_answers_is_asked_once_more_and_then_the_time_is_up() {
    let host = ManualHost::default();
    let credential = DeviceCodeCredential::new("contoso.com", "app", CallbackId::new("terminal"));
    let provider = TokenProvider::on(host.clone(), credential.expect("valid"));
    let code = r#"{"device_code":"D","user_code":"U","verification_uri":"https://a.example/d"}"#;
    let mut callers = [provider.get_token(&[VAULT]), provider.get_token(&[VAULT])];
    let mut all_wait = || callers.iter_mut().all(|caller| poll(caller).is_pending());
    assert!(all_wait());
    host.answer_last(json(200, code));
    assert!(all_wait());
    host.advance(A_CALLBACK);
    assert!(all_wait());
    host.answer_last(json(200, code));
    assert!(all_wait());
    assert_eq!(host.kinds(), ["http", "prompt", "http", "prompt"]);
    assert_eq!(
        host.outstanding(),
        1,
        "the first is called off with its run"
    );
    host.advance(A_CALLBACK);
    for caller in &mut callers {
        let error = ready(caller).expect_err("nobody was shown the code");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.cause(), &Cause::OutOfTime);
    }
    assert!(poll(&mut provider.get_token(&[VAULT])).is_pending());
    assert_eq!(host.begun(), 5, "who comes next tries again");
}

#[test]
fn a_run_that_goes_on_is_not_given_up_and_is_looked_after_by_one_alarm_for_each_who_waits() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), credential());
    let mut leader = stuck(&provider);
    let mut waiter = provider.get_token(&[VAULT]);
    for answer in [status(503), Answer::Slept] {
        assert!(poll(&mut waiter).is_pending());
        host.advance(A_REQUEST - MOMENT);
        host.answer_last(answer);
        assert!(poll(&mut leader).is_pending());
        assert!(poll(&mut waiter).is_pending());
        host.advance(MOMENT); // the alarm rings that was set for the step before
        assert!(poll(&mut waiter).is_pending());
        assert_eq!(host.alarms().len(), 1);
    }
    host.answer_last(token("slow"));
    assert_eq!(secret(&mut waiter), "slow");
    assert_eq!(host.kinds(), ["http", "sleep", "http"]);
    assert!(host.alarms().is_empty());
}

#[test]
fn an_alarm_that_would_ring_too_late_for_the_next_effect_is_set_anew() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), credential());
    let mut leader = stuck(&provider);
    host.answer_last(status(503));
    assert!(poll(&mut leader).is_pending());
    let mut waiter = provider.get_token(&[VAULT]);
    assert!(poll(&mut waiter).is_pending());
    assert!(host.alarms()[0] > A_CALLBACK, "a wait may be long overdue");
    host.answer_last(Answer::Slept);
    assert!(poll(&mut leader).is_pending());
    assert!(poll(&mut waiter).is_pending());
    assert_eq!(host.alarms(), [A_REQUEST]);
}

#[test]
fn who_began_what_its_host_ends_in_time_sets_no_alarm() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), credential());
    let mut caller = stuck(&provider);
    host.answer_last(status(503));
    assert!(poll(&mut caller).is_pending());
    host.answer_last(Answer::Slept);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(token("new"));
    assert_eq!(secret(&mut caller), "new");
    assert_eq!(host.alarms_set(), 0);
}

#[test]
fn who_queues_behind_a_run_that_is_stuck_goes_on_when_that_is_overdue() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), Shy);
    let _left_behind = stuck(&provider);
    let mut storage = provider.get_token(&[STORAGE]);
    let bell = Bell::new();
    assert!(poll_with(&mut storage, &bell).is_pending());
    host.advance(A_REQUEST);
    assert_eq!(bell.rings(), 1);
    assert!(poll(&mut storage).is_pending());
    assert_eq!(host.begun(), 2);
    host.answer_last(token("storage"));
    assert_eq!(secret(&mut storage), "storage");
}

#[test]
fn a_refresh_in_the_background_that_is_stuck_ends_when_it_is_overdue_and_is_begun_anew() {
    let host = ManualHost::with_background();
    let provider = Builder::new(host.clone(), credential())
        .early_refresh(EarlyRefresh::Spawn)
        .build();
    holding_a_due_token(&host, &provider);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    let mut refresh = host.background().remove(0);
    assert!(poll(&mut refresh).is_pending());
    let bell = Bell::new();
    assert!(poll_with(&mut refresh, &bell).is_pending());
    host.advance(A_REQUEST);
    assert_eq!(bell.rings(), 1);
    ready(&mut refresh);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    assert!(poll(&mut host.background()[0]).is_pending());
    assert_eq!(host.begun(), 3);
}

#[test]
fn on_a_host_whose_waits_end_at_once_nobody_looks_without_end() {
    let host = ManualHost::without_waits();
    let provider = TokenProvider::on(host.clone(), credential());
    let _left_behind = stuck(&provider);
    let mut waiter = provider.get_token(&[VAULT]);
    assert!(poll(&mut waiter).is_pending());
    assert!(poll(&mut waiter).is_pending());
    assert!(host.alarms_set() < 1000, "{}", host.alarms_set());
    host.answer_last(token("in-time"));
    assert_eq!(secret(&mut waiter), "in-time");
}
