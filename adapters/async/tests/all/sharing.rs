//! Callers who want one token share one run, whatever happens to any of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azid_async::{Builder, Event, GetToken, Host as _, TokenCache, TokenProvider};
use azid_core::{
    ChainedTokenCredential, Context, Credential, Environment, ErrorKind, Identity, Lane, Memory,
    Next, WorkloadIdentityCredential, call, done,
};

use crate::manual_host::{
    Answer, Bell, ManualHost, credential, poll, poll_with, ready, status, throttled, token,
};

const VAULT: &str = "https://vault.azure.net/.default";
const STORAGE: &str = "https://storage.azure.com/.default";
const GRAPH: &str = "https://graph.microsoft.com/.default";

fn provider() -> (ManualHost, TokenProvider<ManualHost>) {
    let host = ManualHost::default();
    (host.clone(), TokenProvider::on(host, credential()))
}

fn secret(caller: &mut GetToken<ManualHost>) -> String {
    let token = ready(caller).expect("a token");
    token.expose().to_owned()
}

#[test]
fn a_token_that_is_held_is_taken_without_any_effect() {
    let (host, provider) = provider();
    let mut first = provider.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    host.answer_last(token("one"));
    assert_eq!(secret(&mut first), "one");
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "one");
    assert_eq!(host.begun(), 1);
}

#[test]
fn nothing_happens_before_the_first_poll() {
    let (host, provider) = provider();
    drop(provider.get_token(&[VAULT]));
    assert_eq!(host.begun(), 0);
}

#[test]
fn a_thousand_callers_share_one_run() {
    let (host, provider) = provider();
    let mut callers: Vec<_> = (0..1000).map(|_| provider.get_token(&[VAULT])).collect();
    let bell = Bell::new();
    assert!(
        callers
            .iter_mut()
            .all(|caller| poll_with(caller, &bell).is_pending())
    );
    host.answer_last(token("shared"));
    assert!(bell.rings() > 0);
    assert!(callers.iter_mut().all(|caller| secret(caller) == "shared"));
    assert_eq!(host.begun(), 1);
}

#[test]
fn a_leader_who_leaves_at_any_step_takes_nothing_from_the_others() {
    let answers = || {
        [
            status(503),
            Answer::Slept,
            status(503),
            Answer::Slept,
            token("kept"),
        ]
    };
    for leaves_at in 0..answers().len() {
        let (host, provider) = provider();
        let mut leader = Some(provider.get_token(&[VAULT]));
        let mut waiter = provider.get_token(&[VAULT]);
        let bell = Bell::new();
        for (number, answer) in answers().into_iter().enumerate() {
            if let Some(leader) = &mut leader {
                assert!(poll(leader).is_pending());
            }
            assert!(poll_with(&mut waiter, &bell).is_pending());
            if number == leaves_at {
                leader = None;
            }
            let rung = bell.rings();
            host.answer_last(answer);
            assert!(bell.rings() > rung, "the waiter hears of step {number}");
        }
        assert_eq!(secret(&mut waiter), "kept");
        assert_eq!(host.kinds(), ["http", "sleep", "http", "sleep", "http"]);
    }
}

#[test]
fn callers_with_less_time_than_the_endpoint_needs_are_all_served_by_one_request() {
    let (host, provider) = provider();
    let milliseconds = Duration::from_millis;
    let mut served = 0;
    while served < 10 {
        let mut callers: Vec<_> = (served..10).map(|_| provider.get_token(&[VAULT])).collect();
        served += callers
            .iter_mut()
            .map(|caller| usize::from(poll(caller).is_ready()))
            .sum::<usize>();
        host.advance(milliseconds(30)); // which is all that each of them has
        drop(callers);
        if host.elapsed() == milliseconds(60) {
            host.answer(0, token("late")); // it came ten milliseconds ago
        }
        assert!(host.elapsed() < milliseconds(100), "{served} were served");
    }
    assert_eq!(host.begun(), 1);
}

#[test]
fn a_run_that_nobody_drives_past_its_deadline_is_called_off() {
    let (host, provider) = provider();
    let mut left = provider.get_token(&[VAULT]);
    assert!(poll(&mut left).is_pending());
    drop(left);
    host.advance(Duration::from_secs(60));
    let mut next = provider.get_token(&[VAULT]);
    assert!(poll(&mut next).is_pending());
    assert_eq!(host.begun(), 2);
    host.answer_last(token("anew"));
    assert_eq!(secret(&mut next), "anew");
    assert!(poll(&mut provider.get_token(&[STORAGE])).is_pending());
    assert_eq!(
        host.outstanding(),
        1,
        "of the three, the one for the other resource"
    );
}

