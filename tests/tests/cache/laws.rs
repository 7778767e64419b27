//! The cache beside its model, driven by the same events, with a clock that runs, jumps and is set
//! back.
//!
//! Three laws are looked at on their own, whatever the model says: there is one flight for a key at
//! most, and one at all in a lane; a good token is never hidden; nobody is told to wait for a flight
//! that is not there.

use std::collections::BTreeMap;
use std::time::Duration;

use azid_core::cache::{Decision, FlightId, Lease, Snapshot, TokenTable};
use azid_core::testing::START;
use azid_core::{AccessToken, Lane, Memory, SecretBytes, Timestamp, TokenRequest};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::model::{BOUND, Flight, Held, Model, Pause, Told, due, expiry};
use crate::provider::{Provider, failure, throttled};

const KEYS: usize = 4;
const CLAIMS: [Option<&str>; 3] = [None, Some("{}"), Some(r#"{"a":1}"#)];

/// One thing that happens. A lease and a token are picked by number among those that there are.
#[derive(Clone, Debug)]
enum Event {
    Ask(usize, usize),
    Bring(usize, i64, Option<i64>),
    Fail(usize),
    Throttle(usize),
    Abandon(usize),
    CutShort(usize),
    Extend(usize, i64),
    FindLate(usize),
    Invalidate(usize),
    Pass(i64),
    Jump(i64),
    SetBack(i64),
    Keep,
    Restore,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    use Event::*;
    let any = || 0_usize..64;
    let seconds = || prop_oneof![1_i64..20, 20_i64..70, 200_i64..400, 1000_i64..5000];
    let lifetime = || prop_oneof![-5_i64..5, 5_i64..400, 3000_i64..5000, 7000_i64..30_000];
    let refresh_in = proptest::option::of(prop_oneof![-10_i64..10, 100_i64..40_000]);
    prop_oneof![
        12 => (0..KEYS, 0..CLAIMS.len()).prop_map(|(key, claims)| Ask(key, claims)),
        12 => (0..KEYS).prop_map(|key| Ask(key, 0)),
        8 => (any(), lifetime(), refresh_in).prop_map(|(n, life, due)| Bring(n, life, due)),
        2 => any().prop_map(Fail),
        1 => any().prop_map(Throttle),
        2 => any().prop_map(Abandon),
        1 => any().prop_map(CutShort),
        1 => (any(), 0_i64..400).prop_map(|(n, allowed)| Extend(n, allowed)),
        2 => any().prop_map(FindLate),
        2 => any().prop_map(Invalidate),
        6 => seconds().prop_map(Pass),
        1 => seconds().prop_map(Jump),
        1 => seconds().prop_map(SetBack),
        1 => Just(Keep),
        1 => Just(Restore),
        1 => Just(Restart),
    ]
}

/// The cache and the model of it.
struct Both {
    provider: Provider,
    model: Model,
    leases: Vec<(Lease, usize)>,
    tokens: Vec<AccessToken>,
    kept: (SecretBytes, BTreeMap<usize, Held>),
}

impl Both {
    fn new(lane: Lane) -> Self {
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

    fn happens(&mut self, event: Event) -> Result<(), TestCaseError> {
        let (wall, steady, now) = (self.wall(), self.steady(), self.provider.now());
        match event {
            Event::Ask(key, claims) => self.ask(key, claims)?,
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
                let Some((lease, key)) = self.take(lease) else {
                    return Ok(());
                };
                let token = self.issue(lifetime, refresh_in);
                let is_current = self.model.land(lease.id()).is_some();
                let is_good = expiry(&token) > wall;
                if is_good && (is_current || self.model.is_better(key, &token, wall)) {
                    let held = Held {
                        due: due(&token, wall),
                        token: token.clone(),
                    };
                    self.model.hold(key, held);
                }
                if is_current {
                    self.ended(key, 30, false);
                }
                self.provider.settle(lease, &Ok(token));
            }
            Event::Fail(lease) | Event::Throttle(lease) => {
                let Some((lease, key)) = self.take(lease) else {
                    return Ok(());
                };
                let is_throttled = matches!(event, Event::Throttle(_));
                if self.model.land(lease.id()).is_some() {
                    self.ended(key, if is_throttled { 600 } else { 30 }, is_throttled);
                }
                let error = if is_throttled { throttled() } else { failure() };
                self.provider.settle(lease, &Err(error));
            }
            Event::Abandon(lease) => {
                let Some((lease, key)) = self.take(lease) else {
                    return Ok(());
                };
                if self.model.land(lease.id()).is_some() {
                    *self.model.unfinished.entry(key).or_default() += 1;
                }
                self.provider.acquire.abandon(lease);
            }
            Event::CutShort(lease) => {
                let Some((lease, key)) = self.take(lease) else {
                    return Ok(());
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
                let Some((lease, _)) = self.leases.get(lease % self.leases.len().max(1)) else {
                    return Ok(());
                };
                let flights = &mut self.model.flights;
                if let Some(flight) = flights.iter_mut().find(|flight| flight.id == lease.id()) {
                    (flight.since, flight.allowed) = (steady, allowed);
                }
                let allowed = Duration::from_secs(allowed.unsigned_abs());
                self.provider.acquire.extend(lease, allowed, now);
            }
            Event::FindLate(lease) => {
                let Some((lease, key)) = self.leases.get(lease % self.leases.len().max(1)) else {
                    return Ok(());
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
            Event::Invalidate(number) => {
                let Some(token) = self.tokens.get(number % self.tokens.len().max(1)) else {
                    return Ok(());
                };
                let before = self.model.held.len();
                self.model.held.retain(|_, held| held.token != *token);
                let was_held = self.model.held.len() < before;
                prop_assert_eq!(self.provider.tokens.invalidate(token), was_held);
            }
            Event::Keep => self.kept = (bytes(&self.provider.tokens), self.model.held.clone()),
            Event::Restore => {
                for (key, held) in self.kept.1.clone() {
                    let is_good = expiry(&held.token) > wall;
                    if is_good && self.model.is_better(key, &held.token, wall) {
                        self.model.hold(key, held);
                    }
                }
                let bytes = self.kept.0.clone();
                self.restore(&bytes);
            }
            Event::Restart => {
                self.model.held.retain(|_, held| expiry(&held.token) > wall);
                let bytes = bytes(&self.provider.tokens);
                self.provider.tokens = TokenTable::new(self.provider.tokens.settings().clone());
                self.restore(&bytes);
            }
        }
        prop_assert!(self.provider.tokens.len() <= BOUND);
        Ok(())
    }

    fn ask(&mut self, key: usize, claims: usize) -> Result<(), TestCaseError> {
        let (wall, steady, lane) = (self.wall(), self.steady(), self.provider.lane);
        let decision = self.provider.asks(&request(key, claims));
        self.model.drop_overdue(steady);
        let told = Told::by(&decision);

        let is_in_the_air = |id: FlightId| self.model.flights.iter().any(|flight| flight.id == id);
        match &told {
            Told::Refresh(..) | Told::Start(_) => {
                let mut flights = self.model.flights.iter();
                let is_kept = flights.any(|it| it.key == key || lane == Lane::OneAtATime);
                prop_assert!(!is_kept, "two flights at once");
            }
            Told::Join(id) | Told::ReadyAndJoin(_, id) | Told::Queue(id) => {
                prop_assert!(is_in_the_air(*id), "a wait for nothing");
            }
            Told::Ready(_) | Told::NotYet => {}
        }
        if let Some(good) = self.model.good(key, wall).filter(|_| claims == 0) {
            let (Told::Ready(got) | Told::Refresh(got, _) | Told::ReadyAndJoin(got, _)) = &told
            else {
                return Err(TestCaseError::fail(format!(
                    "a good token is hidden: {told:?}"
                )));
            };
            prop_assert_eq!(got, &good.token);
        }

        prop_assert_eq!(told, self.model.told(key, claims, lane, wall, steady));
        if let Decision::Start(lease) | Decision::ReadyAndRefresh(_, lease) = decision {
            let (id, since, allowed) = (lease.id(), steady, 60);
            self.model.flights.push(Flight {
                id,
                key,
                claims,
                since,
                allowed,
            });
            self.leases.push((lease, key));
        }
        for (lease, _) in &self.leases {
            let is_flying = self
                .model
                .flights
                .iter()
                .any(|flight| flight.id == lease.id());
            prop_assert_eq!(self.provider.acquire.is_flying(lease.id()), is_flying);
        }
        Ok(())
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
        assert_eq!(restored, Ok(()));
    }

    fn take(&mut self, number: usize) -> Option<(Lease, usize)> {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_cache_does_what_its_model_does(
        is_one_at_a_time: bool,
        events in proptest::collection::vec(event(), 1..80),
    ) {
        let lane = if is_one_at_a_time { Lane::OneAtATime } else { Lane::PerKey };
        let mut both = Both::new(lane);
        for event in events {
            both.happens(event)?;
        }
    }
}
