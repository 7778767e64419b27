//! Tasks at the async provider, each polled on a thread of its own.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use azid_async::{Builder, EarlyRefresh, GetToken, TokenProvider};
use azid_checker::future::block_on;
use azid_checker::thread::{self, JoinHandle};
use azid_checker::{explore, future, pass};
use azid_core::TokenRequest;

use crate::callers::{Got, INLINE, join, number};
use crate::endpoint::{A, B, CLAIMS, DUE, Endpoint, Exchanges, ONE, Request, SHY, TWO, failure};
use crate::host::{Answer, ThreadHost, token};

type Provider = TokenProvider<ThreadHost>;

fn provider(
    endpoint: &Endpoint,
    credential: Exchanges,
    answer: fn(&Request) -> Answer,
) -> Provider {
    refreshing(endpoint, credential, INLINE, answer)
}

fn refreshing(
    endpoint: &Endpoint,
    credential: Exchanges,
    early_refresh: EarlyRefresh,
    answer: fn(&Request) -> Answer,
) -> Provider {
    let host = ThreadHost {
        endpoint: endpoint.clone(),
        answer,
        has_background: early_refresh == EarlyRefresh::Spawn,
    };
    let builder = Builder::new(host, credential);
    builder.early_refresh(early_refresh).build()
}

fn ask(provider: &Provider, scopes: &'static [&'static str]) -> JoinHandle<Got> {
    let provider = provider.clone();
    thread::spawn(move || block_on(provider.get_token(scopes)))
}

/// A task that loses interest when it is woken after so many polls, and polls no more.
struct Fickle {
    caller: Option<GetToken<ThreadHost>>,
    polls: u32,
}

impl Future for Fickle {
    type Output = Option<Got>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            self.caller = None;
        }
        self.polls = self.polls.saturating_sub(1);
        match &mut self.caller {
            Some(caller) => Pin::new(caller).poll(cx).map(Some),
            None => Poll::Ready(None),
        }
    }
}

fn ask_for_so_many_polls(provider: &Provider, polls: u32) -> JoinHandle<Option<Got>> {
    let provider = provider.clone();
    thread::spawn(move || {
        let caller = Some(provider.get_token(A));
        block_on(Fickle { caller, polls })
    })
}

#[test]
fn callers_of_one_key_share_one_run() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, TWO, token);
        let callers = [(); 3].map(|()| ask(&provider, A));
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 3]);
        assert_eq!(endpoint.requests(), 2, "as many as one run takes");
    });
}

#[test]
fn a_task_that_is_dropped_at_any_step_takes_nothing_from_the_others() {
    for polls in 0..5 {
        explore(move || {
            let endpoint = Endpoint::new();
            let provider = provider(&endpoint, TWO, token);
            let fickle = ask_for_so_many_polls(&provider, polls);
            let callers = [(); 2].map(|()| ask(&provider, A));
            assert_eq!(callers.map(|caller| number(join(caller))), [2; 2]);
            if let Some(got) = join(fickle) {
                assert_eq!(number(got), 2);
            }
            assert_eq!(endpoint.requests(), 2, "as many as one run takes");
        });
    }
}

#[test]
fn of_tasks_that_are_dropped_one_after_the_other_the_last_one_is_served() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, TWO, token);
        let fickle = [1, 2, 2].map(|polls| ask_for_so_many_polls(&provider, polls));
        assert_eq!(number(join(ask(&provider, A))), 2);
        fickle.into_iter().for_each(|fickle| drop(join(fickle)));
        assert_eq!(endpoint.requests(), 2, "as many as one run takes");
    });
}

#[test]
fn a_task_that_goes_to_another_thread_is_woken_there() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, TWO, token);
        let callers = [(); 2].map(|()| {
            let mut caller = provider.get_token(A);
            let left_behind = &mut Context::from_waker(Waker::noop());
            let polled = Pin::new(&mut caller).poll(left_behind);
            thread::spawn(move || match polled {
                Poll::Ready(got) => got,
                Poll::Pending => block_on(caller),
            })
        });
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 2]);
    });
}

