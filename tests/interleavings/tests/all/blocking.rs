//! Threads at the blocking provider.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use azid_checker::thread::{self, JoinHandle};
use azid_checker::{Condvar, Mutex, explore, pass};
use azid_core::effect::TokenFailure;
use azid_core::{AccessToken, Cause, Environment, Seed, TokenRequest};
use azid_shared::sync::lock;
use azid_ureq::{EarlyRefresh, Host, TokenProvider};

use crate::callers::{Got, INLINE, join, number};
use crate::endpoint::{
    A, B, CLAIMS, DUE, Endpoint, Exchanges, ONE, Request, SHY, TWO, callback, failure, now,
    panic_quietly,
};

type Reply = Result<AccessToken, TokenFailure>;

/// A provider whose requests are answered like this.
fn provider(
    credential: Exchanges,
    early_refresh: EarlyRefresh,
    answer: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> TokenProvider {
    let host = Host::new()
        .environment(Environment::default())
        .seeds(|| Seed::new([7; 32]))
        .clock(now);
    TokenProvider::builder(credential)
        .host(host)
        .early_refresh(early_refresh)
        .on_token(callback(), move |order| answer(&order.request.scopes()[0]))
        .build()
}

/// A provider whose requests take a moment, and are answered by what is made of them.
fn provider_at(
    endpoint: &Endpoint,
    credential: Exchanges,
    early_refresh: EarlyRefresh,
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> TokenProvider {
    let endpoint = endpoint.clone();
    provider(credential, early_refresh, move |scope| {
        let request = endpoint.enter(scope);
        thread::yield_now();
        answer(&request)
    })
}

fn token(request: &Request) -> Reply {
    Ok(request.token())
}

fn ask(provider: &TokenProvider, scopes: &'static [&'static str]) -> JoinHandle<Got> {
    let provider = provider.clone();
    thread::spawn(move || provider.get_token(scopes))
}

fn ask_within(provider: &TokenProvider, at_most: Duration) -> JoinHandle<Got> {
    let provider = provider.clone();
    let request = TokenRequest::new(A.iter().copied());
    thread::spawn(move || provider.get_token_within(request, at_most))
}

#[test]
fn callers_of_one_key_share_one_run() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, TWO, INLINE, token);
        let callers = [(); 3].map(|()| ask(&provider, A));
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 3]);
        assert_eq!(endpoint.requests(), 2, "as many as one run takes");
    });
}

#[test]
fn a_caller_who_panics_while_it_flies_strands_nobody() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, ONE, INLINE, |request| match request.number {
            1 => panic_quietly(),
            _ => token(request),
        });
        let callers = [(); 3].map(|()| {
            let provider = provider.clone();
            thread::spawn(move || catch_unwind(AssertUnwindSafe(|| provider.get_token(A))).ok())
        });
        let served = callers.map(join).into_iter().flatten().map(number);
        assert_eq!(served.collect::<Vec<_>>(), [2; 2], "all but who panicked");
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_flight_goes_on_without_a_caller_whose_time_is_up() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, TWO, INLINE, token);
        let hasty = [30, 60].map(|ms| ask_within(&provider, Duration::from_millis(ms)));
        let patient = ask(&provider, A);
        pass(Duration::from_millis(30));
        pass(Duration::from_millis(30));
        assert_eq!(number(join(patient)), 2);
        for caller in hasty {
            match join(caller) {
                Err(error) => assert!(matches!(error.cause(), Cause::OutOfTime), "{error}"),
                got => assert_eq!(number(got), 2),
            }
        }
        assert_eq!(number(provider.get_token(A)), 2);
        assert_eq!(endpoint.requests(), 2, "as many as one run takes");
    });
}

#[test]
fn a_flight_that_hangs_is_overdue_and_somebody_else_flies() {
    explore(|| {
        let endpoint = Endpoint::with_overdue_requests();
        let gate = Arc::new(Gate::default());
        let hangs = gate.clone();
        let at = endpoint.clone();
        let provider = provider(ONE, INLINE, move |scope| {
            let request = at.enter(scope);
            if request.number == 1 {
                hangs.wait();
            }
            token(&request)
        });
        let callers = [(); 3].map(|()| ask(&provider, A));
        while endpoint.requests() < 1 {
            thread::yield_now();
        }
        pass(Duration::from_secs(400)); // more than user code may take
        for _ in 0..10 {
            if endpoint.requests() < 2 {
                pass(Duration::from_secs(5)); // after which a waiter looks
                thread::yield_now();
            }
        }
        gate.open();
        for caller in callers {
            number(join(caller));
        }
        assert!(endpoint.requests() <= 2, "{}", endpoint.requests());
    });
}

#[test]
fn a_token_that_was_invalidated_while_others_asked_does_not_come_back() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, ONE, INLINE, token);
        let callers = [(); 2].map(|()| {
            let provider = provider.clone();
            thread::spawn(move || {
                let rejected = provider.get_token(A).expect("a token");
                provider.invalidate(&rejected);
                let new = provider.get_token(A).expect("a token");
                assert_ne!(rejected, new);
            })
        });
        let bystander = ask(&provider, A);
        callers.into_iter().for_each(join);
        number(join(bystander));
        assert!(endpoint.requests() <= 3, "{}", endpoint.requests());
    });
}

