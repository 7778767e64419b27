//! Tokens that a service rejected, from sources that answer with one text for hours.

use azid_core::AccessToken;
use azid_core::cache::{Decision, Lease};
use azid_tests::cache::{Provider, at, lease, vault};

/// A provider with a token whose text will come again, and that token.
fn provider() -> (Provider, AccessToken) {
    let mut provider = Provider::new();
    let first = provider.fetch(&vault(), "same", 8 * 3600);
    provider.seconds = 60;
    (provider, first)
}

/// What the source brings now: the text that it brought before, with the end that it had.
fn again(provider: &Provider) -> AccessToken {
    AccessToken::new("same", at(8 * 3600)).issued_on(at(provider.seconds))
}

/// The token as somebody has it who kept its text alone.
fn rebuilt(token: &AccessToken) -> AccessToken {
    AccessToken::new(token.expose(), token.expires_on())
}

/// Complains about a token and asks for another; the lease is there if that takes a run.
fn complain(provider: &mut Provider, token: &AccessToken) -> Option<Lease> {
    provider.rejects(token);
    match provider.asks(&vault()) {
        Decision::Start(lease) => Some(lease),
        Decision::Ready(_) | Decision::Join(_) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ten_complaints_about_a_text_that_comes_again_cause_one_run_whenever_that_lands() {
    let as_it_was: fn(&AccessToken) -> AccessToken = AccessToken::clone;
    for kept_as in [as_it_was, rebuilt] {
        for before in 1..=10 {
            let (mut provider, first) = provider();
            let mut runs = Vec::new();
            for n in 0..10 {
                if n == before {
                    let token = again(&provider);
                    let landing = runs.pop().expect("the first complaint began it");
                    provider.settle(landing, &Ok(token));
                    runs.clear();
                }
                runs.extend(complain(&mut provider, &kept_as(&first)));
                provider.seconds += 1;
                assert_eq!(runs.len(), usize::from(n < before), "{n} of {before}");
            }
        }
    }
}

#[test]
fn a_complaint_about_an_earlier_run_counts_no_more_though_the_text_is_the_same() {
    let (mut provider, first) = provider();
    assert!(provider.rejects(&first));
    let landing = lease(provider.asks(&vault()));
    let second = again(&provider);
    provider.settle(landing, &Ok(second.clone()));
    provider.seconds += 3600;
    assert!(!provider.rejects(&first));
    assert!(matches!(provider.asks(&vault()), Decision::Ready(ready) if ready == second));
    assert!(provider.rejects(&second), "it was tried for an hour");
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

#[test]
fn a_text_that_the_source_gave_again_is_asked_for_no_more_than_once_in_a_pause() {
    let (mut provider, first) = provider();
    let mut landing = complain(&mut provider, &first);
    let mut runs = 0;
    for _ in 0..90 {
        if let Some(landing) = landing.take() {
            let token = again(&provider);
            provider.settle(landing, &Ok(token));
            runs += 1;
        }
        provider.seconds += 1;
        let Decision::Ready(held) = provider.asks(&vault()) else {
            panic!("it is good");
        };
        landing = complain(&mut provider, &held);
    }
    assert_eq!(runs, 3);
}

#[test]
fn a_clock_that_is_set_back_does_not_keep_a_text_from_being_rejected() {
    let (mut provider, first) = provider();
    let landing = complain(&mut provider, &first).expect("it was held");
    let second = again(&provider);
    provider.settle(landing, &Ok(second.clone()));
    provider.seconds -= 86_400;
    assert!(provider.rejects(&second));
}

#[test]
fn a_renewal_that_was_under_way_answers_a_complaint() {
    let (mut provider, first) = provider();
    provider.seconds = 4 * 3600;
    let renewal = lease(provider.asks(&vault()));
    assert!(provider.rejects(&first));
    assert!(matches!(provider.asks(&vault()), Decision::Join(id) if id == renewal.id()));
    let second = again(&provider);
    provider.settle(renewal, &Ok(second.clone()));
    assert!(!provider.rejects(&first) && !provider.rejects(&second));
}