#[test]
fn a_wait_that_is_longer_than_a_minute_is_not_overdue() {
    let (host, provider) = provider();
    let mut leader = provider.get_token(&[VAULT]);
    assert!(poll(&mut leader).is_pending());
    host.advance(Duration::from_secs(29)); // of the 30 that the request may take
    host.answer_last(status(503));
    assert!(poll(&mut leader).is_pending());
    host.answer_last(Answer::Slept);
    assert!(poll(&mut leader).is_pending());
    host.advance(Duration::from_secs(39)); // within the grace of a late task
    let mut waiter = provider.get_token(&[VAULT]);
    assert!(poll(&mut waiter).is_pending());
    assert_eq!(host.begun(), 3);
    host.answer_last(token("slow"));
    assert_eq!(
        (secret(&mut waiter), secret(&mut leader)),
        ("slow".into(), "slow".into())
    );
}

#[test]
fn a_provider_that_is_dropped_calls_its_runs_off() {
    let (host, provider) = provider();
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    drop(caller);
    assert_eq!(host.outstanding(), 1);
    drop(provider);
    assert_eq!(host.outstanding(), 0);
}

#[test]
fn an_error_reaches_everybody_who_waited() {
    let (host, provider) = provider();
    let mut callers = [provider.get_token(&[VAULT]), provider.get_token(&[VAULT])];
    assert!(callers.iter_mut().all(|caller| poll(caller).is_pending()));
    host.answer_last(status(401));
    for caller in &mut callers {
        let error = ready(caller).expect_err("the endpoint said no");
        assert_eq!(error.kind(), ErrorKind::Failed);
    }
    assert_eq!(host.begun(), 1);
}

#[test]
fn after_a_failure_that_asks_for_a_pause_nobody_asks_again_until_that_is_over() {
    let (host, provider) = provider();
    let mut first = provider.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    host.answer_last(throttled("600"));
    let failed = ready(&mut first).expect_err("it is throttled");
    assert_eq!(failed.retry_after(), Some(Duration::from_secs(600)));
    host.advance(Duration::from_secs(599));
    let told = ready(&mut provider.get_token(&[VAULT])).expect_err("the pause is not over");
    assert_eq!(told.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(told.endpoint(), failed.endpoint());
    assert_eq!(host.begun(), 1);

    host.advance(Duration::from_secs(1));
    let mut next = provider.get_token(&[VAULT]);
    assert!(poll(&mut next).is_pending());
    host.answer_last(token("new"));
    assert_eq!(secret(&mut next), "new");
}

#[test]
fn a_panic_of_the_host_reaches_one_caller_and_the_others_are_served() {
    let (host, provider) = provider();
    let mut callers: Vec<_> = (0..3).map(|_| provider.get_token(&[VAULT])).collect();
    let bell = Bell::new();
    assert!(
        callers
            .iter_mut()
            .all(|caller| poll_with(caller, &bell).is_pending())
    );
    host.answer_last(Answer::Panic);
    assert!(bell.rings() > 0);
    let mut unlucky = callers.remove(0);
    let panic = catch_unwind(AssertUnwindSafe(|| poll(&mut unlucky)));
    assert!(panic.is_err(), "the caller who drove it");
    assert!(callers.iter_mut().all(|caller| poll(caller).is_pending()));
    assert_eq!(host.begun(), 2);
    host.answer_last(token("after-all"));
    assert!(
        callers
            .iter_mut()
            .all(|caller| secret(caller) == "after-all")
    );
}

#[test]
fn tokens_of_ten_resources_are_got_in_the_time_of_one() {
    let (host, provider) = provider();
    let scopes: Vec<_> = (0..10)
        .map(|n| format!("https://{n}.example/.default"))
        .collect();
    let mut callers: Vec<_> = scopes
        .iter()
        .map(|scope| provider.get_token(&[scope]))
        .collect();
    assert!(callers.iter_mut().all(|caller| poll(caller).is_pending()));
    assert_eq!(host.outstanding(), 10);
    for number in (0..10).rev() {
        host.answer(number, token(&scopes[number]));
        assert_eq!(secret(&mut callers[number]), scopes[number]);
    }
    assert_eq!(host.begun(), 10);
}

#[test]
fn a_token_that_is_held_is_there_at_once_while_another_is_fetched() {
    let (host, provider) = provider();
    let mut vault = provider.get_token(&[VAULT]);
    assert!(poll(&mut vault).is_pending());
    host.answer_last(token("vault"));
    assert_eq!(secret(&mut vault), "vault");
    let mut storage = provider.get_token(&[STORAGE]);
    assert!(poll(&mut storage).is_pending());
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "vault");
    assert_eq!(host.outstanding(), 1, "which nobody has answered yet");
}

