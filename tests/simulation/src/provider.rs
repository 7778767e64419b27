//! A token provider without a lock, a future or a socket: the core's parts, put together as the
//! shells put them.
//!
//! ask ─► token | wait for a flight | error;   flight: step ─► reply ─► step … ─► settled

use std::sync::Arc;
use std::time::Duration;

use azid_core::cache::{Acquire, Decision, Freshness, Key, Lease, RefreshSettings, TokenTable};
use azid_core::effect::Refusal;
use azid_core::{
    AccessToken, Context, Credential, Environment, Error, Lane, Memory, Now, Outcome, Platform,
    Run, Seed, Step, TokenRequest,
};

/// What an effect may take that has no time limit of its own, as in the shells.
const UNTIMED: Duration = Duration::from_secs(300);

/// One credential, and what is known about its tokens.
#[derive(Debug)]
pub(crate) struct Provider {
    credential: Arc<dyn Credential>,
    environment: Arc<Environment>,
    tokens: TokenTable,
    acquire: Acquire,
    memory: Memory,
}

impl Provider {
    pub(crate) fn new(
        credential: Arc<dyn Credential>,
        environment: Arc<Environment>,
        seed: Seed,
    ) -> Self {
        Self {
            credential,
            environment,
            tokens: TokenTable::new(RefreshSettings::default()),
            acquire: Acquire::new(seed),
            memory: Memory::default(),
        }
    }

    /// What a caller does.
    pub(crate) fn ask(
        &mut self,
        key: &Key,
        request: &TokenRequest,
        lane: Lane,
        now: Now,
    ) -> Decision {
        self.acquire.request(&self.tokens, key, request, lane, now)
    }

    /// Whether runs may overlap.
    pub(crate) fn lane(&self) -> Lane {
        self.credential.lane(&self.memory, &self.environment)
    }

    /// The first step of a flight.
    pub(crate) fn start(&self, request: TokenRequest, now: Now, seed: Seed) -> Step {
        let context = Context::new(request, now, seed)
            .with_platform(Platform::Linux)
            .with_environment(Arc::clone(&self.environment))
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
        let allowed = limit.saturating_add(Acquire::GRACE);
        self.acquire.extend(lease, allowed, now);
    }

    /// Takes a flight's outcome in.
    pub(crate) fn settle(&mut self, lease: Lease, outcome: &mut Outcome, now: Now) {
        outcome.refuse_other_account(&self.memory);
        for change in &outcome.memory {
            self.memory.apply(change.clone());
        }
        let tokens = &mut self.tokens;
        self.acquire.settle(lease, tokens, &outcome.result, now);
    }

    /// What those get who waited for a flight: where a token is held that still works, that one.
    pub(crate) fn share(
        &self,
        key: &Key,
        result: Result<AccessToken, Error>,
        now: Now,
    ) -> Result<AccessToken, Error> {
        result.or_else(|error| self.held(key, now).ok_or(error))
    }

    /// The token that still works.
    pub(crate) fn held(&self, key: &Key, now: Now) -> Option<AccessToken> {
        match self.tokens.look(key, now.timestamp()) {
            Freshness::Fresh(token) | Freshness::Due(token) => Some(token),
            Freshness::Absent => None,
        }
    }

    /// Drops a token that a service rejected.
    pub(crate) fn invalidate(&mut self, token: &AccessToken, now: Now) {
        self.tokens.invalidate(token, now.timestamp());
    }

    /// Loses every token, which a sound provider never does.
    pub(crate) fn forget_tokens(&mut self) {
        self.tokens = TokenTable::new(self.tokens.settings().clone());
    }

    /// Loses sight of every flight, as unsound.
    pub(crate) fn forget_flights(&mut self, seed: Seed) {
        self.acquire = Acquire::new(seed);
    }

    /// Loses what flights have learned, as unsound.
    pub(crate) fn forget_memory(&mut self) {
        self.memory = Memory::default();
    }
}

/// Answers an effect that these hosts do not have.
pub(crate) fn refuse(step: Step, now: Now) -> Step {
    step.refuse(Refusal::NoSuchEffect, now)
}
