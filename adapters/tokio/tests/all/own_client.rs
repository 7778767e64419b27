//! The user's own client sends every request, and needs no feature of this crate.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azid_core::effect::{HttpFailure, HttpReply, HttpRequest, HttpResponse, Refusal, Requirement};
use azid_core::{ClientSecretCredential, ManagedIdentityCredential};
use azid_tokio::{Builder, HttpClient, TokioHost};

use crate::fetch::{fetch, request, requirements};

/// A client that answers by itself and keeps what it was asked.
#[derive(Clone, Default)]
struct Own(Arc<Mutex<Vec<String>>>);

impl Own {
    fn asked(&self) -> Vec<String> {
        self.0.lock().expect("no test panics in it").clone()
    }
}

impl HttpClient for Own {
    async fn send(&self, request: HttpRequest) -> HttpReply {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        self.0.lock().expect("no test panics in it").push(host);
        tokio::task::yield_now().await;
        let token = r#"{"access_token":"own","expires_in":"3600","token_type":"Bearer"}"#;
        Ok(HttpResponse::new(200, token.as_bytes()))
    }
}

#[tokio::test]
async fn every_request_goes_through_it() {
    let own = Own::default();
    let host = || TokioHost::new().http_client(own.clone());
    let secret = ClientSecretCredential::new("contoso.example", "client", "secret").expect("valid");
    let scope = ["https://vault.azure.net/.default"];
    let providers = [
        Builder::new(host(), secret).build(),
        Builder::new(host(), ManagedIdentityCredential::new()).build(),
    ];
    for provider in providers {
        let token = provider.get_token(&scope).await.expect("a token");
        assert_eq!(token.expose(), "own");
    }
    assert_eq!(
        own.asked(),
        ["login.microsoftonline.com", "169.254.169.254"]
    );
}

#[tokio::test]
async fn a_url_in_clear_does_not_even_reach_it() {
    let own = Own::default();
    let host = Arc::new(TokioHost::new().http_client(own.clone()));
    let strict = request("http://a.example/").requirements(Default::default());
    let failure = fetch(&host, strict).await.err();
    let refusal = Refusal::Requirement(Requirement::Https);
    assert_eq!(failure, Some(HttpFailure::Refused(refusal)));
    assert!(own.asked().is_empty());
}

/// A client that never answers, and counts how often it was called off.
#[derive(Clone, Default)]
struct Stuck(Arc<AtomicUsize>);

struct CalledOff(Arc<AtomicUsize>);

impl Drop for CalledOff {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl HttpClient for Stuck {
    async fn send(&self, _: HttpRequest) -> HttpReply {
        let _called_off = CalledOff(self.0.clone());
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_called_off_when_the_time_limit_has_passed() {
    let stuck = Stuck::default();
    let host = Arc::new(TokioHost::new().http_client(stuck.clone()));
    let started = tokio::time::Instant::now();
    let failure = fetch(&host, request("http://a.example/")).await.err();
    assert_eq!(failure, Some(HttpFailure::TimedOut));
    assert_eq!(stuck.0.load(Ordering::SeqCst), 1);
    let limit = requirements().timeout;
    assert!(started.elapsed() >= limit && started.elapsed() < limit + Duration::from_secs(1));
}
