//! Where the environment becomes somebody else's the provider gets tokens of its own, and none of
//! those from before. Where a secret in it is replaced, it goes on with those that it has.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use azid_core::effect::{CallbackId, TokenFailure};
use azid_core::{AccessToken, Environment, Error, Lane};
use azid_ureq::TokenProvider;

use crate::minting::{
    Clock, FromTest, HOUR, LONG, OTHER_SCOPE, SCOPE, numbered, punctual, refused,
};
use crate::probe::host;

const CLIENT: (&str, &str) = ("AZURE_CLIENT_ID", "one");

/// The environment of a process that its platform changes.
#[derive(Clone, Default)]
struct Changing(Arc<Mutex<Arc<Environment>>>);

impl Changing {
    fn becomes(&self, client: &str) {
        self.is_now(&[("AZURE_CLIENT_ID", client)]);
    }

    fn is_now(&self, pairs: &[(&str, &str)]) {
        let changed = Environment::from_pairs(pairs.iter().copied());
        *self.0.lock().expect("nobody panics here") = Arc::new(changed);
    }

    /// A provider that sees it, and whose tokens come from this function, which is given the number
    /// of the call.
    fn provider(
        &self,
        clock: &Clock,
        answer: impl Fn(usize) -> Result<AccessToken, TokenFailure> + Send + Sync + 'static,
    ) -> TokenProvider {
        let (seen, calls) = (Arc::clone(&self.0), AtomicUsize::new(0));
        let seen = move || Arc::clone(&seen.lock().expect("nobody panics here"));
        TokenProvider::builder(FromTest(Lane::PerKey))
            .host(clock.keep_for(host()).environments(seen))
            .cache(punctual())
            .on_token(CallbackId::new("test"), move |_| {
                answer(calls.fetch_add(1, Ordering::SeqCst) + 1)
            })
            .build()
    }
}

fn text(result: Result<AccessToken, Error>) -> String {
    result.expect("there is a token").expose().to_owned()
}

#[test]
fn a_due_token_of_another_environment_is_handed_out_to_nobody_until_that_is_back() {
    let (clock, environment) = (Clock::new(), Changing::default());
    let minted = clock.clone();
    environment.becomes("one");
    let provider = environment.provider(&clock, move |n| match n {
        2 | 3 => Err(refused("down")),
        _ => Ok(numbered(&minted, n)),
    });
    assert_eq!(text(provider.get_token(SCOPE)), "token 1");

    environment.becomes("two");
    assert_eq!(
        text(provider.get_token(SCOPE)),
        "token 1",
        "nobody looks as long as it is fresh"
    );
    clock.advance(HOUR - 200_000);
    provider
        .get_token(SCOPE)
        .expect_err("the second has no token, and none of the first's");

    environment.becomes("one");
    for _ in 0..2 {
        assert_eq!(
            text(provider.get_token(SCOPE)),
            "token 1",
            "it is good, though its renewal failed"
        );
    }
    environment.becomes("two");
    assert_eq!(text(provider.get_token(SCOPE)), "token 4");
}

#[test]
fn a_secret_that_is_replaced_costs_nobody_a_token_whether_the_next_run_fails_or_not() {
    let (clock, environment) = (Clock::new(), Changing::default());
    let with = |header| environment.is_now(&[CLIENT, ("IDENTITY_HEADER", header)]);
    let (minted, is_down) = (clock.clone(), Arc::<AtomicBool>::default());
    let down = Arc::clone(&is_down);
    with("one");
    let provider = environment.provider(&clock, move |n| match down.load(Ordering::SeqCst) {
        true => Err(refused("down")),
        false => Ok(numbered(&minted, n)),
    });
    let get = |scope| text(provider.get_token(scope));
    assert_eq!([SCOPE, OTHER_SCOPE].map(get), ["token 1", "token 2"]);

    with("two");
    is_down.store(true, Ordering::SeqCst);
    clock.advance(HOUR - 200_000);
    for _ in 0..2 {
        assert_eq!([SCOPE, OTHER_SCOPE].map(get), ["token 1", "token 2"]);
    }

    is_down.store(false, Ordering::SeqCst);
    clock.advance(30_000);
    assert_eq!(get(SCOPE), "token 5", "two runs have failed");
    with("three");
    is_down.store(true, Ordering::SeqCst);
    assert_eq!(get(OTHER_SCOPE), "token 2", "it is good until it expires");
    clock.advance(200_000);
    provider.get_token(OTHER_SCOPE).expect_err("it has expired");
    assert_eq!(get(SCOPE), "token 5");
}

#[test]
fn who_comes_back_with_another_secret_finds_the_tokens_again() {
    let (clock, environment) = (Clock::new(), Changing::default());
    let minted = clock.clone();
    environment.is_now(&[CLIENT, ("AZURE_CLIENT_SECRET", "one")]);
    let provider = environment.provider(&clock, move |n| match n {
        1 => Ok(numbered(&minted, n)),
        _ => Err(refused("down")),
    });
    assert_eq!(text(provider.get_token(SCOPE)), "token 1");
    clock.advance(HOUR - 200_000);
    environment.becomes("somebody else");
    provider.get_token(SCOPE).expect_err("it is another's");
    environment.is_now(&[CLIENT, ("AZURE_CLIENT_SECRET", "two")]);
    assert_eq!(text(provider.get_token(SCOPE)), "token 1");
}

#[test]
fn in_a_shared_cache_who_never_had_a_secret_finds_no_token_that_was_got_with_it() {
    let (clock, environment) = (Clock::new(), Changing::default());
    let minted = clock.clone();
    environment.is_now(&[CLIENT, ("IDENTITY_HEADER", "of one app")]);
    let one = environment.provider(&clock, move |n| Ok(numbered(&minted, n)));
    assert_eq!(text(one.get_token(SCOPE)), "token 1");
    environment.is_now(&[CLIENT, ("IDENTITY_HEADER", "of another")]);
    let seen = Arc::clone(&environment.0);
    let other = TokenProvider::builder(FromTest(Lane::PerKey))
        .host(
            clock
                .keep_for(host())
                .environments(move || Arc::clone(&seen.lock().expect("nobody panics here"))),
        )
        .cache(Arc::clone(one.cache()))
        .on_token(CallbackId::new("test"), |_| Err(refused("unknown")))
        .build();
    other.get_token(SCOPE).expect_err("the token is another's");
}

#[test]
fn who_sees_another_environment_joins_no_run_of_the_one_before() {
    let (clock, environment) = (Clock::new(), Changing::default());
    let (minted, (go, gate)) = (clock.clone(), mpsc::channel::<()>());
    let ((begin, begun), gate) = (mpsc::channel(), Mutex::new(gate));
    environment.becomes("one");
    let provider = environment.provider(&clock, move |n| {
        if n == 1 {
            begin.send(()).expect("the test waits for it");
            let gate = gate.lock().expect("nobody panics here");
            gate.recv_timeout(LONG).expect("the test lets it go");
        }
        Ok(numbered(&minted, n))
    });
    thread::scope(|scope| {
        let of_one = scope.spawn(|| text(provider.get_token(SCOPE)));
        begun.recv_timeout(LONG).expect("a run begins");
        environment.becomes("two");
        assert_eq!(text(provider.get_token(SCOPE)), "token 2");
        go.send(()).expect("the run waits");
        assert_eq!(of_one.join().expect("no panic"), "token 1");
    });
    assert_eq!(text(provider.get_token(SCOPE)), "token 2");
}