#[test]
fn of_all_who_had_one_token_rejected_one_causes_a_request() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, ONE, INLINE, token);
        let rejected = provider.get_token(A).expect("a token");
        let callers = [(); 3].map(|()| {
            let (provider, rejected) = (provider.clone(), rejected.clone());
            thread::spawn(move || {
                provider.invalidate(&rejected);
                provider.get_token(A)
            })
        });
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 3]);
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_token_without_a_challenges_claims_never_replaces_one_with_them() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, TWO, INLINE, token);
        let plain = [(); 2].map(|()| ask(&provider, A));
        let challenged = {
            let provider = provider.clone();
            let request = TokenRequest::new(A.iter().copied()).claims(CLAIMS);
            thread::spawn(move || provider.get_token_with(request))
        };
        for caller in plain {
            number(join(caller));
        }
        let challenged = number(join(challenged));
        assert_eq!(number(provider.get_token(A)), challenged);
    });
}

#[test]
fn keys_in_one_lane_go_one_at_a_time() {
    explore(|| {
        let endpoint = Endpoint::without_company();
        let provider = provider_at(&endpoint, SHY, INLINE, token);
        let callers = [A, B, A].map(|scopes| ask(&provider, scopes));
        let [one, other, same] = callers.map(|caller| number(join(caller)));
        assert!(one == same && one != other);
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_panic_in_a_lane_strands_nobody_who_queues() {
    explore(|| {
        let endpoint = Endpoint::without_company();
        let provider = provider_at(&endpoint, SHY, INLINE, |request| match request.number {
            1 => panic_quietly(),
            _ => token(request),
        });
        let callers = [A, B, B].map(|scopes| {
            let provider = provider.clone();
            thread::spawn(move || {
                catch_unwind(AssertUnwindSafe(|| provider.get_token(scopes))).ok()
            })
        });
        let served = callers.map(join).into_iter().flatten().map(number);
        assert_eq!(served.count(), 2);
    });
}

#[test]
fn an_early_refresh_costs_nobody_the_token_that_is_held() {
    for early_refresh in [INLINE, EarlyRefresh::Spawn] {
        explore(move || {
            let endpoint = Endpoint::new();
            let provider = provider_at(&endpoint, ONE, early_refresh, token);
            assert_eq!(number(provider.get_token(A)), 1);
            pass(DUE);
            let callers = [(); 3].map(|()| ask(&provider, A));
            let got = callers.map(|caller| number(join(caller)));
            assert!(got.iter().all(|number| matches!(number, 1 | 2)));
            assert!(endpoint.requests() <= 2, "{}", endpoint.requests());
        });
    }
}

#[test]
fn an_early_refresh_that_fails_or_panics_is_nobodys_error() {
    for early_refresh in [INLINE, EarlyRefresh::Spawn] {
        for panics in [false, true] {
            explore(move || {
                let endpoint = Endpoint::new();
                let provider =
                    provider_at(
                        &endpoint,
                        ONE,
                        early_refresh,
                        move |request| match request.number {
                            1 => token(request),
                            _ if panics => panic_quietly(),
                            _ => Err(failure()),
                        },
                    );
                assert_eq!(number(provider.get_token(A)), 1);
                pass(DUE);
                let callers = [(); 3].map(|()| ask(&provider, A));
                assert_eq!(callers.map(|caller| number(join(caller))), [1; 3]);
            });
        }
    }
}

#[test]
fn a_token_that_expires_while_it_is_renewed_leaves_nobody_without() {
    for early_refresh in [INLINE, EarlyRefresh::Spawn] {
        explore(move || {
            let endpoint = Endpoint::new();
            let provider = provider_at(&endpoint, ONE, early_refresh, token);
            assert_eq!(number(provider.get_token(A)), 1);
            pass(DUE + Duration::from_secs(160));
            let callers = [(); 3].map(|()| ask(&provider, A));
            pass(Duration::from_secs(41)); // too little for a flight to be overdue
            for caller in callers {
                join(caller).expect("a token"); // which may have expired on its way
            }
            assert_eq!(number(provider.get_token(A)), endpoint.requests());
        });
    }
}

#[test]
fn a_failure_is_shared_by_those_who_waited_and_the_next_caller_tries_again() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider_at(&endpoint, ONE, INLINE, |request| match request.number {
            1 => Err(failure()),
            _ => token(request),
        });
        let callers = [(); 3].map(|()| ask(&provider, A));
        let got = callers.map(join);
        assert!(got.iter().any(Result::is_err), "whoever flew first");
        for got in got.into_iter().filter(Result::is_ok) {
            assert_eq!(number(got), 2);
        }
        assert_eq!(number(provider.get_token(A)), 2);
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_token_that_is_held_is_there_while_another_is_fetched() {
    for lane in [ONE.lane, SHY.lane] {
        for is_due in [false, true] {
            explore(move || {
                let gate = Arc::new(Gate::default());
                let fetching = gate.clone();
                let endpoint = Endpoint::new();
                let at = endpoint.clone();
                let credential = Exchanges { number: 1, lane };
                let provider = provider(credential, INLINE, move |scope| {
                    let request = at.enter(scope);
                    if scope == B[0] {
                        fetching.wait(); // until the other has had its token
                    }
                    token(&request)
                });
                assert_eq!(number(provider.get_token(A)), 1);
                let other = ask(&provider, B);
                while endpoint.requests() < 2 {
                    thread::yield_now();
                }
                if is_due {
                    pass(DUE);
                }
                number(provider.get_token(A));
                gate.open();
                number(join(other));
            });
        }
    }
}

/// What an exchange waits for that a scenario holds up.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn wait(&self) {
        let mut is_open = lock(&self.is_open);
        while !*is_open {
            is_open = self.opened.wait(is_open).expect("nobody panics here");
        }
    }

    fn open(&self) {
        *lock(&self.is_open) = true;
        self.opened.notify_all();
    }
}
