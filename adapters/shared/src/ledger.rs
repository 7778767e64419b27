//! One provider's flights, over a cache.

use std::fmt;
use std::time::Duration;

use azid_core::cache::{Acquire, Decision, FlightId, Key, Lease};
use azid_core::{Lane, Now, Outcome, Seed, TokenRequest};

use crate::TokenCache;
use crate::sync::{Arc, Mutex, lock};

/// What is going on for one provider.
pub struct Ledger {
    cache: Arc<TokenCache>,
    acquire: Mutex<Acquire>,
}

impl Ledger {
    /// A provider without flights, over a cache; the seed spreads its refreshes.
    pub fn new(cache: Arc<TokenCache>, seed: Seed) -> Arc<Self> {
        Arc::new(Self {
            cache,
            acquire: Mutex::new(Acquire::new(seed)),
        })
    }

    /// The cache.
    pub fn cache(&self) -> &Arc<TokenCache> {
        &self.cache
    }

    pub(crate) fn request(
        &self,
        key: &Key,
        request: &TokenRequest,
        lane: Lane,
        now: Now,
    ) -> Decision {
        let mut acquire = lock(&self.acquire);
        self.cache
            .read(|table| acquire.request(table, key, request, lane, now))
    }

    /// Voids the lease of a flight that nobody drives, if it is late by now, and says whether it
    /// has ended, in this way or any other.
    pub(crate) fn void_if_late(&self, id: FlightId, now: Now) -> bool {
        let mut acquire = lock(&self.acquire);
        acquire.void_if_late(id, now);
        !acquire.is_flying(id)
    }

    pub(crate) fn is_flying(&self, id: FlightId) -> bool {
        lock(&self.acquire).is_flying(id)
    }

    fn rest(&self, id: FlightId, now: Now) -> Option<Duration> {
        lock(&self.acquire).rest(id, now)
    }

    pub(crate) fn guard(self: &Arc<Self>, lease: Lease) -> LeaseGuard {
        LeaseGuard {
            ledger: Arc::clone(self),
            lease: Some(lease),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// What whoever waits for a flight knows of it.
#[derive(Clone, Debug)]
pub struct Watch {
    ledger: Arc<Ledger>,
    flight: FlightId,
}

impl Watch {
    /// How long until the flight is overdue: zero if it is, and nothing if it is over or was given
    /// up.
    pub fn rest(&self, now: Now) -> Option<Duration> {
        self.ledger.rest(self.flight, now)
    }
}

/// A lease that finds its way back: settled with an outcome, or else abandoned when it is dropped,
/// be it by a cancelled caller or by a panic.
#[must_use = "a flight that is dropped is abandoned"]
pub struct LeaseGuard {
    ledger: Arc<Ledger>,
    lease: Option<Lease>,
}

impl LeaseGuard {
    /// For those who wait for the flight.
    pub fn watch(&self) -> Watch {
        Watch {
            ledger: Arc::clone(&self.ledger),
            flight: self.lease().id(),
        }
    }

    /// Allows the flight so long from now on: the [`allowance`](crate::allowance) of its
    /// outstanding effect.
    pub fn extend(&self, allowed: Duration, now: Now) {
        lock(&self.ledger.acquire).extend(self.lease(), allowed, now);
    }

    /// Gives the lease back with the flight's outcome. That becomes an error where the token is for
    /// another account than the one that signed in meanwhile.
    pub fn settle(mut self, outcome: &mut Outcome, now: Now) {
        if let Some(lease) = self.lease.take() {
            self.ledger.cache.admit(outcome);
            let mut acquire = lock(&self.ledger.acquire);
            self.ledger
                .cache
                .change(|table| acquire.settle(lease, table, &outcome.result, now));
        }
    }

    /// Gives the lease back with the outcome of a run that was not given the time that it needs:
    /// what it left is remembered, and nobody has failed.
    pub fn cut_short(mut self, outcome: &mut Outcome, now: Now) {
        if let Some(lease) = self.lease.take() {
            self.ledger.cache.admit(outcome);
            let mut acquire = lock(&self.ledger.acquire);
            self.ledger
                .cache
                .read(|table| acquire.cut_short(lease, table, now));
        }
    }

    fn lease(&self) -> &Lease {
        self.lease
            .as_ref()
            .expect("the lease leaves the guard only when the guard is consumed")
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            lock(&self.ledger.acquire).abandon(lease);
        }
    }
}

impl fmt::Debug for LeaseGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LeaseGuard").field(&self.lease).finish()
    }
}
