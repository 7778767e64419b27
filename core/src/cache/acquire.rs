//! What a provider does about the next call: its whole decision, without a lock or a future.
//!
//! A *flight* is one run for one key. Whoever gets a [`Lease`] flies it, and gives the lease back
//! with the result or without one. A lease that is overdue is void: the next caller flies anew,
//! and what the old one may still bring is taken only if it is better than what is held.

use std::collections::HashMap;
use std::time::Duration;

use super::{Freshness, Key, TokenTable};
use crate::credential::Lane;
use crate::entropy::{Entropy, Seed};
use crate::error::Error;
use crate::identity::Identity;
use crate::request::TokenRequest;
use crate::time::{Now, Timestamp};
use crate::token::AccessToken;

/// The flights of one provider.
#[derive(Debug)]
pub struct Acquire {
    flights: HashMap<Course, Flight>,
    lanes: HashMap<Identity, Course>,
    pauses: HashMap<Key, Pause>,
    entropy: Entropy,
    started: u64,
}

/// What a caller does.
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// Take this token.
    Ready(AccessToken),
    /// Take this token; somebody should fly to renew it, and this caller holds the lease.
    ReadyAndRefresh(AccessToken, Lease),
    /// Fly: there is no token.
    Start(Lease),
    /// Wait for this flight, and take its result.
    Join(FlightId),
    /// Wait for this flight, which keeps the lane, and then ask again.
    Queue(FlightId),
    /// Do not fly: the server asked for a pause after this error, and it is not over.
    NotYet(Error),
}

/// The number of a flight, unique in its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlightId(u64);

/// The right and the duty to fly. Only [`Acquire`] makes one, and it can be given back once.
#[derive(Debug)]
#[must_use = "a lease is given back, by settling or by abandoning it"]
pub struct Lease {
    course: Course,
    id: FlightId,
}

impl Lease {
    /// The flight's number.
    pub fn id(&self) -> FlightId {
        self.id
    }
}

/// What a flight is for: a key, and the claims that it was started with. A flight without a
/// challenge's claims is of no use to whoever must satisfy the challenge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Course {
    key: Key,
    claims: Option<String>,
}

#[derive(Debug)]
struct Flight {
    id: FlightId,
    started: Now,
    allowed: Duration,
}

impl Flight {
    fn is_overdue(&self, now: Now) -> bool {
        let limit = self.allowed.saturating_add(Duration::from_millis(1));
        now.since(self.started, limit) > self.allowed
    }
}

/// A time in which a key is left alone.
#[derive(Debug)]
struct Pause {
    until: Timestamp,
    /// The server's own wish, which holds even without a token.
    asked_for: Option<Error>,
}

impl Acquire {
    /// How long a flight may take that says nothing else.
    const ALLOWED: Duration = Duration::from_secs(60);

    /// The longest that a server may keep callers away.
    const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

    /// A provider without flights; the seed spreads its refreshes.
    pub fn new(seed: Seed) -> Self {
        Self {
            flights: HashMap::new(),
            lanes: HashMap::new(),
            pauses: HashMap::new(),
            entropy: Entropy::new(seed),
            started: 0,
        }
    }

    /// What a caller with this request does now.
    pub fn request(
        &mut self,
        tokens: &TokenTable,
        key: &Key,
        request: &TokenRequest,
        lane: Lane,
        now: Now,
    ) -> Decision {
        self.drop_overdue(now);
        let course = Course {
            key: key.clone(),
            claims: request.claims_json().map(str::to_owned),
        };
        let held = match course.claims {
            None => tokens.look(key, now.timestamp()),
            Some(_) => Freshness::Absent,
        };
        match held {
            Freshness::Fresh(token) => Decision::Ready(token),
            Freshness::Due(token) => {
                if self.flying(&course).is_some()
                    || self.pausing(key, now)
                    || self.queued(&course, lane).is_some()
                {
                    return Decision::Ready(token);
                }
                Decision::ReadyAndRefresh(token, self.start(course, lane, now))
            }
            Freshness::Absent => {
                if let Some(id) = self.flying(&course) {
                    return Decision::Join(id);
                }
                if let Some(error) = self.kept_away(key, now) {
                    return Decision::NotYet(error);
                }
                if let Some(id) = self.queued(&course, lane) {
                    return Decision::Queue(id);
                }
                Decision::Start(self.start(course, lane, now))
            }
        }
    }

    /// Allows a flight so long from now on: as long as the effect that is outstanding may take.
    pub fn extend(&mut self, lease: &Lease, allowed: Duration, now: Now) {
        if let Some(flight) = self.current(lease) {
            flight.started = now;
            flight.allowed = allowed;
        }
    }

