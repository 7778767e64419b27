//! The cache beside its model, driven by the same events, with a clock that runs, jumps and is set
//! back.
//!
//! Three laws are looked at on their own, whatever the model says: there is one flight for a key at
//! most, and one at all in a lane; a good token is never hidden; nobody is told to wait for a flight
//! that is not there.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use azid_core::cache::{Decision, FlightId, Lease, Snapshot, TokenTable};
use azid_core::testing::START;
use azid_core::{AccessToken, Lane, Memory, SecretBytes, Timestamp, TokenRequest};

use super::event::{CLAIMS, Event};
use super::model::{BOUND, Flight, Held, Model, Pause, Told, expiry};
use super::provider::{Provider, failure, throttled};

/// The cache and the model of it.
#[derive(Debug)]
pub struct Both {
    provider: Provider,
    model: Model,
    leases: Vec<(Lease, usize, usize)>,
    tokens: Vec<AccessToken>,
    kept: (SecretBytes, BTreeMap<usize, Held>),
}

impl Both {
    /// Both empty.
    pub fn new(lane: Lane) -> Self {
        let mut provider = Provider::new();
        provider.lane = lane;
        let mut settings = provider.tokens.settings().clone();
        settings.bound = BOUND;
        provider.tokens = TokenTable::new(settings);
        Self {
            kept: (bytes(&provider.tokens), BTreeMap::new()),
            provider,
            model: Model::default(),
            leases: Vec::new(),
            tokens: Vec::new(),
        }
    }

    fn wall(&self) -> i64 {
        START + self.provider.seconds * 1000
    }

    fn steady(&self) -> i64 {
        self.provider.seconds + self.provider.set_back
    }

    /// Lets it happen to both, and looks whether they still agree.
    ///
    /// # Panics
    ///
    /// They do not, or a law is broken.
    pub fn happens(&mut self, event: Event) {
        let (wall, steady, now) = (self.wall(), self.steady(), self.provider.now());
        match event {
            Event::Ask(key, claims) => self.ask(key, claims),
            Event::Pass(seconds) => self.provider.seconds += seconds,
            Event::Jump(seconds) => {
                self.provider.seconds += seconds;
                self.provider.set_back -= seconds;
            }
            Event::SetBack(seconds) => {
                self.provider.seconds -= seconds;
                self.provider.set_back += seconds;
            }
            Event::Bring(lease, lifetime, refresh_in) => {
                if !self.leases.is_empty() {
                    let token = self.issue(lifetime, refresh_in);
                    self.bring(lease, token);
                }
            }
            Event::BringAgain(lease, number) => {
                if let Some(token) = self.tokens.get(number % self.tokens.len().max(1)) {
                    let asked = Timestamp::from_unix_milliseconds(wall);
                    let token = token.clone().issued_on(asked);
                    self.tokens.push(token.clone());
                    self.bring(lease, token);
                }
            }
            Event::Fail(lease) | Event::Throttle(lease) => {
                let Some((lease, key, _)) = self.take(lease) else {
                    return;
                };
                let is_throttled = matches!(event, Event::Throttle(_));
                if self.model.land(lease.id()).is_some() {
                    self.ended(key, if is_throttled { 600 } else { 30 }, is_throttled);
                }
                let error = if is_throttled { throttled() } else { failure() };
                self.provider.settle(lease, &Err(error));
            }
            Event::Abandon(lease) => {
                let Some((lease, key, _)) = self.take(lease) else {
                    return;
                };
                if self.model.land(lease.id()).is_some() {
                    *self.model.unfinished.entry(key).or_default() += 1;
                }
                self.provider.acquire.abandon(lease);
            }
            Event::CutShort(lease) => {
                let Some((lease, key, _)) = self.take(lease) else {
                    return;
                };
                if self.model.land(lease.id()).is_some() {
                    let before = self.model.unfinished.get(&key).copied();
                    self.ended(key, 30, false);
                    self.model
                        .unfinished
                        .insert(key, before.unwrap_or_default() + 1);
                }
                self.provider
                    .acquire
                    .cut_short(lease, &self.provider.tokens, now);
            }
            Event::Extend(lease, allowed) => {
                let Some((lease, ..)) = self.leases.get(lease % self.leases.len().max(1)) else {
                    return;
                };
                let flights = &mut self.model.flights;
                if let Some(flight) = flights.iter_mut().find(|flight| flight.id == lease.id()) {
                    (flight.since, flight.allowed) = (steady, allowed);
                }
                let allowed = Duration::from_secs(allowed.unsigned_abs());
                self.provider.acquire.extend(lease, allowed, now);
            }
            Event::FindLate(lease) => {
                let Some((lease, key, _)) = self.leases.get(lease % self.leases.len().max(1))
                else {
                    return;
                };
                let (id, key) = (lease.id(), *key);
                let flight = self.model.flights.iter().find(|flight| flight.id == id);
                if flight
                    .is_some_and(|flight| steady - flight.since >= (flight.allowed - 10).max(0))
                {
                    self.model.land(id);
                    *self.model.unfinished.entry(key).or_default() += 1;
                }
                self.provider.acquire.void_if_late(id, now);
            }
            Event::Invalidate(number) | Event::InvalidateText(number) => {
                let Some(token) = self.tokens.get(number % self.tokens.len().max(1)) else {
                    return;
                };
                let token = match event {
                    Event::InvalidateText(_) => {
                        AccessToken::new(token.expose(), token.expires_on())
                    }
                    _ => token.clone(),
                };
                let had_effect = self.model.complaint(&token, wall);
                let tokens = &mut self.provider.tokens;
                assert_eq!(tokens.invalidate(&token, now.timestamp()), had_effect);
                assert!(
                    !tokens.invalidate(&token, now.timestamp()),
                    "a complaint counts twice"
                );
            }
            Event::Keep => self.kept = (bytes(&self.provider.tokens), self.model.held.clone()),
            Event::Restore => {
                let mut kept: Vec<_> = self.kept.1.clone().into_iter().collect();
                kept.sort_by_key(|(key, held)| (expiry(&held.token), Reverse(*key)));
                for (key, held) in kept {
                    let is_good = expiry(&held.token) > wall;
                    if is_good && self.model.is_better(key, &held.token, wall) {
                        self.model.hold(
                            key,
                            Held {
                                again: None,
                                ..held
                            },
                        );
                    }
                }
                let bytes = self.kept.0.clone();
                self.restore(&bytes);
            }
            Event::Restart => {
                self.model.held.retain(|_, held| expiry(&held.token) > wall);
                self.model.rejected.clear();
                self.model
                    .held
                    .values_mut()
                    .for_each(|held| held.again = None);
                let bytes = bytes(&self.provider.tokens);
                self.provider.tokens = TokenTable::new(self.provider.tokens.settings().clone());
                self.restore(&bytes);
            }
        }
        assert!(self.provider.tokens.len() <= BOUND);
    }

