//! What callers are told to do, on virtual time.

use std::time::Duration;

use azid_core::cache::{Decision, Freshness, Key, RefreshSettings, TokenTable};
use azid_core::{AccessToken, ClientSecretCredential, Credential, Identity, Lane, TokenRequest};

use azid_tests::cache::{Provider, at, failure, lease, throttled, throttled_for, vault};

#[test]
fn a_token_is_fresh_then_due_then_gone() {
    let mut provider = Provider::new();
    let token = provider.fetch(&vault(), "one", 3600);
    let key = Key::new(&provider.identity, &vault());
    let look = |seconds| provider.tokens.look(&key, at(seconds));
    assert_eq!(look(3299), Freshness::Fresh(token.clone()));
    assert_eq!(look(3300), Freshness::Due(token.clone()));
    assert_eq!(look(3599), Freshness::Due(token));
    assert_eq!(look(3600), Freshness::Absent);
}

#[test]
fn a_token_of_two_hours_or_more_is_due_at_half_of_its_life() {
    let mut provider = Provider::new();
    let token = provider.fetch(&vault(), "one", 7200);
    let key = Key::new(&provider.identity, &vault());
    assert_eq!(
        provider.tokens.look(&key, at(3599)),
        Freshness::Fresh(token.clone())
    );
    assert_eq!(provider.tokens.look(&key, at(3600)), Freshness::Due(token));
}

#[test]
fn the_servers_own_date_for_a_renewal_comes_first() {
    let mut provider = Provider::new();
    let token = provider.token("one", 86_400).refresh_on(at(100));
    let first = lease(provider.asks(&vault()));
    provider.settle(first, &Ok(token.clone()));
    let key = Key::new(&provider.identity, &vault());
    assert_eq!(
        provider.tokens.look(&key, at(99)),
        Freshness::Fresh(token.clone())
    );
    assert_eq!(provider.tokens.look(&key, at(100)), Freshness::Due(token));
}

#[test]
fn one_caller_flies_and_the_others_join_it() {
    let mut provider = Provider::new();
    let first = lease(provider.asks(&vault()));
    assert!(matches!(provider.asks(&vault()), Decision::Join(id) if id == first.id()));
    let token = provider.token("one", 3600);
    provider.settle(first, &Ok(token.clone()));
    assert!(matches!(provider.asks(&vault()), Decision::Ready(ready) if ready == token));
}

#[test]
fn a_due_token_is_handed_out_while_one_caller_renews_it() {
    let mut provider = Provider::new();
    let token = provider.fetch(&vault(), "one", 3600);
    provider.seconds = 3400;
    let renewal = lease(provider.asks(&vault()));
    assert!(matches!(
        provider.asks(&vault()),
        Decision::ReadyAndJoin(ready, id) if ready == token && id == renewal.id()
    ));
    provider.settle(renewal, &Err(failure()));
    provider.seconds += 29;
    assert!(matches!(provider.asks(&vault()), Decision::Ready(ready) if ready == token));
    provider.seconds += 1;
    assert!(matches!(
        provider.asks(&vault()),
        Decision::ReadyAndRefresh(..)
    ));
}

#[test]
fn the_lease_of_another_provider_ends_no_flight_of_this_one() {
    let (mut one, mut other) = (Provider::new(), Provider::new());
    let ours = lease(one.asks(&vault()));
    let foreign = || lease(Provider::new().asks(&vault()));
    assert_eq!(ours.id(), foreign().id());

    one.settle(foreign(), &Err(failure()));
    one.acquire.abandon(foreign());
    let now = one.now();
    one.acquire.cut_short(foreign(), &one.tokens, now);
    assert!(matches!(one.asks(&vault()), Decision::Join(id) if id == ours.id()));

    other.settle(ours, &Err(failure()));
    assert!(
        matches!(one.asks(&vault()), Decision::Join(_)),
        "it was not given back"
    );
}