    /// Takes a flight's result: holds the token, or remembers not to try again at once.
    pub fn settle(
        &mut self,
        lease: Lease,
        tokens: &mut TokenTable,
        result: &Result<AccessToken, Error>,
        now: Now,
    ) {
        let is_current = self.land(&lease);
        let moment = now.timestamp();
        let key = lease.course.key;
        match result {
            Ok(token) => {
                let better = match tokens.look(&key, moment) {
                    Freshness::Fresh(held) | Freshness::Due(held) => {
                        token.expires_on() > held.expires_on()
                    }
                    Freshness::Absent => true,
                };
                if is_current || better {
                    let draw = f64::from(self.entropy.bytes()[0]) / 255.0;
                    let until = moment.after(tokens.settings().pause.min(Self::LONGEST_PAUSE));
                    self.pause(
                        key.clone(),
                        Pause {
                            until,
                            asked_for: None,
                        },
                        moment,
                        tokens,
                    );
                    tokens.hold(key, token.clone(), moment, draw);
                }
            }
            Err(error) if is_current => {
                let pause = tokens.settings().pause.min(Self::LONGEST_PAUSE);
                let asked_for = error
                    .retry_after()
                    .map(|wait| wait.min(Self::LONGEST_PAUSE));
                let until = moment.after(asked_for.map_or(pause, |wait| wait.max(pause)));
                self.pause(
                    key,
                    Pause {
                        until,
                        asked_for: asked_for.map(|_| error.clone()),
                    },
                    moment,
                    tokens,
                );
            }
            Err(_) => {}
        }
    }

    /// Takes a lease back without a result. The endpoint has not failed, so the next caller may
    /// fly at once.
    pub fn abandon(&mut self, lease: Lease) {
        self.land(&lease);
    }

    /// Whether a flight is still going on.
    #[expect(
        clippy::disallowed_methods,
        reason = "the answer is the same in any order"
    )]
    pub fn is_flying(&self, id: FlightId) -> bool {
        self.flights.values().any(|flight| flight.id == id)
    }

    fn start(&mut self, course: Course, lane: Lane, now: Now) -> Lease {
        self.started += 1;
        let id = FlightId(self.started);
        if lane == Lane::OneAtATime {
            self.lanes
                .insert(course.key.identity().clone(), course.clone());
        }
        self.flights.insert(
            course.clone(),
            Flight {
                id,
                started: now,
                allowed: Self::ALLOWED,
            },
        );
        Lease { course, id }
    }

    fn land(&mut self, lease: &Lease) -> bool {
        let is_current = self.current(lease).is_some();
        if is_current {
            self.flights.remove(&lease.course);
            let identity = lease.course.key.identity();
            if self.lanes.get(identity) == Some(&lease.course) {
                self.lanes.remove(identity);
            }
        }
        is_current
    }

    fn current(&mut self, lease: &Lease) -> Option<&mut Flight> {
        self.flights
            .get_mut(&lease.course)
            .filter(|flight| flight.id == lease.id)
    }

    fn flying(&self, course: &Course) -> Option<FlightId> {
        self.flights.get(course).map(|flight| flight.id)
    }

    /// The flight that keeps the lane from this one.
    fn queued(&self, course: &Course, lane: Lane) -> Option<FlightId> {
        match lane {
            Lane::PerKey => None,
            Lane::OneAtATime => self.flying(self.lanes.get(course.key.identity())?),
        }
    }

    /// Drops what is overdue: its leases are void from now on.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is dropped does not depend on the order"
    )]
    fn drop_overdue(&mut self, now: Now) {
        self.flights.retain(|_, flight| !flight.is_overdue(now));
        self.lanes
            .retain(|_, course| self.flights.contains_key(course));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is dropped does not depend on the order"
    )]
    fn pause(&mut self, key: Key, pause: Pause, now: Timestamp, tokens: &TokenTable) {
        if self.pauses.len() >= tokens.settings().bound {
            self.pauses.retain(|_, pause| pause.until > now);
        }
        if self.pauses.len() >= tokens.settings().bound {
            self.pauses.clear(); // a pause spares the endpoint; none is needed to be right
        }
        self.pauses.insert(key, pause);
    }

    fn pausing(&mut self, key: &Key, now: Now) -> bool {
        self.drop_ended_pause(key, now);
        self.pauses.contains_key(key)
    }

    fn kept_away(&mut self, key: &Key, now: Now) -> Option<Error> {
        self.drop_ended_pause(key, now);
        self.pauses.get(key)?.asked_for.clone()
    }

    /// A pause that lies further ahead than any can is one that a jump of the clock left behind.
    fn drop_ended_pause(&mut self, key: &Key, now: Now) {
        let moment = now.timestamp();
        let ended = |pause: &Pause| {
            pause.until <= moment || pause.until > moment.after(Self::LONGEST_PAUSE)
        };
        if self.pauses.get(key).is_some_and(ended) {
            self.pauses.remove(key);
        }
    }
}