    fn ask(&mut self, key: usize, claims: usize) {
        let (wall, steady, lane) = (self.wall(), self.steady(), self.provider.lane);
        let decision = self.provider.asks(&request(key, claims));
        self.model.drop_overdue(steady);
        let told = Told::by(&decision);

        let is_in_the_air = |id: FlightId| self.model.flights.iter().any(|flight| flight.id == id);
        match &told {
            Told::Refresh(..) | Told::Start(_) => {
                let mut flights = self.model.flights.iter();
                let is_kept = flights.any(|it| it.key == key || lane == Lane::OneAtATime);
                assert!(!is_kept, "two flights at once");
            }
            Told::Join(id) | Told::ReadyAndJoin(_, id) | Told::Queue(id) => {
                assert!(is_in_the_air(*id), "a wait for nothing");
            }
            Told::Ready(_) | Told::NotYet => {}
        }
        if let Some(good) = self.model.good(key, wall).filter(|_| claims == 0) {
            let (Told::Ready(got) | Told::Refresh(got, _) | Told::ReadyAndJoin(got, _)) = &told
            else {
                panic!("a good token is hidden: {told:?}");
            };
            assert_eq!(got, &good.token);
        }

        assert_eq!(told, self.model.told(key, claims, lane, wall, steady));
        if let Decision::Start(lease) | Decision::ReadyAndRefresh(_, lease) = decision {
            let (id, since, allowed) = (lease.id(), steady, 60);
            self.model.flights.push(Flight {
                id,
                key,
                claims,
                since,
                allowed,
            });
            self.leases.push((lease, key, claims));
        }
        for (lease, ..) in &self.leases {
            let is_flying = self
                .model
                .flights
                .iter()
                .any(|flight| flight.id == lease.id());
            assert_eq!(self.provider.acquire.is_flying(lease.id()), is_flying);
        }
    }

    fn bring(&mut self, lease: usize, token: AccessToken) {
        let Some((lease, key, claims)) = self.take(lease) else {
            return;
        };
        let wall = self.wall();
        let is_current = self.model.land(lease.id()).is_some();
        let is_good = expiry(&token) > wall;
        if is_good && (is_current || self.model.is_better(key, &token, wall)) {
            self.model.fetched(key, claims, &token, wall);
        }
        if is_current {
            self.ended(key, 30, false);
        }
        self.provider.settle(lease, &Ok(token));
    }

    /// A token that is told from every other by its name and its last millisecond.
    fn issue(&mut self, lifetime: i64, refresh_in: Option<i64>) -> AccessToken {
        let (number, wall) = (self.tokens.len(), self.wall());
        let at = Timestamp::from_unix_milliseconds;
        let expires = wall + lifetime * 1000 + i64::try_from(number).expect("there are few");
        let mut token =
            AccessToken::new(format!("token {number}"), at(expires)).issued_on(at(wall));
        if let Some(seconds) = refresh_in {
            token = token.refresh_on(at(wall + seconds * 1000));
        }
        self.tokens.push(token.clone());
        token
    }

    fn ended(&mut self, key: usize, seconds: i64, is_asked_for: bool) {
        let (wall, steady) = (self.wall(), self.steady());
        let pause = Pause {
            wall,
            steady,
            seconds,
            is_asked_for,
        };
        self.model.pauses.insert(key, pause);
        self.model.unfinished.remove(&key);
    }

    fn restore(&mut self, bytes: &SecretBytes) {
        let now = Timestamp::from_unix_milliseconds(self.wall());
        let snapshot = Snapshot::from_bytes(bytes, now).expect("it was just written");
        let restored = snapshot.restore(&mut self.provider.tokens, &mut Memory::default(), now);
        assert_eq!(restored, Ok(()), "nobody is signed in");
    }

    fn take(&mut self, number: usize) -> Option<(Lease, usize, usize)> {
        let is_any = !self.leases.is_empty();
        is_any.then(|| self.leases.swap_remove(number % self.leases.len()))
    }
}

fn request(key: usize, claims: usize) -> TokenRequest {
    let request = TokenRequest::new([format!("scope{key}")]);
    match CLAIMS[claims] {
        Some(claims) => request.claims(claims),
        None => request,
    }
}

fn bytes(tokens: &TokenTable) -> SecretBytes {
    Snapshot::of(tokens, &Memory::default()).to_bytes()
}
