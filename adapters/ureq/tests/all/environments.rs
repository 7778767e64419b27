//! Where the environment changes the provider is somebody else's: it gets tokens of its own, and
//! none of those from before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use azid_core::effect::{CallbackId, TokenFailure};
use azid_core::{AccessToken, Environment, Error, Lane};
use azid_ureq::TokenProvider;

use crate::minting::{Clock, FromTest, HOUR, LONG, SCOPE, numbered, punctual, refused};
use crate::probe::host;

/// The environment of a process that its platform changes.
#[derive(Clone, Default)]
struct Changing(Arc<Mutex<Arc<Environment>>>);

impl Changing {
    fn becomes(&self, client: &str) {
        let changed = Environment::from_pairs([("AZURE_CLIENT_ID", client)]);
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
