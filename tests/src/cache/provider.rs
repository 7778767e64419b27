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
#[derive(Debug)]
pub struct Provider {
    /// The tokens that are held.
    pub tokens: TokenTable,
    /// Who is to fetch one.
    pub acquire: Acquire,
    /// Whose tokens they are.
    pub identity: Identity,
    /// How many may be fetched at once.
    pub lane: Lane,
    /// The wall clock, in seconds from the start.
    pub seconds: i64,
    /// How far that clock has been set back in all.
    pub set_back: i64,
}

impl Default for Provider {
    fn default() -> Self {
        Self::new()
    }
}

impl Provider {
    /// One that holds nothing, and renews at the same moment each time.
    pub fn new() -> Self {
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

    /// What time it is.
    pub fn now(&self) -> Now {
        let steady = Duration::from_secs(self.steady().unsigned_abs());
        Now::new(START + self.seconds * 1000, steady)
    }

    /// The monotonic clock, in seconds.
    pub fn steady(&self) -> i64 {
        self.seconds + self.set_back
    }

    /// What somebody is told who asks for a token.
    pub fn asks(&mut self, request: &TokenRequest) -> Decision {
        let key = Key::new(&self.identity, request);
        let now = self.now();
        self.acquire
            .request(&self.tokens, &key, request, self.lane, now)
    }

    /// Brings what a fetch has brought.
    pub fn settle(&mut self, lease: Lease, result: &Result<AccessToken, Error>) {
        let now = self.now();
        self.acquire.settle(lease, &mut self.tokens, result, now);
    }

    /// Has a token fetched that lives so many seconds from now.
    pub fn fetch(&mut self, request: &TokenRequest, name: &str, lifetime: i64) -> AccessToken {
        let token = self.token(name, lifetime);
        let lease = lease(self.asks(request));
        self.settle(lease, &Ok(token.clone()));
        token
    }

    /// Says that a token is worth nothing, and answers whether that had an effect.
    pub fn rejects(&mut self, token: &AccessToken) -> bool {
        let now = self.now().timestamp();
        self.tokens.invalidate(token, now)
    }

    /// A token that lives so many seconds from now.
    pub fn token(&self, name: &str, lifetime: i64) -> AccessToken {
        AccessToken::new(name, at(self.seconds + lifetime)).issued_on(at(self.seconds))
    }
}

/// So many seconds after the start.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_milliseconds(START + seconds * 1000)
}

/// What most callers ask for.
pub fn vault() -> TokenRequest {
    TokenRequest::new(["https://vault.azure.net/.default"])
}

/// The lease of whoever is to fetch a token.
///
/// # Panics
///
/// Somebody was told something else.
pub fn lease(decision: Decision) -> Lease {
    match decision {
        Decision::Start(lease) | Decision::ReadyAndRefresh(_, lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// An error after which nobody has to wait.
///
/// # Panics
///
/// A credential takes an empty secret.
pub fn failure() -> Error {
    let invalid = ClientSecretCredential::new("contoso", "app", "").expect_err("no secret");
    invalid.into()
}

/// The error of a server that does not want to be asked for ten minutes.
pub fn throttled() -> Error {
    throttled_for("600")
}

/// The error of a server that does not want to be asked for so many seconds.
///
/// # Panics
///
/// They are no number.
pub fn throttled_for(seconds: &str) -> Error {
    let mut answer = HttpResponse::new(429, &br#"{"error":"throttled"}"#[..]);
    let pause = http::HeaderValue::from_str(seconds).expect("it is a number");
    answer.headers.insert(http::header::RETRY_AFTER, pause);
    let credential = ClientSecretCredential::new("contoso", "app", "s").expect("valid");
    let tries = std::iter::repeat_n(answer, 8).map(Into::into);
    let mut world = World::new(tries);
    let outcome = testing::run(Arc::new(credential), testing::context(vault()), &mut world);
    outcome.result.expect_err("throttled")
}
