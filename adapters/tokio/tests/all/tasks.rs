//! What a run has begun belongs to its waiters, and goes on without any of them.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use azid_core::effect::{CallbackId, HttpReply, HttpRequest, HttpResponse};
use azid_core::{AccessToken, Cause, ClientSecretCredential, ErrorKind, TokenCallbackCredential};
use azid_tokio::{Builder, Host as _, HttpClient, TokenProvider, TokioHost};
use tokio::runtime::{self, Runtime};
use tokio::sync::Semaphore;

const HOUR: Duration = Duration::from_secs(3600);
const SCOPE: &[&str] = &["https://vault.azure.net/.default"];

/// A client whose answers wait for leave, and which counts what was begun, what was answered and
/// what was called off.
#[derive(Clone)]
struct Gated(Arc<Counts>);

struct Counts {
    leave: Semaphore,
    begun: AtomicUsize,
    answered: AtomicUsize,
    over: AtomicUsize,
}

struct Over(Arc<Counts>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::SeqCst);
    }
}

impl Gated {
    fn new() -> Self {
        Self(Arc::new(Counts {
            leave: Semaphore::new(0),
            begun: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            over: AtomicUsize::new(0),
        }))
    }

    fn provider(&self) -> TokenProvider {
        let credential = ClientSecretCredential::new("contoso.example", "client", "secret");
        let host = TokioHost::new().http_client(self.clone());
        Builder::new(host, credential.expect("valid")).build()
    }
}

impl HttpClient for Gated {
    async fn send(&self, _: HttpRequest) -> HttpReply {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        let _over = Over(self.0.clone());
        let leave = self.0.leave.acquire().await;
        leave.expect("it is never closed").forget();
        self.0.answered.fetch_add(1, Ordering::SeqCst);
        let token = r#"{"access_token":"late","expires_in":3600}"#;
        Ok(HttpResponse::new(200, token.as_bytes()))
    }
}

/// Runs everything that can run.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn paused_runtime() -> Runtime {
    runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

async fn give_up(provider: &TokenProvider) {
    let impatient = tokio::time::timeout(Duration::from_millis(30), provider.get_token(SCOPE));
    impatient.await.expect_err("no answer has leave yet");
}

#[tokio::test(start_paused = true)]
async fn an_exchange_comes_to_its_end_though_everybody_left() {
    let client = Gated::new();
    let provider = client.provider();
    for _ in 0..10 {
        give_up(&provider).await;
    }
    client.0.leave.add_permits(1);
    settle().await;
    assert_eq!(client.0.answered.load(Ordering::SeqCst), 1);
    let got = provider.get_token(SCOPE).await.expect("a token");
    assert_eq!(got.expose(), "late");
    assert_eq!(client.0.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_hundred_tasks_share_one_exchange_though_many_are_aborted() {
    let client = Gated::new();
    let provider = client.provider();
    let mut callers: Vec<_> = (0..500)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.get_token(SCOPE).await })
        })
        .collect();
    for aborted in callers.drain(..100) {
        aborted.abort();
    }
    client.0.leave.add_permits(1);
    for caller in callers {
        let got = caller.await.expect("no panic");
        assert_eq!(got.expect("a token").expose(), "late");
    }
    assert_eq!(client.0.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_ends_with_its_provider() {
    let client = Gated::new();
    let provider = client.provider();
    give_up(&provider).await;
    assert_eq!(client.0.over.load(Ordering::SeqCst), 0);
    drop(provider);
    settle().await;
    assert_eq!(client.0.over.load(Ordering::SeqCst), 1);
}

#[test]
fn what_a_runtime_took_with_it_is_tried_again_on_the_next() {
    let client = Gated::new();
    let provider = client.provider();
    let first = paused_runtime();
    first.block_on(give_up(&provider));
    drop(first);
    client.0.leave.add_permits(1);
    let got = paused_runtime().block_on(provider.get_token(SCOPE));
    assert_eq!(got.expect("a token").expose(), "late");
    assert_eq!(client.0.begun.load(Ordering::SeqCst), 2);
}

#[test]
fn what_a_runtime_began_that_runs_no_more_is_begun_anew_once_by_all_who_wait_on_another() {
    let client = Gated::new();
    let provider = client.provider();
    let (stopped, running) = (paused_runtime(), paused_runtime());
    let _left_behind = stopped.spawn(provider.get_token(SCOPE));
    stopped.block_on(settle());
    assert_eq!(client.0.begun.load(Ordering::SeqCst), 1);
    client.0.leave.add_permits(2); // the first is for what runs no more
    running.block_on(async {
        let start = tokio::time::Instant::now();
        let callers: Vec<_> = (0..1000)
            .map(|_| tokio::spawn(provider.get_token(SCOPE)))
            .collect();
        for caller in callers {
            let got = caller.await.expect("no panic");
            assert_eq!(got.expect("a token").expose(), "late");
        }
        let waited = start.elapsed().as_secs();
        assert!((30..=41).contains(&waited), "{waited} s");
    });
    assert_eq!(client.0.begun.load(Ordering::SeqCst), 2);
    assert_eq!(client.0.answered.load(Ordering::SeqCst), 1);
    drop(stopped); // until now it was kept
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_never_answers_is_asked_twice_and_then_its_callers_are_told() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let credential = TokenCallbackCredential::new(CallbackId::new("silent"));
    let provider = Builder::new(TokioHost::new(), credential)
        .on_token(CallbackId::new("silent"), move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::pending()
        })
        .build();
    let start = tokio::time::Instant::now();
    let callers: Vec<_> = (0..10)
        .map(|_| tokio::spawn(provider.get_token(SCOPE)))
        .collect();
    for caller in callers {
        let error = caller.await.expect("no panic").expect_err("no answer");
        assert_eq!(error.cause(), &Cause::OutOfTime);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(start.elapsed().as_secs(), 2 * 310);
}

#[test]
fn who_waits_for_a_callback_outside_of_a_runtime_is_served() {
    let answer = Arc::new(OnceLock::new());
    let awaited = answer.clone();
    let credential = TokenCallbackCredential::new(CallbackId::new("slow"));
    let provider = Builder::new(TokioHost::new(), credential)
        .on_token(CallbackId::new("slow"), move |_| {
            let awaited = awaited.clone();
            poll_fn(move |_| match awaited.get() {
                Some(token) => Poll::Ready(Ok(AccessToken::clone(token))),
                None => Poll::Pending,
            })
        })
        .build();
    let mut caller = provider.get_token(SCOPE);
    let mut poll = || Pin::new(&mut caller).poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending());
    let token = AccessToken::new("late", provider.host().now().timestamp().after(HOUR));
    answer.set(token).expect("it is set once");
    let Poll::Ready(got) = poll() else {
        panic!("it has been answered");
    };
    assert_eq!(got.expect("a token").expose(), "late");
}
