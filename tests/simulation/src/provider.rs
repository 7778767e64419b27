//! A token provider without a lock, a future or a socket: the core's parts, put together as the
//! shells put them.
//!
//! ask ─► token | wait for a flight | error;   flight: step ─► reply ─► step … ─► settled

use std::sync::Arc;
use std::time::Duration;

use azid_core::cache::{Acquire, Decision, Freshness, Key, Lease, RefreshSettings, TokenTable};
use azid_core::effect::Refusal;
use azid_core::{
    AccessToken, Context, Credential, Environment, Error, Memory, Now, Outcome, Platform, Run,
    Seed, Step, TokenRequest,
};

/// How much longer than its effect a flight may take before it is overdue, as in the shells.
const GRACE: Duration = Duration::from_secs(10);

/// What an effect may take that has no time limit of its own, as in the shells.
const UNTIMED: Duration = Duration::from_secs(300);

/// One credential, one token that is asked for, and what is known about it.
#[derive(Debug)]
pub(crate) struct Provider {
    credential: Arc<dyn Credential>,
    request: TokenRequest,
    key: Key,
    tokens: TokenTable,
    acquire: Acquire,
    memory: Memory,
}

impl Provider {
    pub(crate) fn new(
        credential: Arc<dyn Credential>,
        request: TokenRequest,
        settings: RefreshSettings,
        seed: Seed,
    ) -> Self {
        Self {
            key: Key::new(&credential.identity(), &request),
            credential,
            request,
            tokens: TokenTable::new(settings),
            acquire: Acquire::new(seed),
            memory: Memory::default(),
        }
    }

    /// What a caller does.
    pub(crate) fn ask(&mut self, now: Now) -> Decision {
        let lane = self.credential.lane(&self.memory, &Environment::default());
        self.acquire
            .request(&self.tokens, &self.key, &self.request, lane, now)
    }

    /// The first step of a flight.
    pub(crate) fn start(&self, now: Now, seed: Seed) -> Step {
        let context = Context::new(self.request.clone(), now, seed)
            .with_platform(Platform::Linux)
            .with_memory(self.memory.clone());
        Run::start(Arc::clone(&self.credential), context)
    }

    /// Keeps a flight's lease alive for as long as its next effect may take.
    pub(crate) fn watch(&mut self, lease: &Lease, step: &Step, now: Now) {
        let limit = match step {
            Step::Http(call) => call.request().requirements.timeout,
            Step::Sign(call) => call.request().timeout,
            Step::Sleep(call) => call.request().duration,
            _ => UNTIMED,
        };
        self.acquire.extend(lease, limit.saturating_add(GRACE), now);
    }

    /// Takes a flight's outcome in.
    pub(crate) fn settle(&mut self, lease: Lease, outcome: &Outcome, now: Now) {
        for change in &outcome.memory {
            self.memory.apply(change.clone());
        }
        let tokens = &mut self.tokens;
        self.acquire.settle(lease, tokens, &outcome.result, now);
    }

    /// What those get who waited for a flight: where a token is held that still works, that one.
    pub(crate) fn share(
        &self,
        result: Result<AccessToken, Error>,
        now: Now,
    ) -> Result<AccessToken, Error> {
        result.or_else(|error| self.held(now).ok_or(error))
    }

    /// The token that still works.
    pub(crate) fn held(&self, now: Now) -> Option<AccessToken> {
        match self.tokens.look(&self.key, now.timestamp()) {
            Freshness::Fresh(token) | Freshness::Due(token) => Some(token),
            Freshness::Absent => None,
        }
    }

    /// Drops a token that a resource rejected, if it is still the one held.
    pub(crate) fn invalidate(&mut self, token: &AccessToken, now: Now) {
        if self.held(now).as_ref() == Some(token) {
            self.forget_tokens();
        }
    }

    /// Loses every token, of which there is one at most.
    pub(crate) fn forget_tokens(&mut self) {
        self.tokens = TokenTable::new(self.tokens.settings().clone());
    }

    /// Loses sight of every flight, which a sound provider never does.
    pub(crate) fn forget_flights(&mut self, seed: Seed) {
        self.acquire = Acquire::new(seed);
    }
}

/// Answers an effect that these hosts do not have.
pub(crate) fn refuse(step: Step, now: Now) -> Step {
    step.refuse(Refusal::NoSuchEffect, now)
}
