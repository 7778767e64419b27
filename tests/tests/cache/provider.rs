//! A provider on virtual time, without a shell.

use std::sync::Arc;
use std::time::Duration;

use azid_core::cache::{Acquire, Decision, Key, Lease, RefreshSettings, TokenTable};
use azid_core::effect::HttpResponse;
use azid_core::testing::{self, START, World};
use azid_core::{
    AccessToken, ClientSecretCredential, Error, Identity, Lane, Now, Seed, Timestamp, TokenRequest,
};

/// A provider with one credential, and a clock.
pub(crate) struct Provider {
    pub(crate) tokens: TokenTable,
    pub(crate) acquire: Acquire,
    pub(crate) identity: Identity,
    pub(crate) lane: Lane,
    /// The wall clock, in seconds from the start.
    pub(crate) seconds: i64,
    /// How far that clock has been set back in all.
    pub(crate) set_back: i64,
}

impl Provider {
    pub(crate) fn new() -> Self {
        let settings = RefreshSettings {
            spread: Duration::ZERO,
            ..Default::default()
        };
        Self {
            tokens: TokenTable::new(settings),
            acquire: Acquire::new(Seed::new([3; 32])),
            identity: Identity::of("Test").finish(),
            lane: Lane::PerKey,
            seconds: 0,
            set_back: 0,
        }
    }

    pub(crate) fn now(&self) -> Now {
        let steady = Duration::from_secs(self.steady().unsigned_abs());
        Now::new(START + self.seconds * 1000, steady)
    }

    /// The monotonic clock, in seconds.
    pub(crate) fn steady(&self) -> i64 {
        self.seconds + self.set_back
    }

    pub(crate) fn asks(&mut self, request: &TokenRequest) -> Decision {
        let key = Key::new(&self.identity, request);
        let now = self.now();
        self.acquire
            .request(&self.tokens, &key, request, self.lane, now)
    }

    pub(crate) fn settle(&mut self, lease: Lease, result: &Result<AccessToken, Error>) {
        let now = self.now();
        self.acquire.settle(lease, &mut self.tokens, result, now);
    }

    /// Has a token fetched that lives so many seconds from now.
    pub(crate) fn fetch(
        &mut self,
        request: &TokenRequest,
        name: &str,
        lifetime: i64,
    ) -> AccessToken {
        let token = self.token(name, lifetime);
        let lease = lease(self.asks(request));
        self.settle(lease, &Ok(token.clone()));
        token
    }

    pub(crate) fn token(&self, name: &str, lifetime: i64) -> AccessToken {
        AccessToken::new(name, at(self.seconds + lifetime)).issued_on(at(self.seconds))
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_milliseconds(START + seconds * 1000)
}

pub(crate) fn vault() -> TokenRequest {
    TokenRequest::new(["https://vault.azure.net/.default"])
}

pub(crate) fn lease(decision: Decision) -> Lease {
    match decision {
        Decision::Start(lease) | Decision::ReadyAndRefresh(_, lease) => lease,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failure() -> Error {
    let invalid = ClientSecretCredential::new("contoso", "app", "").expect_err("no secret");
    invalid.into()
}

/// The error of a server that does not want to be asked for ten minutes.
pub(crate) fn throttled() -> Error {
    throttled_for("600")
}

/// The error of a server that does not want to be asked for so many seconds.
pub(crate) fn throttled_for(seconds: &str) -> Error {
    let mut answer = HttpResponse::new(429, &br#"{"error":"throttled"}"#[..]);
    let pause = http::HeaderValue::from_str(seconds).expect("it is a number");
    answer.headers.insert(http::header::RETRY_AFTER, pause);
    let credential = ClientSecretCredential::new("contoso", "app", "s").expect("valid");
    let mut world = World::new([answer.into()]);
    let outcome = testing::run(Arc::new(credential), testing::context(vault()), &mut world);
    outcome.result.expect_err("throttled")
}