#[test]
fn a_leader_that_its_runtime_cancels_takes_nothing_from_the_others() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, TWO, token);
        let leader = future::spawn(provider.get_token(A));
        let callers = [(); 2].map(|()| ask(&provider, A));
        leader.abort();
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 2]);
        assert_eq!(endpoint.requests(), 2, "as many as one run takes");
    });
}

#[test]
fn a_panic_of_the_host_reaches_one_caller_and_the_others_are_served() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, ONE, |request| match request.number {
            1 => Answer::Panic,
            _ => token(request),
        });
        let callers = [(); 3].map(|()| {
            let provider = provider.clone();
            let caller = move || block_on(provider.get_token(A));
            thread::spawn(move || catch_unwind(AssertUnwindSafe(caller)).ok())
        });
        let served = callers.map(join).into_iter().flatten().map(number);
        assert_eq!(served.collect::<Vec<_>>(), [2; 2], "all but one");
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_panic_that_befalls_a_fickle_task_strands_nobody() {
    for polls in 1..4 {
        explore(move || {
            let endpoint = Endpoint::new();
            let provider = provider(&endpoint, ONE, |request| match request.number {
                1 => Answer::Panic,
                _ => token(request),
            });
            let fickle = {
                let provider = provider.clone();
                thread::spawn(move || {
                    let caller = Some(provider.get_token(A));
                    let polled = || block_on(Fickle { caller, polls });
                    let _ = catch_unwind(AssertUnwindSafe(polled));
                })
            };
            let caller = {
                let provider = provider.clone();
                let caller = move || block_on(provider.get_token(A));
                thread::spawn(move || catch_unwind(AssertUnwindSafe(caller)).ok())
            };
            join(fickle);
            if let Some(got) = join(caller) {
                assert_eq!(number(got), 2);
            }
            assert_eq!(number(block_on(provider.get_token(A))), 2);
        });
    }
}

#[test]
fn a_flight_that_everybody_left_is_taken_up_or_begun_anew_once_overdue() {
    explore(|| {
        let endpoint = Endpoint::with_overdue_requests();
        let provider = provider(&endpoint, ONE, |request| match request.number {
            1 => Answer::Never,
            _ => token(request),
        });
        {
            let mut left = provider.get_token(A);
            assert!(
                Pin::new(&mut left)
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }
        pass(Duration::from_secs(301));
        let callers = [(); 3].map(|()| ask(&provider, A));
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 3]);
    });
}

