//! A token provider without a future, a thread or a socket: the core's runs, and what all shells share.
//!
//! ask ─► token | wait for a flight | error;   flight: step ─► reply ─► step … ─► settled

use std::sync::Arc;

use azid_core::effect::Refusal;
use azid_core::{
    AccessToken, Context, Credential, Environment, Lane, Memory, Now, Platform, Run, Seed, Step,
    TokenRequest,
};
use azid_shared::{Asked, Flights, LeaseGuard, Ledger, TokenCache, Waited, Whose};

/// One credential, and what is known about its tokens.
#[derive(Debug)]
pub(crate) struct Provider {
    credential: Arc<dyn Credential>,
    environment: Arc<Environment>,
    whose: Whose,
    cache: Arc<TokenCache>,
    flights: Flights<Ticket>,
    forgets: bool,
}

/// What those have who wait for a flight: its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(pub(crate) u64);

/// Flights go on by themselves.
impl Waited for Ticket {
    fn is_left(&self) -> bool {
        false
    }
}

impl Provider {
    pub(crate) fn new(
        credential: Arc<dyn Credential>,
        environment: Arc<Environment>,
        seed: Seed,
    ) -> Self {
        let cache = TokenCache::new();
        Self {
            whose: Whose::new(credential.identity(), Arc::clone(&environment)),
            credential,
            environment,
            flights: Flights::new(Ledger::new(Arc::clone(&cache), seed)),
            cache,
            forgets: false,
        }
    }

    /// What a caller does, and the lease of the flight with this number if it is to start.
    pub(crate) fn ask(
        &self,
        request: &TokenRequest,
        lane: Lane,
        now: Now,
        number: u64,
    ) -> (Asked<Ticket>, Option<LeaseGuard>) {
        let fresh = self.whose.with(|identity| {
            let moment = now.timestamp();
            let cache = &self.cache;
            cache.with_fresh_for(identity, request, moment, AccessToken::clone)
        });
        if let Some(token) = fresh {
            return (Asked::Ready(token), None);
        }
        let key = self.whose.key(request);
        let mut taken = None;
        let asked = self.flights.ask(&key, request, lane, now, |lease| {
            taken = Some(lease);
            Ticket(number)
        });
        (asked, taken)
    }

    /// Whether runs may overlap.
    pub(crate) fn lane(&self) -> Lane {
        self.credential.lane(&self.memory(), &self.environment)
    }

    /// The first step of a flight, which asks no person if it is early.
    pub(crate) fn start(
        &self,
        request: TokenRequest,
        is_early: bool,
        now: Now,
        seed: Seed,
    ) -> Step {
        let context = Context::new(request, now, seed)
            .with_platform(Platform::Linux)
            .with_environment(Arc::clone(&self.environment));
        let context = self.cache.brief(context, is_early);
        Run::start(
            Arc::clone(&self.credential),
            context.with_memory(self.memory()),
        )
    }

    /// The token that still works, for those with this request.
    pub(crate) fn held(&self, request: &TokenRequest, now: Now) -> Option<AccessToken> {
        let key = self.whose.key(request);
        self.cache.held(&key, request, now.timestamp())
    }

    /// Drops a token that a service rejected.
    pub(crate) fn invalidate(&self, token: &AccessToken, now: Now) {
        self.cache.invalidate(token, now.timestamp());
    }

    /// Loses sight of every flight, as unsound.
    pub(crate) fn forget_flights(&mut self, seed: Seed) {
        self.flights = Flights::new(Ledger::new(Arc::clone(&self.cache), seed));
    }

    /// Loses what flights have learned and what they will, as unsound.
    pub(crate) fn forget_memory(&mut self) {
        self.forgets = true;
    }

    fn memory(&self) -> Arc<Memory> {
        match self.forgets {
            true => Arc::default(),
            false => self.cache.memory(),
        }
    }
}

/// Answers an effect that these hosts do not have.
pub(crate) fn refuse(step: Step, now: Now) -> Step {
    step.refuse(Refusal::NoSuchEffect, now)
}