#[test]
fn runs_that_bear_no_company_go_one_at_a_time() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), Shy);
    let (mut vault, mut storage) = (provider.get_token(&[VAULT]), provider.get_token(&[STORAGE]));
    assert!(poll(&mut vault).is_pending() && poll(&mut storage).is_pending());
    assert_eq!(host.begun(), 1);
    host.answer_last(token("vault"));
    assert!(
        poll(&mut storage).is_pending(),
        "who waits in the lane drives what is in it"
    );
    assert_eq!(host.begun(), 2);
    host.answer_last(token("storage"));
    assert_eq!(
        (secret(&mut vault), secret(&mut storage)),
        ("vault".into(), "storage".into())
    );
}

#[test]
fn a_chain_is_searched_once_and_runs_side_by_side_when_its_winner_is_known() {
    let host = ManualHost::default();
    let chain = ChainedTokenCredential::new(WorkloadIdentityCredential::new()).link(credential());
    let provider = TokenProvider::on(host.clone(), chain);
    let (mut vault, mut storage) = (provider.get_token(&[VAULT]), provider.get_token(&[STORAGE]));
    assert!(poll(&mut vault).is_pending() && poll(&mut storage).is_pending());
    assert_eq!(host.begun(), 1, "nobody knows yet who wins");
    host.answer_last(token("vault"));
    assert_eq!(secret(&mut vault), "vault");
    let mut graph = provider.get_token(&[GRAPH]);
    assert!(poll(&mut storage).is_pending() && poll(&mut graph).is_pending());
    assert_eq!(host.begun(), 3);
}

#[test]
fn providers_that_share_a_cache_share_tokens() {
    let cache = TokenCache::new();
    let hosts = [ManualHost::default(), ManualHost::default()];
    let [one, two] = hosts.clone().map(|host| {
        Builder::new(host, credential())
            .cache(cache.clone())
            .build()
    });
    let mut first = one.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    hosts[0].answer_last(token("common"));
    assert_eq!(secret(&mut first), "common");
    assert_eq!(secret(&mut two.get_token(&[VAULT])), "common");
    assert_eq!(hosts[1].begun(), 0);
}

#[test]
fn a_cache_that_was_kept_serves_the_next_process() {
    let (host, provider) = provider();
    let mut first = provider.get_token(&[VAULT]);
    assert!(poll(&mut first).is_pending());
    host.answer_last(token("kept"));
    assert_eq!(secret(&mut first), "kept");
    let kept = provider.cache().snapshot();

    let next = ManualHost::default();
    let cache = TokenCache::new();
    let restored = cache.restore(&kept, next.now().timestamp());
    assert_eq!(restored, Ok(()));
    let provider = Builder::new(next.clone(), credential())
        .cache(cache)
        .build();
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "kept");
    assert_eq!(next.begun(), 0);
}

#[test]
fn a_host_without_randomness_is_an_error_and_not_a_weak_run() {
    let host = ManualHost::without_randomness();
    let provider = TokenProvider::on(host.clone(), credential());
    let error = ready(&mut provider.get_token(&[VAULT])).expect_err("no run can start");
    assert!(error.to_string().contains("random numbers"), "{error}");
    assert_eq!(host.begun(), 0);
}

#[test]
fn the_listener_hears_of_retries_and_of_the_token_but_not_the_token_itself() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let host = ManualHost::default();
    let provider = Builder::new(host.clone(), credential())
        .on_event({
            let heard = heard.clone();
            move |event: &Event| heard.lock().expect("no panic").push(format!("{event:?}"))
        })
        .build();
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(status(503));
    assert!(poll(&mut caller).is_pending());
    host.answer_last(Answer::Slept);
    assert!(poll(&mut caller).is_pending());
    host.answer_last(token("canary"));
    assert_eq!(secret(&mut caller), "canary");
    let heard = heard.lock().expect("no panic");
    assert!(
        heard[0].starts_with("Retry") && heard[1].starts_with("Acquired"),
        "{heard:?}"
    );
    assert!(!heard.concat().contains("canary"));
}

/// A credential whose runs must not overlap.
#[derive(Debug)]
pub(crate) struct Shy;

impl Credential for Shy {
    fn name(&self) -> &'static str {
        "Shy"
    }

    fn identity(&self) -> Identity {
        Identity::of("Shy").finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        call(Arc::new(credential()), |result, _| done(result?))
    }
}
