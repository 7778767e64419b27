//! What the cache does, told in a few plain lines without a thought for speed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use azid_core::cache::{Decision, FlightId};
use azid_core::{AccessToken, Lane, Timestamp};

/// How many tokens are held.
pub(super) const BOUND: usize = 3;

/// What the cache would be if it were simple. Moments are in milliseconds on the wall clock;
/// `steady` is the other clock, in seconds.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) held: BTreeMap<usize, Held>,
    pub(super) rejected: BTreeSet<String>,
    pub(super) flights: Vec<Flight>,
    pub(super) pauses: HashMap<usize, Pause>,
    pub(super) unfinished: HashMap<usize, u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) token: AccessToken,
    pub(super) due: i64,
    /// When it was fetched, if somebody had complained about its text before.
    pub(super) again: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) id: FlightId,
    pub(super) key: usize,
    pub(super) claims: usize,
    pub(super) since: i64,
    pub(super) allowed: i64,
}

#[derive(Debug)]
pub(super) struct Pause {
    pub(super) wall: i64,
    pub(super) steady: i64,
    pub(super) seconds: i64,
    pub(super) is_asked_for: bool,
}

/// What a caller should be told.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Ready(AccessToken),
    Refresh(AccessToken, u32),
    ReadyAndJoin(AccessToken, FlightId),
    Start(u32),
    Join(FlightId),
    Queue(FlightId),
    NotYet,
}

impl Told {
    pub(super) fn by(decision: &Decision) -> Self {
        match decision {
            Decision::Ready(token) => Self::Ready(token.clone()),
            Decision::ReadyAndRefresh(token, lease) => {
                Self::Refresh(token.clone(), lease.unfinished())
            }
            Decision::ReadyAndJoin(token, id) => Self::ReadyAndJoin(token.clone(), *id),
            Decision::Start(lease) => Self::Start(lease.unfinished()),
            Decision::Join(id) => Self::Join(*id),
            Decision::Queue(id) => Self::Queue(*id),
            Decision::NotYet(_) => Self::NotYet,
        }
    }
}

impl Model {
    pub(super) fn good(&self, key: usize, wall: i64) -> Option<&Held> {
        self.held
            .get(&key)
            .filter(|held| expiry(&held.token) > wall)
    }

    pub(super) fn drop_overdue(&mut self, steady: i64) {
        let (on, over) = std::mem::take(&mut self.flights)
            .into_iter()
            .partition(|flight| steady - flight.since <= flight.allowed);
        self.flights = on;
        let over: Vec<Flight> = over;
        for flight in over {
            *self.unfinished.entry(flight.key).or_default() += 1;
        }
    }

    pub(super) fn told(
        &mut self,
        key: usize,
        claims: usize,
        lane: Lane,
        wall: i64,
        steady: i64,
    ) -> Told {
        let held = self.good(key, wall).filter(|_| claims == 0).cloned();
        let unfinished = self.unfinished.get(&key).copied().unwrap_or_default();
        let same_key = self.flights.iter().find(|flight| flight.key == key);
        let in_lane = self.flights.first().filter(|_| lane == Lane::OneAtATime);
        let joins = same_key
            .filter(|flight| flight.claims == claims)
            .map(|flight| flight.id);
        let waits = same_key.or(in_lane).map(|flight| flight.id);
        match (held, joins, waits) {
            (Some(held), ..) if held.due > wall => Told::Ready(held.token),
            (Some(held), Some(id), _) => Told::ReadyAndJoin(held.token, id),
            (Some(held), None, Some(_)) => Told::Ready(held.token),
            (Some(held), None, None) => match self.pause(key, wall, steady) {
                Some(_) => Told::Ready(held.token),
                None => Told::Refresh(held.token, unfinished),
            },
            (None, Some(id), _) => Told::Join(id),
            (None, None, waits) => {
                let pause = self.pause(key, wall, steady);
                match (pause.is_some_and(|pause| pause.is_asked_for), waits) {
                    (true, _) => Told::NotYet,
                    (false, Some(id)) => Told::Queue(id),
                    (false, None) => Told::Start(unfinished),
                }
            }
        }
    }

    pub(super) fn pause(&mut self, key: usize, wall: i64, steady: i64) -> Option<&Pause> {
        let is_over = |pause: &Pause| {
            steady - pause.steady >= pause.seconds || wall - pause.wall >= pause.seconds * 1000
        };
        if self.pauses.get(&key).is_some_and(is_over) {
            self.pauses.remove(&key);
        }
        self.pauses.get(&key)
    }

    pub(super) fn land(&mut self, id: FlightId) -> Option<Flight> {
        let found = self.flights.iter().position(|flight| flight.id == id)?;
        Some(self.flights.remove(found))
    }

    /// Whether a token that nobody is waiting for is to be held.
    pub(super) fn is_better(&self, key: usize, token: &AccessToken, wall: i64) -> bool {
        let is_better = |held: &Held| {
            token.asked_on() >= held.token.asked_on() && expiry(token) > expiry(&held.token)
        };
        !self.rejected.contains(token.expose()) && self.good(key, wall).is_none_or(is_better)
    }

    /// A fetch has brought a token that is to be held.
    pub(super) fn fetched(&mut self, key: usize, claims: usize, token: &AccessToken, wall: i64) {
        let replaced = self.held.get(&key).filter(|_| claims != 0);
        let replaced = replaced.map(|held| held.token.expose().to_owned());
        self.rejected.extend(replaced);
        let again = self.rejected.contains(token.expose()).then_some(wall);
        let held = Held {
            due: due(token, wall),
            token: token.clone(),
            again,
        };
        self.hold(key, held);
    }

    /// Somebody says that a token is worth nothing. Answers whether that changes anything.
    pub(super) fn complaint(&mut self, token: &AccessToken, wall: i64) -> bool {
        let before = self.held.len();
        self.held.retain(|_, held| {
            let is_recent = |again: i64| (again..again + 30_000).contains(&wall);
            let is_about_older =
                token.asked_on().is_some() && token.asked_on() < held.token.asked_on();
            let is_believed = held
                .again
                .is_some_and(|again| is_recent(again) || is_about_older);
            held.token.expose() != token.expose() || is_believed
        });
        self.rejected.insert(token.expose().to_owned());
        self.held.len() < before
    }

    pub(super) fn hold(&mut self, key: usize, held: Held) {
        if !self.held.contains_key(&key) && self.held.len() == BOUND {
            let first = self.held.iter().min_by_key(|(_, held)| expiry(&held.token));
            let first = *first.expect("it is full").0;
            self.held.remove(&first);
        }
        self.held.insert(key, held);
    }
}

/// When a token is due that was asked for at this moment.
fn due(token: &AccessToken, asked: i64) -> i64 {
    let expires = expiry(token);
    let wished = token.refreshes_on().map(Timestamp::unix_milliseconds);
    match wished.filter(|wished| *wished < expires) {
        Some(wished) => wished,
        None if expires - asked >= 7_200_000 => asked + (expires - asked) / 2,
        None => expires - 300_000,
    }
}

pub(super) fn expiry(token: &AccessToken) -> i64 {
    token.expires_on().unix_milliseconds()
}
