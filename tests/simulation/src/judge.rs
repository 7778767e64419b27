//! Checks at every event what must hold, by books that know of no provider's inside.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use azid_core::{AccessToken, Timestamp};

use crate::bounds::{Bounds, Peak};
use crate::caller::Caller;
use crate::invariants::{Invariant, Violation};
use crate::services::Party;
use crate::{Proof, Scenario};

const HOUR: Duration = Duration::from_secs(3600);

/// How many violations of each invariant are kept: one is bad enough.
const MOST_KEPT: usize = 3;

/// Sees every event.
#[derive(Debug)]
pub(crate) struct Judge {
    bounds: Bounds,
    proof: Proof,
    hosts: Vec<Books>,
    /// Since when each caller waits, by their numbers, and on which host.
    waiting: BTreeMap<u64, (Duration, usize)>,
    callers: u64,
    second: (u64, usize),
    violations: Vec<Violation>,
}

/// What is known of one host.
#[derive(Clone, Debug, Default)]
struct Books {
    /// For each resource the last token, and the flight that brought it.
    held: BTreeMap<usize, (u64, AccessToken)>,
    flying: BTreeMap<u64, Flying>,
    sent: VecDeque<Duration>,
    last_trouble: Option<Duration>,
    /// Whom the host's chain has its tokens from.
    winner: Option<Party>,
    /// The flight for which a person is being asked.
    asking: Option<u64>,
    is_signed_in: bool,
    revoked: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Flying {
    resource: usize,
    since: Duration,
    asked_last: Option<Party>,
}

impl Judge {
    pub(crate) fn new(bounds: Bounds, scenario: &Scenario) -> Self {
        Self {
            bounds,
            proof: scenario.proof,
            hosts: vec![Books::default(); scenario.hosts],
            waiting: BTreeMap::new(),
            callers: 0,
            second: (0, 0),
            violations: Vec::new(),
        }
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Time has passed.
    pub(crate) fn passed(&mut self, at: Duration) {
        let wait = self.bounds.wait;
        let first = self.waiting.first_key_value();
        if let Some((&caller, &(since, host))) = first
            && since + wait < at
        {
            self.waiting.remove(&caller);
            self.violated(Invariant::EveryCallerIsAnswered, at, host);
        }
    }

    /// The number of somebody who asks.
    pub(crate) fn asked(&mut self, at: Duration, host: usize) -> u64 {
        self.callers += 1;
        self.waiting.insert(self.callers, (at, host));
        self.callers
    }

    /// A caller got a token, when it was `local` by the host's clock.
    pub(crate) fn served(
        &mut self,
        at: Duration,
        host: usize,
        caller: &Caller,
        token: &AccessToken,
        local: Timestamp,
    ) {
        self.waiting.remove(&caller.number);
        if token.expires_on() <= local {
            self.violated(Invariant::NoExpiredToken, at, host);
        }
        if caller.rejected.as_ref() == Some(token) {
            self.violated(Invariant::NoRejectedToken, at, host);
        }
    }

    /// A caller got an error.
    pub(crate) fn refused(&mut self, at: Duration, host: usize, caller: &Caller, local: Timestamp) {
        self.waiting.remove(&caller.number);
        let held = self.hosts[host].held.get(&caller.resource);
        if held.is_some_and(|(_, token)| token.expires_on() > local) {
            self.violated(Invariant::NoErrorBesideAToken, at, host);
        }
    }

    /// A service rejected a token, so it is of no use any more.
    pub(crate) fn rejected(
        &mut self,
        at: Duration,
        host: usize,
        resource: usize,
        token: &AccessToken,
    ) {
        let books = &mut self.hosts[host];
        if books.held.get(&resource).is_some_and(|(_, it)| it == token) {
            books.held.remove(&resource);
        }
        books.last_trouble = Some(at);
    }

    /// A flight has begun.
    pub(crate) fn took_off(
        &mut self,
        at: Duration,
        host: usize,
        flight: u64,
        resource: usize,
        is_monotonic: bool,
    ) {
        let books = &mut self.hosts[host];
        let is_second = books.flying.values().any(|it| it.resource == resource);
        let is_in_lane = match self.proof {
            Proof::Secret | Proof::Certificate | Proof::ManagedIdentity => false,
            Proof::Chain => books.winner.is_none(),
            Proof::Person => true,
        };
        let is_in_company = is_in_lane && !books.flying.is_empty();
        let flying = Flying {
            resource,
            since: at,
            asked_last: None,
        };
        books.flying.insert(flight, flying);
        if is_monotonic && is_second {
            self.violated(Invariant::OneFlightForAKey, at, host);
        }
        if is_monotonic && is_in_company {
            self.violated(Invariant::OneFlightInALane, at, host);
        }
    }

    /// A flight is over, with a token or without.
    pub(crate) fn landed(&mut self, host: usize, flight: u64, token: Option<&AccessToken>) {
        let books = &mut self.hosts[host];
        books.asking.take_if(|asking| *asking == flight);
        let (Some(flying), Some(token)) = (books.flying.remove(&flight), token) else {
            return;
        };
        let held = books.held.get(&flying.resource);
        if held.is_none_or(|(last, _)| *last < flight) {
            let held = (flight, token.clone());
            books.held.insert(flying.resource, held);
        }
        books.winner = books.winner.or(flying.asked_last);
        books.is_signed_in |= books.revoked.is_none_or(|at| at < flying.since);
    }

    /// A person was asked to sign in.
    pub(crate) fn prompted(&mut self, at: Duration, host: usize, flight: u64) {
        let books = &mut self.hosts[host];
        let is_too_much = books.is_signed_in || books.asking.is_some();
        books.asking = Some(flight);
        if is_too_much {
            self.violated(Invariant::OnePrompt, at, host);
        }
    }

    /// A host's flight sent a request.
    pub(crate) fn sent(&mut self, at: Duration, host: usize, flight: u64, to: Party) {
        let books = &mut self.hosts[host];
        books.sent.push_back(at);
        while books.sent.front().is_some_and(|first| *first + HOUR <= at) {
            books.sent.pop_front();
        }
        if let Some(flying) = books.flying.get_mut(&flight) {
            flying.asked_last = Some(to);
        }
        let sent = books.sent.len();
        let is_calm = books.last_trouble.is_none_or(|last| last + HOUR < at);
        let strays = books.winner.is_some_and(|winner| winner != to);
        if is_calm && sent > self.bounds.calm_hour {
            self.violated(Invariant::CalmHour, at, host);
        }
        if sent > self.bounds.any_hour {
            self.violated(Invariant::AnyHour, at, host);
        }
        if strays {
            self.violated(Invariant::WinnerAlone, at, host);
        }
        self.count(at, host);
    }

    /// A request came to an end.
    pub(crate) fn answered(&mut self, at: Duration, host: usize, is_well: bool) {
        if !is_well {
            self.hosts[host].last_trouble = Some(at);
        }
    }

    /// A host will never see an answer that was given: a refresh token is used up for nothing.
    pub(crate) fn lost_an_answer(&mut self, host: usize) {
        self.hosts[host].is_signed_in = false;
    }

    /// Every refresh token was revoked.
    pub(crate) fn revoked(&mut self, at: Duration) {
        for books in &mut self.hosts {
            books.is_signed_in = false;
            books.revoked = Some(at);
        }
    }

    /// A host's clock was set.
    pub(crate) fn clock_was_set(&mut self, at: Duration, host: usize) {
        self.hosts[host].last_trouble = Some(at);
    }

    /// The program on a host was started anew; nobody there waits any more.
    pub(crate) fn restarted(&mut self, at: Duration, host: usize) {
        let books = &mut self.hosts[host];
        *books = Books {
            sent: std::mem::take(&mut books.sent),
            last_trouble: Some(at),
            ..Books::default()
        };
        self.waiting.retain(|_, (_, of)| *of != host);
    }

    fn count(&mut self, at: Duration, host: usize) {
        if self.second.0 != at.as_secs() {
            self.second = (at.as_secs(), 0);
        }
        self.second.1 += 1;
        let too_many = |peak: Peak| at >= peak.from && self.second.1 > peak.per_second;
        if self.bounds.after_outage.is_some_and(too_many) {
            self.violated(Invariant::NoHerd, at, host);
        }
    }

    fn violated(&mut self, invariant: Invariant, at: Duration, host: usize) {
        let same = self
            .violations
            .iter()
            .filter(|it| it.invariant == invariant);
        if same.count() < MOST_KEPT {
            self.violations.push(Violation {
                invariant,
                at,
                host,
            });
        }
    }
}
