//! Checks at every event what must hold, by books that know of no provider's inside.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use azid_core::{AccessToken, Timestamp};

use crate::bounds::Bounds;
use crate::caller::Caller;
use crate::host::Clock;
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
    /// Who asked in this event while their host held a good token.
    at_once: Vec<u64>,
    second: (u64, usize),
    /// How often each invariant was put to the test.
    occasions: BTreeMap<Invariant, u64>,
    violations: Vec<Violation>,
}

/// What is known of one host.
#[derive(Clone, Debug, Default)]
struct Books {
    /// For each resource the last token, and the flight that brought it.
    held: BTreeMap<usize, (u64, AccessToken)>,
    /// When the first token of any resource expires.
    first_end: Option<Timestamp>,
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
            at_once: Vec::new(),
            second: (0, 0),
            occasions: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// How often each invariant was put to the test, and where it did not hold.
    pub(crate) fn into_verdict(
        mut self,
        end: Duration,
    ) -> (BTreeMap<Invariant, u64>, Vec<Violation>) {
        self.passed(end);
        (self.occasions, self.violations)
    }

    /// An event is over, and time has passed.
    pub(crate) fn passed(&mut self, at: Duration) {
        for caller in std::mem::take(&mut self.at_once) {
            if let Some(&(since, host)) = self.waiting.get(&caller) {
                self.violated(Invariant::NoWaitBesideAToken, since, host);
            }
        }
        let wait = self.bounds.wait;
        while let Some(first) = self.waiting.first_entry()
            && first.get().0 + wait < at
        {
            let (_, host) = first.remove();
            self.violated(Invariant::EveryCallerIsAnswered, at, host);
        }
    }

    /// Somebody asks.
    pub(crate) fn asked(&mut self, at: Duration, host: usize, caller: &Caller, clock: Clock) {
        let (books, resource) = (&self.hosts[host], caller.resource);
        let is_in_lane = clock.is_monotonic && self.is_in_lane(books);
        let meets_own = clock.is_monotonic && books.is_flying_for(resource);
        let mut flying = books.flying.values();
        let meets_others = is_in_lane && flying.any(|it| it.resource != resource);
        if caller.takes_held() && books.holds(resource, clock.now(at).timestamp()) {
            self.at_once.push(caller.number);
        }
        self.occasion(Invariant::OneFlightForAKey, meets_own);
        self.occasion(Invariant::OneFlightInALane, meets_others);
        self.waiting.insert(caller.number, (at, host));
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
        self.answered_caller(at, host, caller, local);
        self.occasion(Invariant::NoRejectedToken, caller.rejected.is_some());
        if token.expires_on() <= local {
            self.violated(Invariant::NoExpiredToken, at, host);
        }
        if caller.rejected.as_ref() == Some(token) {
            self.violated(Invariant::NoRejectedToken, at, host);
        }
    }