#[test]
fn the_pause_after_a_failure_does_not_count_once_there_is_no_token() {
    let mut provider = Provider::new();
    provider.fetch(&vault(), "one", 3600);
    provider.seconds = 3590;
    let renewal = lease(provider.asks(&vault()));
    provider.settle(renewal, &Err(failure()));
    provider.seconds = 3601;
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

#[test]
fn a_server_that_asks_for_a_pause_is_left_alone_for_so_long() {
    let mut provider = Provider::new();
    let first = lease(provider.asks(&vault()));
    provider.settle(first, &Err(throttled()));
    for (seconds, rest) in [(0, 600), (1, 599), (599, 1)] {
        provider.seconds = seconds;
        let rest = Some(Duration::from_secs(rest));
        assert!(
            matches!(provider.asks(&vault()), Decision::NotYet(error) if error.retry_after() == rest)
        );
    }
    provider.seconds = 600;
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

#[test]
fn a_server_that_asks_for_less_than_the_pause_of_a_held_token_is_asked_again_as_it_says() {
    let mut provider = Provider::new();
    let first = lease(provider.asks(&vault()));
    provider.settle(first, &Err(throttled_for("20")));
    provider.seconds = 19;
    assert!(matches!(provider.asks(&vault()), Decision::NotYet(_)));
    provider.seconds = 20;
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

#[test]
fn an_abandoned_flight_lets_the_next_caller_fly_at_once() {
    let mut provider = Provider::new();
    let first = lease(provider.asks(&vault()));
    let number = first.id();
    provider.acquire.abandon(first);
    assert!(!provider.acquire.is_flying(number));
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

#[test]
fn an_overdue_lease_is_void_and_its_late_token_counts_only_if_it_is_better() {
    let mut provider = Provider::new();
    let slow = lease(provider.asks(&vault()));
    provider.seconds = 61;
    let token = provider.fetch(&vault(), "quick", 3600);
    let worse = provider.token("worse", 1800);
    provider.settle(slow, &Ok(worse));
    assert!(matches!(provider.asks(&vault()), Decision::Ready(ready) if ready == token));
}

#[test]
fn an_overdue_flight_is_forgotten_whatever_is_asked_next() {
    let mut provider = Provider::new();
    let left = lease(provider.asks(&vault().claims(r#"{"nonce":"never again"}"#)));
    assert!(provider.acquire.is_flying(left.id()));
    provider.seconds = 61;
    let other = lease(provider.asks(&vault()));
    assert!(!provider.acquire.is_flying(left.id()));
    assert!(provider.acquire.is_flying(other.id()));
}

#[test]
fn who_waits_for_a_flight_can_tell_when_it_is_overdue() {
    let mut provider = Provider::new();
    let slow = lease(provider.asks(&vault()));
    let id = slow.id();
    let rest = |provider: &mut Provider, seconds| {
        provider.seconds = seconds;
        let now = provider.now();
        provider.acquire.rest(id, now)
    };
    let moment = Duration::from_millis(1);
    let minute = Duration::from_secs(60);
    assert_eq!(rest(&mut provider, 0), Some(minute + moment));
    let now = provider.now();
    provider.acquire.extend(&slow, 5 * minute, now);
    assert_eq!(rest(&mut provider, 300), Some(moment));
    assert!(matches!(provider.asks(&vault()), Decision::Join(_)));
    assert_eq!(rest(&mut provider, 301), Some(Duration::ZERO));
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
    assert_eq!(rest(&mut provider, 301), None, "it was given up");
}

#[test]
fn a_flight_that_was_allowed_more_time_is_not_overdue() {
    let mut provider = Provider::new();
    let slow = lease(provider.asks(&vault()));
    let now = provider.now();
    provider
        .acquire
        .extend(&slow, Duration::from_secs(900), now);
    provider.seconds = 899;
    assert!(matches!(provider.asks(&vault()), Decision::Join(id) if id == slow.id()));
}

#[test]
fn a_request_with_claims_passes_the_held_token_by_and_replaces_it() {
    let mut provider = Provider::new();
    provider.fetch(&vault(), "revoked", 3600);
    let challenged = vault().claims("{}");
    for lifetime in [3600, 7200, 1800] {
        let token = provider.fetch(&challenged, &format!("for {lifetime} s"), lifetime);
        assert!(matches!(provider.asks(&vault()), Decision::Ready(ready) if ready == token));
    }
}

#[test]
fn only_the_first_complaint_about_a_token_drops_it() {
    let mut provider = Provider::new();
    let bad = provider.fetch(&vault(), "bad", 3600);
    assert!(provider.rejects(&bad));
    let good = provider.fetch(&vault(), "good", 3600);
    assert!(!provider.rejects(&bad));
    assert!(matches!(provider.asks(&vault()), Decision::Ready(ready) if ready == good));
}

#[test]
fn a_credential_that_bears_no_company_flies_once_at_a_time() {
    let mut provider = Provider::new();
    provider.lane = Lane::OneAtATime;
    let other = TokenRequest::new(["https://graph.microsoft.com/.default"]);
    let first = lease(provider.asks(&vault()));
    assert!(matches!(provider.asks(&other), Decision::Queue(id) if id == first.id()));
    provider.settle(first, &Err(failure()));
    assert!(matches!(provider.asks(&other), Decision::Start(_)));
}

#[test]
fn of_tokens_that_expire_together_the_same_one_goes_each_time() {
    let key = |scope: &str| Key::new(&Identity::of("Test").finish(), &TokenRequest::new([scope]));
    for _ in 0..20 {
        let mut table = TokenTable::new(RefreshSettings {
            bound: 3,
            ..Default::default()
        });
        for scope in ["c", "a", "b", "d"] {
            let token = AccessToken::new(scope, at(3600));
            table.hold(key(scope), token, at(0), 0.0);
        }
        assert_eq!(table.look(&key("a"), at(0)), Freshness::Absent);
        assert_eq!(table.len(), 3);
    }
}

#[test]
fn of_too_many_tokens_the_one_that_expires_first_goes() {
    let mut table = TokenTable::new(RefreshSettings {
        bound: 2,
        ..Default::default()
    });
    let key = |scope: &str| Key::new(&Identity::of("Test").finish(), &TokenRequest::new([scope]));
    for (scope, lifetime) in [("a", 3600), ("b", 1800), ("c", 2700)] {
        table.hold(
            key(scope),
            AccessToken::new(scope, at(lifetime)),
            at(0),
            0.0,
        );
    }
    assert_eq!(table.len(), 2);
    assert_eq!(table.look(&key("b"), at(0)), Freshness::Absent);
    assert_ne!(table.look(&key("a"), at(0)), Freshness::Absent);
}

#[test]
fn a_thousand_tokens_are_held_unless_another_bound_is_set() {
    let mut table = TokenTable::default();
    let key = |n: i64| {
        let request = TokenRequest::new([n.to_string()]);
        Key::new(&Identity::of("Test").finish(), &request)
    };
    for n in 0..1001 {
        table.hold(key(n), AccessToken::new("token", at(3600 + n)), at(0), 0.0);
    }
    assert_eq!(table.len(), 1000);
    assert_eq!(table.look(&key(0), at(0)), Freshness::Absent);
}

#[test]
fn credentials_share_tokens_only_if_every_field_is_the_same() {
    let identity = |tenant, client, secret| {
        let credential = ClientSecretCredential::new(tenant, client, secret);
        credential.expect("three good values").identity()
    };
    assert_eq!(identity("t", "c", "s"), identity("t", "c", "s"));
    assert_ne!(identity("t", "c", "s"), identity("u", "c", "s"));
    assert_ne!(identity("t", "c", "s"), identity("t", "d", "s"));
    assert_ne!(identity("t", "c", "s"), identity("t", "c", "z"));
}