#[test]
fn a_flight_that_is_stuck_is_begun_anew_once_by_those_who_wait_for_it() {
    explore(|| {
        let endpoint = Endpoint::with_overdue_requests();
        let provider = provider(&endpoint, ONE, |request| match request.number {
            1 => Answer::Never,
            _ => token(request),
        });
        let callers = [(); 3].map(|()| ask(&provider, A));
        while endpoint.alarms() < callers.len() {
            thread::yield_now();
        }
        pass(Duration::from_secs(311));
        assert_eq!(callers.map(|caller| number(join(caller))), [2; 3]);
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_token_that_was_invalidated_while_others_asked_does_not_come_back() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, ONE, token);
        let callers = [(); 2].map(|()| {
            let provider = provider.clone();
            thread::spawn(move || {
                let rejected = block_on(provider.get_token(A)).expect("a token");
                provider.invalidate(&rejected);
                let new = block_on(provider.get_token(A)).expect("a token");
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
fn a_token_without_a_challenges_claims_never_replaces_one_with_them() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, TWO, token);
        let plain = [(); 2].map(|()| ask(&provider, A));
        let challenged = {
            let provider = provider.clone();
            let request = TokenRequest::new(A.iter().copied()).claims(CLAIMS);
            thread::spawn(move || block_on(provider.get_token_with(request)))
        };
        for caller in plain {
            number(join(caller));
        }
        let challenged = number(join(challenged));
        assert_eq!(number(block_on(provider.get_token(A))), challenged);
    });
}

#[test]
fn keys_in_one_lane_go_one_at_a_time() {
    explore(|| {
        let endpoint = Endpoint::without_company();
        let provider = provider(&endpoint, SHY, token);
        let fickle = ask_for_so_many_polls(&provider, 1);
        let callers = [A, B, B].map(|scopes| ask(&provider, scopes));
        let [one, other, same] = callers.map(|caller| number(join(caller)));
        assert!(other == same && one != other);
        drop(join(fickle));
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn an_early_refresh_costs_nobody_the_token_that_is_held() {
    for early_refresh in [INLINE, EarlyRefresh::Spawn] {
        explore(move || {
            let endpoint = Endpoint::new();
            let provider = refreshing(&endpoint, ONE, early_refresh, token);
            assert_eq!(number(block_on(provider.get_token(A))), 1);
            pass(DUE);
            let fickle = ask_for_so_many_polls(&provider, 1);
            let callers = [(); 2].map(|()| ask(&provider, A));
            let got = callers.map(|caller| number(join(caller)));
            assert!(got.iter().all(|number| matches!(number, 1 | 2)));
            drop(join(fickle));
            assert!(endpoint.requests() <= 2, "{}", endpoint.requests());
        });
    }
}

#[test]
fn an_early_refresh_that_fails_or_panics_is_nobodys_error() {
    let fails = |request: &Request| match request.number {
        1 => token(request),
        _ => Answer::Reply(Err(failure())),
    };
    let panics = |request: &Request| match request.number {
        1 => token(request),
        _ => Answer::Panic,
    };
    for early_refresh in [INLINE, EarlyRefresh::Spawn] {
        for answer in [fails, panics] {
            explore(move || {
                let endpoint = Endpoint::new();
                let provider = refreshing(&endpoint, ONE, early_refresh, answer);
                assert_eq!(number(block_on(provider.get_token(A))), 1);
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
            let provider = refreshing(&endpoint, ONE, early_refresh, token);
            assert_eq!(number(block_on(provider.get_token(A))), 1);
            pass(DUE + Duration::from_secs(160));
            let callers = [(); 3].map(|()| ask(&provider, A));
            pass(Duration::from_secs(41)); // too little for a flight to be overdue
            for caller in callers {
                join(caller).expect("a token"); // which may have expired on its way
            }
            assert_eq!(number(block_on(provider.get_token(A))), endpoint.requests());
        });
    }
}

#[test]
fn a_failure_is_shared_by_those_who_waited_and_the_next_caller_tries_again() {
    explore(|| {
        let endpoint = Endpoint::new();
        let provider = provider(&endpoint, ONE, |request| match request.number {
            1 => Answer::Reply(Err(failure())),
            _ => token(request),
        });
        let callers = [(); 3].map(|()| ask(&provider, A));
        let got = callers.map(join);
        assert!(got.iter().any(Result::is_err), "who waited for the first");
        for got in got.into_iter().filter(Result::is_ok) {
            assert_eq!(number(got), 2);
        }
        assert_eq!(number(block_on(provider.get_token(A))), 2);
        assert_eq!(endpoint.requests(), 2);
    });
}

#[test]
fn a_token_that_is_held_is_there_at_the_first_poll_while_another_is_fetched() {
    for credential in [|| ONE, || SHY] {
        explore(move || {
            let endpoint = Endpoint::new();
            let provider = provider(&endpoint, credential(), token);
            assert_eq!(number(block_on(provider.get_token(A))), 1);
            let other = ask(&provider, B);
            let got = join(ask_for_so_many_polls(&provider, 1));
            assert_eq!(got.map(number), Some(1));
            number(join(other));
        });
    }
}
