//! The flights that are in the air: one for a key at most, and one for an identity whose lane is
//! one at a time.

use std::collections::HashMap;
use std::time::Duration;

use super::acquire::{FlightId, Lease};
use super::key::Key;
use super::span::Span;
use crate::credential::Lane;
use crate::identity::Identity;
use crate::sorted::Sorted;
use crate::time::Now;

#[derive(Debug, Default)]
pub(super) struct Flights {
    flying: Sorted<FlightId, Flight>,
    keys: HashMap<Key, FlightId>,
    lanes: HashMap<Identity, FlightId>,
    /// As long as it lasts no flight is overdue, so that nobody need look at each.
    calm: Option<Span>,
}

#[derive(Debug)]
struct Flight {
    key: Key,
    /// The claims that it was started with. Without those of a challenge it is of no use to whoever
    /// must satisfy the challenge.
    claims: Option<String>,
    allowed: Span,
}

impl Flight {
    fn is_overdue(&mut self, now: Now) -> bool {
        self.rest(now).is_zero()
    }

    /// How long until it is overdue.
    fn rest(&mut self, now: Now) -> Duration {
        let more = self
            .allowed
            .length()
            .saturating_add(Duration::from_millis(1));
        self.allowed.rest_of(more, now)
    }
}

/// How a flight in the air stands to a caller.
pub(super) enum InTheAir {
    /// It brings what the caller wants.
    Same(FlightId),
    /// It is for the same key but for other claims, or it has the lane.
    Other(FlightId),
}

impl Flights {
    /// What keeps a caller from starting.
    pub(super) fn look(&self, key: &Key, claims: Option<&str>, lane: Lane) -> Option<InTheAir> {
        if let Some(&id) = self.keys.get(key) {
            let flight = self.flying.get(&id);
            let is_same = flight.is_some_and(|flight| flight.claims.as_deref() == claims);
            let stand = if is_same {
                InTheAir::Same
            } else {
                InTheAir::Other
            };
            return Some(stand(id));
        }
        match lane {
            Lane::PerKey => None,
            Lane::OneAtATime => self.lanes.get(key.identity()).copied().map(InTheAir::Other),
        }
    }

    pub(super) fn start(
        &mut self,
        id: FlightId,
        key: &Key,
        claims: Option<&str>,
        lane: Lane,
        allowed: Span,
    ) {
        if lane == Lane::OneAtATime {
            self.lanes.insert(key.identity().clone(), id);
        }
        self.keys.insert(key.clone(), id);
        self.expect_calm_for(&allowed);
        let flight = Flight {
            key: key.clone(),
            claims: claims.map(str::to_owned),
            allowed,
        };
        self.flying.insert(id, flight);
    }

    pub(super) fn extend(&mut self, lease: &Lease, allowed: Span) {
        if let Some(flight) = self.flying.get_mut(&lease.id()) {
            flight.allowed = allowed;
            self.expect_calm_for(&allowed);
        }
    }

    pub(super) fn is_flying(&self, id: FlightId) -> bool {
        self.flying.contains_key(&id)
    }

    /// How long until a flight that is in the air is overdue.
    pub(super) fn rest(&mut self, id: FlightId, now: Now) -> Option<Duration> {
        self.flying.get_mut(&id).map(|flight| flight.rest(now))
    }

    /// Whether this much of a flight's allowance is used up.
    pub(super) fn has_lasted_all_but(&mut self, id: FlightId, rest: Duration, now: Now) -> bool {
        let flight = self.flying.get_mut(&id);
        flight.is_some_and(|flight| {
            let most = flight.allowed.length().saturating_sub(rest);
            flight.allowed.has_lasted(most, now)
        })
    }

    /// Takes a flight out of the air, if it is still there, and answers what it was for.
    pub(super) fn land(&mut self, id: FlightId) -> Option<Key> {
        let key = self.flying.remove(&id)?.key;
        self.keys.remove(&key);
        if self.lanes.get(key.identity()) == Some(&id) {
            self.lanes.remove(key.identity());
        }
        Some(key)
    }

    /// The flights that have used up what they were allowed.
    pub(super) fn overdue(&mut self, now: Now) -> Vec<FlightId> {
        if self.calm.as_ref().is_some_and(|calm| calm.is_on(now)) {
            return Vec::new();
        }
        let mut overdue = Vec::new();
        self.calm = None;
        for (&id, flight) in self.flying.iter_mut() {
            if flight.is_overdue(now) {
                overdue.push(id);
            } else {
                let rest = flight.allowed.rest(now);
                let rest = self.calm.map_or(rest, |calm| calm.length().min(rest));
                self.calm = Some(Span::new(now, rest));
            }
        }
        overdue
    }

    /// The calm lasts no longer than what a flight is allowed from now on.
    fn expect_calm_for(&mut self, allowed: &Span) {
        let now = allowed.since();
        let rest = match &self.calm {
            Some(calm) if now.is_set_back_since(calm.since()) => Duration::ZERO,
            Some(calm) => calm.rest(now),
            None if self.flying.is_empty() => Duration::MAX,
            None => Duration::ZERO,
        };
        self.calm = Some(Span::new(now, rest.min(allowed.length())));
    }
}
