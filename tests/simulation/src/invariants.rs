//! What must hold whatever happens, checked at every event by a judge who keeps books of their own.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use azid_core::{AccessToken, Timestamp};

use crate::bounds::Bounds;

const HOUR: Duration = Duration::from_secs(3600);

/// How many violations of each invariant are kept: one is bad enough.
const MOST_KEPT: usize = 3;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// See its sentence, as those of all others.
    NoErrorBesideAToken,
    /// Nor is an old token handed out for want of a new one.
    NoExpiredToken,
    /// Somebody answers every caller.
    EveryCallerIsAnswered,
    /// A token is not renewed again and again.
    CalmHour,
    /// Not even in an outage.
    AnyHour,
    /// Callers share a flight.
    OneRequestAtATime,
    /// Those who waited do not come all at once.
    NoHerd,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NoErrorBesideAToken,
        Self::NoExpiredToken,
        Self::EveryCallerIsAnswered,
        Self::CalmHour,
        Self::AnyHour,
        Self::OneRequestAtATime,
        Self::NoHerd,
    ];

    /// The invariant in a sentence.
    pub fn sentence(self, bounds: &Bounds) -> String {
        match self {
            Self::NoErrorBesideAToken => {
                "No caller gets an error while the host holds a token that has not expired.".into()
            }
            Self::NoExpiredToken => {
                "No caller gets a token that has expired by the host's clock.".into()
            }
            Self::EveryCallerIsAnswered => format!(
                "Every caller is answered within {} s.",
                bounds.wait.as_secs()
            ),
            Self::CalmHour => format!(
                "No host sends more than {} request(s) in an hour in which nothing went wrong.",
                bounds.calm_hour
            ),
            Self::AnyHour => format!(
                "No host sends more than {} requests in any hour.",
                bounds.any_hour
            ),
            Self::OneRequestAtATime => {
                "No host with a monotonic clock has two requests on the way.".into()
            }
            Self::NoHerd => match bounds.after_outage {
                Some(peak) => format!(
                    "After the outage the fleet sends at most {} requests in a second.",
                    peak.per_second
                ),
                None => "After an outage the fleet does not come all at once.".into(),
            },
        }
    }
}

/// An invariant that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, since the start.
    pub at: Duration,
    /// On which host.
    pub host: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            invariant,
            at,
            host,
        } = self;
        write!(
            f,
            "{invariant:?} does not hold on host {host} after {} s",
            at.as_secs_f64()
        )
    }
}

/// Who asked; unique in a simulation.
pub(crate) type Caller = u64;

/// Sees every event, and knows of no provider's inside.
#[derive(Debug)]
pub(crate) struct Judge {
    bounds: Bounds,
    hosts: Vec<Books>,
    waiting: BTreeMap<Caller, (Duration, usize)>,
    callers: Caller,
    second: (u64, usize),
    violations: Vec<Violation>,
}

/// What is known of one host.
#[derive(Clone, Debug, Default)]
struct Books {
    held: Option<(u64, AccessToken)>,
    sent: VecDeque<Duration>,
    last_trouble: Option<Duration>,
    on_the_way: usize,
}

impl Judge {
    pub(crate) fn new(bounds: Bounds, hosts: usize) -> Self {
        Self {
            bounds,
            hosts: vec![Books::default(); hosts],
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

    pub(crate) fn asked(&mut self, at: Duration, host: usize) -> Caller {
        self.callers += 1;
        self.waiting.insert(self.callers, (at, host));
        self.callers
    }

    /// A caller got a token, when it was `local` by the host's clock.
    pub(crate) fn served(
        &mut self,
        at: Duration,
        host: usize,
        caller: Caller,
        token: &AccessToken,
        local: Timestamp,
    ) {
        self.waiting.remove(&caller);
        if token.expires_on() <= local {
            self.violated(Invariant::NoExpiredToken, at, host);
        }
    }

    /// A caller got an error.
    pub(crate) fn refused(&mut self, at: Duration, host: usize, caller: Caller, local: Timestamp) {
        self.waiting.remove(&caller);
        let held = self.hosts[host].held.as_ref();
        if held.is_some_and(|(_, token)| token.expires_on() > local) {
            self.violated(Invariant::NoErrorBesideAToken, at, host);
        }
    }

    /// A host's flight number `flight` brought a token.
    pub(crate) fn acquired(&mut self, host: usize, flight: u64, token: &AccessToken) {
        let held = &mut self.hosts[host].held;
        let is_newer = held.as_ref().is_none_or(|(last, _)| *last < flight);
        if is_newer {
            *held = Some((flight, token.clone()));
        }
    }

    /// A resource rejected a token, so it is of no use any more.
    pub(crate) fn rejected(&mut self, at: Duration, host: usize, token: &AccessToken) {
        let books = &mut self.hosts[host];
        books.held.take_if(|(_, held)| held == token);
        books.last_trouble = Some(at);
    }

    /// A host sent a request.
    pub(crate) fn sent(&mut self, at: Duration, host: usize, is_monotonic: bool) {
        let books = &mut self.hosts[host];
        books.sent.push_back(at);
        while books.sent.front().is_some_and(|first| *first + HOUR <= at) {
            books.sent.pop_front();
        }
        books.on_the_way += 1;
        let (sent, on_the_way) = (books.sent.len(), books.on_the_way);
        let is_calm = books.last_trouble.is_none_or(|last| last + HOUR < at);
        if is_calm && sent > self.bounds.calm_hour {
            self.violated(Invariant::CalmHour, at, host);
        }
        if sent > self.bounds.any_hour {
            self.violated(Invariant::AnyHour, at, host);
        }
        if is_monotonic && on_the_way > 1 {
            self.violated(Invariant::OneRequestAtATime, at, host);
        }
        self.count(at, host);
    }

    /// A request came to an end.
    pub(crate) fn answered(&mut self, at: Duration, host: usize, is_well: bool) {
        let books = &mut self.hosts[host];
        books.on_the_way = books.on_the_way.saturating_sub(1);
        if !is_well {
            books.last_trouble = Some(at);
        }
    }

    /// A host's clock was set.
    pub(crate) fn clock_was_set(&mut self, at: Duration, host: usize) {
        self.hosts[host].last_trouble = Some(at);
    }

    /// The program on a host was started anew; nobody there waits any more.
    pub(crate) fn restarted(&mut self, at: Duration, host: usize) {
        let books = &mut self.hosts[host];
        books.held = None;
        books.on_the_way = 0;
        books.last_trouble = Some(at);
        self.waiting.retain(|_, (_, of)| *of != host);
    }

    fn count(&mut self, at: Duration, host: usize) {
        if self.second.0 != at.as_secs() {
            self.second = (at.as_secs(), 0);
        }
        self.second.1 += 1;
        let too_many = |peak: crate::Peak| at >= peak.from && self.second.1 > peak.per_second;
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
