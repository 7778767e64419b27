//! Platforms replace values in the environment of a running process: each run sees those of its
//! own start, whoever the driver is, while its provider goes on with the tokens that it has. Nobody
//! else gets those.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use azid_core::{
    AccessToken, Context, Credential, Environment, Error, Identity, Next, Timestamp, done,
};
use azid_tokio::Builder;

use crate::clock::VirtualClock;
use crate::drivers::{async_std_host, tokio_host, tokio_runtime, ureq_host};

/// Its token is the header value that the run saw.
#[derive(Clone, Copy, Debug)]
struct Sees;

impl Credential for Sees {
    fn name(&self) -> &'static str {
        "Sees"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).finish()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let value = cx.environment().get("IDENTITY_HEADER").unwrap_or("nothing");
        let year_2100 = Timestamp::from_unix_seconds(4_102_444_800);
        done(AccessToken::new(value, year_2100))
    }
}

/// The environment of a platform that replaces a value whenever it is told to.
#[derive(Clone, Default)]
struct Rotating(Arc<AtomicUsize>);

impl Rotating {
    fn rotate(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn now(&self) -> Arc<Environment> {
        let value = format!("value {}", self.0.load(Ordering::SeqCst));
        environment("t", value)
    }
}

fn environment(tenant: &str, header: String) -> Arc<Environment> {
    let pairs = [
        ("IDENTITY_HEADER", header),
        ("AZURE_TENANT_ID", tenant.to_owned()),
    ];
    Arc::new(Environment::from_pairs(pairs))
}

/// `other` asks a provider over the same cache, in an environment that is not the same identity's.
fn assert_each_run_sees_its_own(
    rotating: &Rotating,
    get: impl Fn() -> Result<AccessToken, Error>,
    other: impl Fn() -> Result<AccessToken, Error>,
    invalidate: impl Fn(&AccessToken) -> bool,
) {
    rotating.rotate();
    let first = get().expect("a token");
    assert_eq!(
        first.expose(),
        "value 1",
        "not what it was when the provider was built"
    );
    rotating.rotate();
    assert_eq!(
        get().expect("a token"),
        first,
        "the token that is held is still its own"
    );
    assert_eq!(
        other().expect("a token").expose(),
        "value of u",
        "nobody gets the token of another identity"
    );
    assert!(invalidate(&first));
    assert_eq!(get().expect("a token").expose(), "value 2");
}

fn others() -> Arc<Environment> {
    environment("u", "value of u".to_owned())
}

const SCOPE: &[&str] = &["https://vault.azure.net/.default"];

#[test]
fn a_run_of_ureq_sees_the_environment_of_its_start() {
    let rotating = Rotating::default();
    let seen = rotating.clone();
    let host = ureq_host(&VirtualClock::default()).environments(move || seen.now());
    let provider = azid_ureq::TokenProvider::builder(Sees).host(host).build();
    let host = ureq_host(&VirtualClock::default()).environment(others());
    let other = azid_ureq::TokenProvider::builder(Sees)
        .host(host)
        .cache(provider.cache().clone())
        .build();
    assert_each_run_sees_its_own(
        &rotating,
        || provider.get_token(SCOPE),
        || other.get_token(SCOPE),
        |token| provider.invalidate(token),
    );
}

#[test]
fn a_run_of_tokio_sees_the_environment_of_its_start() {
    let (rotating, runtime) = (Rotating::default(), tokio_runtime());
    let seen = rotating.clone();
    let host = tokio_host(&VirtualClock::default()).environments(move || seen.now());
    let provider = Builder::new(host, Sees).build();
    let host = tokio_host(&VirtualClock::default()).environment(others());
    let other = Builder::new(host, Sees)
        .cache(provider.cache().clone())
        .build();
    assert_each_run_sees_its_own(
        &rotating,
        || runtime.block_on(provider.get_token(SCOPE)),
        || runtime.block_on(other.get_token(SCOPE)),
        |token| provider.invalidate(token),
    );
}

#[test]
fn a_run_of_async_std_sees_the_environment_of_its_start() {
    let rotating = Rotating::default();
    let seen = rotating.clone();
    let host = async_std_host(&VirtualClock::default()).environments(move || seen.now());
    let provider = azid_async_std::Builder::new(host, Sees).build();
    let host = async_std_host(&VirtualClock::default()).environment(others());
    let other = azid_async_std::Builder::new(host, Sees)
        .cache(provider.cache().clone())
        .build();
    assert_each_run_sees_its_own(
        &rotating,
        || async_std::task::block_on(provider.get_token(SCOPE)),
        || async_std::task::block_on(other.get_token(SCOPE)),
        |token| provider.invalidate(token),
    );
}

#[test]
fn a_fixed_environment_is_what_every_run_sees() {
    let fixed = Rotating::default().now();
    let clock = VirtualClock::default();
    let ureq = azid_ureq::TokenProvider::builder(Sees)
        .host(ureq_host(&clock).environment(Arc::clone(&fixed)))
        .build();
    let tokio = Builder::new(tokio_host(&clock).environment(Arc::clone(&fixed)), Sees).build();
    let host = async_std_host(&clock).environment(fixed);
    let async_std = azid_async_std::Builder::new(host, Sees).build();
    let tokens = [
        ureq.get_token(SCOPE),
        tokio_runtime().block_on(tokio.get_token(SCOPE)),
        async_std::task::block_on(async_std.get_token(SCOPE)),
    ];
    for token in tokens {
        assert_eq!(token.expect("a token").expose(), "value 0");
    }
}
