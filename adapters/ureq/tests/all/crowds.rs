//! Many threads at once: each token costs one run, and nobody waits for what is not its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use azid_core::effect::{CallbackId, TokenOrder};
use azid_core::{
    AccessToken, Context, Credential, Identity, Lane, Next, TokenRequest, done, token,
};
use azid_ureq::{EarlyRefresh, Event, TokenProvider};

use crate::gate::Gate;
use crate::minting::{
    Clock, FromTest, HOUR, LONG, OTHER_SCOPE, SCOPE, numbered, provider, punctual, refused,
};
use crate::probe::host;

#[test]
fn a_thousand_threads_share_one_run() {
    let clock = Clock::new();
    let (minted, runs) = (clock.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&runs);
    let provider = provider(&clock, move |n| {
        counted.store(n, Ordering::SeqCst);
        Ok(numbered(&minted, n))
    })
    .build();
    let start = Barrier::new(1000);
    thread::scope(|scope| {
        for _ in 0..1000 {
            let small = thread::Builder::new().stack_size(256 << 10);
            let caller = small.spawn_scoped(scope, || {
                start.wait();
                let token = provider.get_token(SCOPE).expect("there is a token");
                assert_eq!(token.expose(), "token 1");
            });
            caller.expect("there is room for a thread");
        }
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[test]
fn tokens_of_ten_resources_are_got_in_the_time_of_one() {
    let clock = Clock::new();
    let (minted, together) = (clock.clone(), Barrier::new(10));
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let provider = TokenProvider::builder(FromTest(Lane::PerKey))
        .host(clock.keep_for(host()))
        .on_token(CallbackId::new("test"), move |order| {
            counted.fetch_add(1, Ordering::SeqCst);
            together.wait(); // nobody gets past this unless all ten are here
            let name = order.request.scopes()[0].clone();
            Ok(AccessToken::new(name, minted.in_an_hour()))
        })
        .build();
    thread::scope(|scope| {
        for n in 0..10 {
            let provider = &provider;
            scope.spawn(move || {
                let scope = format!("https://{n}.example/.default");
                let token = provider.get_token(&[&scope]).expect("there is a token");
                assert_eq!(token.expose(), scope);
            });
        }
    });
    assert_eq!(runs.load(Ordering::SeqCst), 10);
}

#[test]
fn callers_with_less_time_than_the_run_needs_are_all_served_by_it() {
    let clock = Clock::new();
    let (gate, runs) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
    let (minted, counted, pass) = (clock.clone(), Arc::clone(&runs), gate.pass());
    let provider = provider(&clock, move |n| {
        counted.store(n, Ordering::SeqCst);
        pass();
        Ok(numbered(&minted, n))
    })
    .build();
    let given_up = Barrier::new(11);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let hasty = || provider.get_token_within(request(), Duration::from_millis(1));
                hasty().expect_err("the run waits for all of them to have given up");
                given_up.wait();
                let served = std::iter::repeat_with(hasty).find_map(Result::ok);
                assert_eq!(served.expect("it does not end").expose(), "token 1");
            });
        }
        given_up.wait();
        gate.open();
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[test]
fn a_token_that_is_held_is_there_at_once_while_another_is_fetched() {
    let clock = Clock::new();
    let (gate, minted) = (Gate::default(), clock.clone());
    let pass = gate.pass();
    let provider = provider(&clock, move |n| {
        if n == 2 {
            pass();
        }
        Ok(numbered(&minted, n))
    })
    .build();
    assert_eq!(text(provider.get_token(SCOPE)), "token 1");
    thread::scope(|scope| {
        let other = scope.spawn(|| provider.get_token(OTHER_SCOPE));
        gate.wait_until_reached();
        for _ in 0..100 {
            assert_eq!(text(provider.get_token(SCOPE)), "token 1");
        }
        gate.open();
        assert_eq!(text(other.join().expect("no caller panics")), "token 2");
    });
}

#[test]
fn while_the_endpoint_hangs_all_but_one_get_the_good_token_at_once() {
    let clock = Clock::new();
    let (gate, minted) = (Gate::default(), clock.clone());
    let pass = gate.pass();
    let provider = provider(&clock, move |n| {
        if n == 2 {
            pass();
            return Err(refused("down"));
        }
        Ok(numbered(&minted, n))
    })
    .cache(punctual())
    .build();
    assert_eq!(text(provider.get_token(SCOPE)), "token 1");
    clock.advance(HOUR - 200_000);
    thread::scope(|scope| {
        let driver = scope.spawn(|| provider.get_token(SCOPE));
        gate.wait_until_reached();
        for _ in 0..100 {
            assert_eq!(text(provider.get_token(SCOPE)), "token 1");
        }
        gate.open();
        assert_eq!(text(driver.join().expect("no caller panics")), "token 1");
    });
    assert_eq!(
        text(provider.get_token(SCOPE)),
        "token 1",
        "and nobody tries at once"
    );
    clock.advance(30_000);
    assert_eq!(text(provider.get_token(SCOPE)), "token 3");
}

#[test]
fn of_all_who_had_a_token_rejected_one_causes_a_run() {
    let clock = Clock::new();
    let (minted, runs) = (clock.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&runs);
    let provider = provider(&clock, move |n| {
        counted.store(n, Ordering::SeqCst);
        Ok(numbered(&minted, n))
    })
    .build();
    let rejected = provider.get_token(SCOPE).expect("there is a token");
    let (start, had_effect) = (Barrier::new(10), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                start.wait();
                let first = usize::from(provider.invalidate(&rejected));
                had_effect.fetch_add(first, Ordering::SeqCst);
                assert_eq!(text(provider.get_token(SCOPE)), "token 2");
            });
        }
    });
    assert_eq!(had_effect.load(Ordering::SeqCst), 1);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn of_all_who_had_a_token_rejected_one_causes_a_run_also_where_the_source_repeats_itself() {
    let clock = Clock::new();
    let (end, runs) = (clock.in_an_hour(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&runs);
    let provider = provider(&clock, move |n| {
        counted.store(n, Ordering::SeqCst);
        Ok(AccessToken::new("the same", end))
    })
    .build();
    let rejected = provider.get_token(SCOPE).expect("there is a token");
    let (start, had_effect) = (Barrier::new(10), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                start.wait();
                let first = usize::from(provider.invalidate(&rejected));
                had_effect.fetch_add(first, Ordering::SeqCst);
                assert_eq!(text(provider.get_token(SCOPE)), "the same");
            });
        }
    });
    assert_eq!(had_effect.load(Ordering::SeqCst), 1);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn with_one_caller_a_minute_a_token_of_five_steps_is_renewed_before_it_expires() {
    for (early_refresh, seconds, gated, on_thread_from) in [
        (EarlyRefresh::inline(), [2, 0, 0], 5 + 2, 1), // where two seconds were not enough
        (EarlyRefresh::Spawn, [0, 0, 0], 5, 0),
    ] {
        let clock = Clock::new();
        let (gate, minted, steps) = (Gate::default(), clock.clone(), AtomicUsize::new(0));
        let (pass, (landed, landing)) = (gate.pass(), mpsc::channel());
        let provider = TokenProvider::builder(FiveSteps)
            .host(clock.keep_for(host()))
            .cache(punctual())
            .early_refresh(early_refresh)
            .on_token(CallbackId::new("test"), move |_| {
                if steps.fetch_add(1, Ordering::SeqCst) == gated {
                    pass();
                }
                minted.advance(1000);
                Ok(AccessToken::new("token", minted.in_an_hour()))
            })
            .on_event(move |event| landed.send(event.clone()).expect("the test listens"))
            .build();
        let ends = |ending: &str| {
            let event = landing.recv_timeout(LONG).expect("a run ends");
            assert!(format!("{event:?}").starts_with(ending), "{event:?}");
        };
        let first = provider.get_token(SCOPE).expect("there is a token");
        ends("Acquired");
        clock.advance(HOUR - 290_000);
        for (call, seconds) in seconds.into_iter().enumerate() {
            let before = clock.in_an_hour();
            assert_eq!(provider.get_token(SCOPE).as_ref(), Ok(&first));
            assert_eq!(
                clock.in_an_hour().since(before),
                Duration::from_secs(seconds),
                "nobody is kept for longer"
            );
            if call == on_thread_from {
                gate.wait_until_reached();
            }
            clock.advance(60_000);
        }
        if early_refresh != EarlyRefresh::Spawn {
            ends("RefreshFailed"); // the first caller's
        }
        gate.open();
        ends("Acquired");
        let renewed = provider.get_token(SCOPE).expect("there is a token");
        assert!(
            renewed.expires_on() > first.expires_on(),
            "with minutes left"
        );
    }
}

