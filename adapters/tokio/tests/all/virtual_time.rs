//! Time is tokio's, so that a test may pause it, or whatever clock the test gives.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azid_core::cache::RefreshSettings;
use azid_core::effect::{HttpReply, HttpRequest, HttpResponse};
use azid_core::{ClientSecretCredential, Now, Seed};
use azid_tokio::{Builder, HttpClient, TokenCache, TokenProvider, TokioHost};

const SCOPE: &[&str] = &["https://vault.azure.net/.default"];

/// A client that fails so many times before it answers, with tokens that are numbered.
#[derive(Clone, Default)]
struct Scripted {
    failures: usize,
    sent: Arc<AtomicUsize>,
}

impl HttpClient for Scripted {
    async fn send(&self, _: HttpRequest) -> HttpReply {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        if number < self.failures {
            return Ok(HttpResponse::new(503, b"".as_slice()));
        }
        let token = format!(r#"{{"access_token":"{number}","expires_in":3600}}"#);
        Ok(HttpResponse::new(200, token.into_bytes()))
    }
}

fn provider(host: TokioHost) -> TokenProvider {
    let credential = ClientSecretCredential::new("contoso.example", "client", "secret");
    Builder::new(host, credential.expect("valid")).build()
}

async fn token(provider: &TokenProvider) -> String {
    let token = provider.get_token(SCOPE).await.expect("a token");
    token.expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn retries_wait_on_paused_time() {
    let client = Scripted {
        failures: 3,
        ..Scripted::default()
    };
    let provider = provider(TokioHost::new().http_client(client.clone()));
    let (real, started) = (std::time::Instant::now(), tokio::time::Instant::now());
    assert_eq!(token(&provider).await, "3");
    assert!(
        started.elapsed() > Duration::from_secs(3),
        "0.8, 1.6 and 3.2 s, and jitter"
    );
    assert!(
        real.elapsed() < Duration::from_secs(3),
        "none of which were waited for"
    );
}

#[tokio::test(start_paused = true)]
async fn a_due_token_is_renewed_in_the_background_and_an_expired_one_is_not_used() {
    let client = Scripted::default();
    let provider = provider(TokioHost::new().http_client(client.clone()));
    assert_eq!(token(&provider).await, "0");
    tokio::time::advance(Duration::from_secs(3400)).await;
    assert_eq!(token(&provider).await, "0", "it is good, and nobody waits");
    tokio::task::yield_now().await;
    assert_eq!(token(&provider).await, "1");
    tokio::time::advance(Duration::from_secs(3700)).await;
    assert_eq!(token(&provider).await, "2");
}

#[tokio::test(start_paused = true)]
async fn the_age_of_a_held_token_is_that_on_paused_time_to_a_fraction_of_a_second() {
    let punctual = TokenCache::with_settings(RefreshSettings {
        window: Duration::from_secs(1),
        spread: Duration::ZERO,
        ..RefreshSettings::default()
    });
    let credential = ClientSecretCredential::new("contoso.example", "client", "secret");
    let host = TokioHost::new().http_client(Scripted::default());
    let provider = Builder::new(host, credential.expect("valid")).cache(punctual);
    let provider = provider.build();
    assert_eq!(token(&provider).await, "0");
    let is_held = || provider.with_cached_token(SCOPE, |_| ()).is_some();
    for (step, still_held) in [(3_598_500, true), (300, true), (300, false)] {
        tokio::time::advance(Duration::from_millis(step)).await;
        assert_eq!(is_held(), still_held, "{step}");
    }
}

#[tokio::test]
async fn clock_and_sleep_can_be_given() {
    let milliseconds = Arc::new(AtomicI64::new(1_800_000_000_000));
    let slept = Arc::new(Mutex::new(Vec::new()));
    let client = Scripted {
        failures: 1,
        ..Scripted::default()
    };
    let host = TokioHost::new()
        .http_client(client.clone())
        .clock({
            let milliseconds = milliseconds.clone();
            move || Now::wall(milliseconds.load(Ordering::SeqCst))
        })
        .sleep({
            let (milliseconds, slept) = (milliseconds.clone(), slept.clone());
            move |duration| {
                let (milliseconds, slept) = (milliseconds.clone(), slept.clone());
                async move {
                    let passed = i64::try_from(duration.as_millis()).expect("a short wait");
                    milliseconds.fetch_add(passed, Ordering::SeqCst);
                    slept.lock().expect("no panic").push(duration);
                }
            }
        });
    let provider = provider(host);
    let got = provider.get_token(SCOPE).await.expect("a token");
    assert_eq!(slept.lock().expect("no panic").len(), 1);
    let now = milliseconds.load(Ordering::SeqCst);
    assert_eq!(got.expires_on().unix_milliseconds(), now + 3_600_000);
}

#[tokio::test(start_paused = true)]
async fn with_a_given_seed_two_runs_wait_equally_long() {
    let mut waits = Vec::new();
    for _ in 0..2 {
        let client = Scripted {
            failures: 3,
            ..Scripted::default()
        };
        let host = TokioHost::new()
            .http_client(client)
            .seeds(|| Seed::new([7; 32]));
        let started = tokio::time::Instant::now();
        assert_eq!(token(&provider(host)).await, "3");
        waits.push(started.elapsed());
    }
    assert_eq!(waits[0], waits[1]);
}