    /// A caller got an error.
    pub(crate) fn refused(&mut self, at: Duration, host: usize, caller: &Caller, local: Timestamp) {
        self.answered_caller(at, host, caller, local);
        if self.hosts[host].holds(caller.resource, local) {
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
        let is_in_lane = self.is_in_lane(&self.hosts[host]);
        let books = &mut self.hosts[host];
        let is_second = books.flying.values().any(|it| it.resource == resource);
        let is_in_company = is_in_lane && !books.flying.is_empty();
        let is_known =
            self.proof == Proof::Person && (books.is_signed_in || books.asking.is_some());
        let flying = Flying {
            resource,
            since: at,
            asked_last: None,
        };
        books.flying.insert(flight, flying);
        self.occasion(Invariant::OnePrompt, is_known);
        if is_monotonic && is_second {
            self.violated(Invariant::OneFlightForAKey, at, host);
        }
        if is_monotonic && is_in_company {
            self.violated(Invariant::OneFlightInALane, at, host);
        }
    }

    /// A flight is over, with a token or without, when it was `local` by the host's clock.
    pub(crate) fn landed(
        &mut self,
        host: usize,
        flight: u64,
        token: Option<&AccessToken>,
        local: Timestamp,
    ) {
        let books = &mut self.hosts[host];
        books.asking.take_if(|asking| *asking == flight);
        let Some(flying) = books.flying.remove(&flight) else {
            return;
        };
        let Some(token) = token else {
            let is_held = books.held.contains_key(&flying.resource);
            return self.occasion(Invariant::NoErrorBesideAToken, is_held);
        };
        let ends = token.expires_on();
        books.first_end = Some(books.first_end.map_or(ends, |first| first.min(ends)));
        let held = books.held.get(&flying.resource);
        // One that comes so late that it has ended stays of no use when the clock is set back.
        if ends > local && held.is_none_or(|(last, _)| *last < flight) {
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
        let has_choice = self.proof == Proof::Chain && books.winner.is_some();
        self.occasion(Invariant::CalmHour, is_calm);
        self.occasion(Invariant::AnyHour, true);
        self.occasion(Invariant::WinnerAlone, has_choice);
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
        let Some(peak) = self.bounds.after_outage.filter(|peak| at >= peak.from) else {
            return;
        };
        let had_trouble = self.hosts[host].last_trouble.is_some();
        self.occasion(Invariant::NoHerd, had_trouble);
        if self.second.1 > peak.per_second {
            self.violated(Invariant::NoHerd, at, host);
        }
    }

    /// Whether the flights of a host do not bear company.
    fn is_in_lane(&self, books: &Books) -> bool {
        match self.proof {
            Proof::Secret | Proof::Certificate | Proof::ManagedIdentity => false,
            Proof::Chain => books.winner.is_none(),
            Proof::Person => true,
        }
    }

    /// Somebody has waited for an answer, or got one though the host has had a token that has ended.
    fn answered_caller(&mut self, at: Duration, host: usize, caller: &Caller, local: Timestamp) {
        let asked = self.waiting.remove(&caller.number);
        let has_waited = asked.is_some_and(|(since, _)| since < at);
        let books = &self.hosts[host];
        let has_ended = books.first_end.is_some_and(|end| end <= local);
        let is_renewed = books.is_flying_for(caller.resource);
        let could_wait = is_renewed && self.at_once.contains(&caller.number);
        self.occasion(Invariant::EveryCallerIsAnswered, has_waited);
        self.occasion(Invariant::NoExpiredToken, has_ended);
        self.occasion(Invariant::NoWaitBesideAToken, could_wait);
    }

    /// An invariant could have been violated now, if this is so.
    fn occasion(&mut self, invariant: Invariant, is_one: bool) {
        if is_one {
            *self.occasions.entry(invariant).or_default() += 1;
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

impl Books {
    /// Whether there is a token that has neither expired nor been rejected.
    fn holds(&self, resource: usize, local: Timestamp) -> bool {
        let held = self.held.get(&resource);
        held.is_some_and(|(_, token)| token.expires_on() > local)
    }

    fn is_flying_for(&self, resource: usize) -> bool {
        let mut flying = self.flying.values();
        flying.any(|it| it.resource == resource)
    }
}

#[cfg(test)]
mod tests {
    use azid_core::TokenRequest;

    use super::*;

    #[test]
    fn whoever_is_never_answered_is_missed_at_the_end_though_nothing_else_happens() {
        let scenario = Scenario::new(2, HOUR, Proof::Secret);
        let bounds = Bounds::of(&scenario);
        let missed = |end: Duration| {
            let mut judge = Judge::new(bounds.clone(), &scenario);
            for host in 0..2 {
                let caller = Caller {
                    number: host as u64,
                    resource: 0,
                    request: TokenRequest::new(["scope"]),
                    rejected: None,
                };
                let clock = Clock {
                    ahead: 0,
                    is_monotonic: true,
                };
                judge.asked(Duration::ZERO, host, &caller, clock);
            }
            let (_, violations) = judge.into_verdict(end);
            violations.iter().map(|it| it.host).collect::<Vec<_>>()
        };
        assert!(missed(bounds.wait).is_empty());
        assert_eq!(missed(bounds.wait + Duration::from_secs(1)), [0, 1]);
    }
}