#[test]
fn a_caller_in_haste_leaves_the_renewal_to_a_thread() {
    let clock = Clock::new();
    let (gate, minted) = (Gate::default(), clock.clone());
    let (pass, (landed, landing)) = (gate.pass(), mpsc::channel());
    let provider = provider(&clock, move |n| {
        if n == 2 {
            pass();
        }
        Ok(numbered(&minted, n))
    })
    .cache(punctual())
    .on_event(move |event| landed.send(event.clone()).expect("the test listens"))
    .build();
    assert_eq!(text(provider.get_token(SCOPE)), "token 1");
    landing.recv_timeout(LONG).expect("a token was acquired");
    clock.advance(HOUR - 200_000);
    let hasty = provider.get_token_within(request(), Duration::from_millis(1));
    assert_eq!(text(hasty), "token 1");
    gate.open();
    let event = landing.recv_timeout(LONG).expect("the refresh ends");
    assert!(matches!(event, Event::Acquired { .. }), "{event:?}");
    assert_eq!(text(provider.get_token(SCOPE)), "token 2");
}

#[test]
fn however_many_runs_hang_a_provider_has_a_hundred_threads_and_one_for_each_token() {
    let clock = Clock::new();
    let (minted, go) = (clock.clone(), Arc::new(Barrier::new(101)));
    let (hangs, (on_thread, threads)) = (Arc::clone(&go), mpsc::channel());
    let provider = TokenProvider::builder(FromTest(Lane::PerKey))
        .host(clock.keep_for(host()))
        .on_token(CallbackId::new("test"), move |order| {
            let is_its_own = thread::current().name() == Some("azid");
            on_thread.send(is_its_own).expect("the test listens");
            if is_its_own {
                hangs.wait();
            }
            let name = order.request.scopes()[0].clone();
            Ok(AccessToken::new(name, minted.in_an_hour()))
        })
        .build();
    let ask = |n: usize| {
        let request = TokenRequest::new([format!("https://{n}.example/.default")]);
        provider.get_token_within(request, Duration::from_millis(1))
    };
    for n in (0..100).chain(0..100) {
        ask(n).expect_err("its run hangs"); // and is joined the second time
    }
    for _ in 0..100 {
        assert_eq!(threads.recv_timeout(LONG), Ok(true));
    }
    let driven = ask(100);
    assert_eq!(threads.recv_timeout(LONG), Ok(false), "by its caller");
    assert!(threads.try_recv().is_err(), "there were no more");
    drop(driven); // it may have come too late
    go.wait();
    let ended = std::iter::repeat_with(|| ask(0)).find_map(Result::ok);
    let token = ended.expect("it does not end");
    assert_eq!(token.expose(), "https://0.example/.default");
}

fn request() -> TokenRequest {
    TokenRequest::new(SCOPE.iter().copied())
}

fn text(result: Result<AccessToken, azid_core::Error>) -> String {
    result.expect("there is a token").expose().to_owned()
}

/// A credential that takes five steps to a token, each of which takes a second.
#[derive(Debug)]
struct FiveSteps;

impl Credential for FiveSteps {
    fn name(&self) -> &'static str {
        "FiveSteps"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).finish()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        step(5, cx)
    }
}

fn step(left: u32, cx: &Context) -> Next {
    let order = TokenOrder {
        callback: CallbackId::new("test"),
        request: cx.request().clone(),
    };
    token(order, move |reply, cx| {
        let got = reply.or_else(|failure| cx.failed(failure))?;
        if left == 1 {
            done(got)
        } else {
            step(left - 1, cx)
        }
    })
}
