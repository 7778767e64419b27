//! Time, files, callbacks, the user's own client, and what is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use azid_async_std::{AsyncStdHost, Builder, HttpClient, TokenProvider};
use azid_core::effect::{
    CallbackId, FileFailure, HttpFailure, HttpReply, HttpRequest, HttpResponse, TokenOrder,
};
use azid_core::{
    AccessToken, Cause, ClientSecretCredential, Context, Credential, Environment, Identity, Next,
    Now, Seed, Timestamp, WorkloadIdentityCredential, done, token,
};

use crate::fetch::{fetch, request, requirements};

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

/// A host whose time stands still, save that waits move it on.
fn timeless(client: Scripted) -> (Arc<AtomicI64>, AsyncStdHost) {
    let milliseconds = Arc::new(AtomicI64::new(1_800_000_000_000));
    let (for_clock, for_sleep) = (milliseconds.clone(), milliseconds.clone());
    let host = AsyncStdHost::new()
        .http_client(client)
        .clock(move || Now::wall(for_clock.load(Ordering::SeqCst)))
        .sleep(move |duration| {
            let passed = i64::try_from(duration.as_millis()).expect("a short wait");
            for_sleep.fetch_add(passed, Ordering::SeqCst);
            async {}
        })
        .seeds(|| Seed::new([7; 32]));
    (milliseconds, host)
}

fn credential() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.example", "client", "secret").expect("valid")
}

async fn secret(provider: &TokenProvider) -> String {
    let token = provider.get_token(SCOPE).await.expect("a token");
    token.expose().to_owned()
}

#[async_std::test]
async fn retries_wait_by_the_function_that_was_given() {
    let client = Scripted {
        failures: 3,
        ..Scripted::default()
    };
    let (milliseconds, host) = timeless(client);
    let started = milliseconds.load(Ordering::SeqCst);
    assert_eq!(secret(&Builder::new(host, credential()).build()).await, "3");
    assert!(milliseconds.load(Ordering::SeqCst) > started + 3_000);
}

#[async_std::test]
async fn a_due_token_is_renewed_in_the_background() {
    let (milliseconds, host) = timeless(Scripted::default());
    let (renewed, hears) = async_std::channel::unbounded();
    let provider = Builder::new(host, credential())
        .on_event(move |_| renewed.try_send(()).expect("it is unbounded"))
        .build();
    assert_eq!(secret(&provider).await, "0");
    hears.recv().await.expect("the first token");
    milliseconds.fetch_add(3_400_000, Ordering::SeqCst);
    assert_eq!(secret(&provider).await, "0");
    hears.recv().await.expect("the second");
    assert_eq!(secret(&provider).await, "1");
}

#[async_std::test]
async fn a_client_that_never_answers_is_called_off() {
    struct Stuck;

    impl HttpClient for Stuck {
        async fn send(&self, _: HttpRequest) -> HttpReply {
            std::future::pending().await
        }
    }

    let host = Arc::new(AsyncStdHost::new().http_client(Stuck));
    let mut brief = requirements();
    brief.timeout = Duration::from_millis(50);
    let failure = fetch(&host, request("http://a.example/").requirements(brief)).await;
    assert_eq!(failure, Err(HttpFailure::TimedOut));
}

#[async_std::test]
async fn a_file_that_is_not_there_is_told_by_its_path() {
    let environment = Environment::from_pairs([
        ("AZURE_TENANT_ID", "contoso.example"),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/no/such/file"),
    ]);
    let host = AsyncStdHost::new().environment(environment);
    let provider = Builder::new(host, WorkloadIdentityCredential::new()).build();
    let error = provider
        .get_token(SCOPE)
        .await
        .expect_err("there is no file");
    let Cause::File { path, failure } = error.cause() else {
        panic!("not about a file: {error}");
    };
    assert_eq!(
        (path.as_str(), failure),
        ("/no/such/file", &FileFailure::NotFound)
    );
}

#[async_std::test]
async fn a_callback_may_wait_as_any_task() {
    let name = CallbackId::new("vault");
    let provider = TokenProvider::builder(Wants(name.clone()))
        .on_token(name, async |order: TokenOrder| {
            async_std::task::sleep(Duration::from_millis(1)).await;
            let year_2100 = Timestamp::from_unix_seconds(4_102_444_800);
            Ok(AccessToken::new(order.request.scopes().concat(), year_2100))
        })
        .build();
    assert_eq!(secret(&provider).await, SCOPE[0]);
}

/// A credential that asks this callback for a token.
#[derive(Debug)]
struct Wants(CallbackId);

impl Credential for Wants {
    fn name(&self) -> &'static str {
        "Wants"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = TokenOrder {
            callback: self.0.clone(),
            request: cx.request().clone(),
        };
        token(order, |reply, cx| {
            done(reply.or_else(|failure| cx.failed(failure))?)
        })
    }
}
