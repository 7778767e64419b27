//! What a provider does about the next call: its whole decision, without a lock or a future.
//!
//! A *flight* is one run for one key. Whoever gets a [`Lease`] flies it, and gives the lease back
//! with the result or without one. A lease that is overdue is void: the next caller flies anew,
//! and what the old one may still bring is taken only if it is better than what is held.

use std::sync::Arc;
use std::time::Duration;

use super::flights::{Flights, InTheAir};
use super::history::History;
use super::span::Span;
use super::table::LONGEST_PAUSE;
use super::{Freshness, Key, TokenTable};
use crate::credential::Lane;
use crate::entropy::{Entropy, Seed};
use crate::error::Error;
use crate::request::TokenRequest;
use crate::time::Now;
use crate::token::AccessToken;

/// The flights of one provider.
///
/// There is one flight for a key at most. Who wants the same as a flight brings joins it; who has
/// the claims of a challenge to satisfy, which the flight does not know, waits until it is over, so
/// that a token without the claims never takes the place of one with them.
#[derive(Debug)]
pub struct Acquire {
    flights: Flights,
    history: History,
    entropy: Entropy,
    started: u64,
    /// What its leases have in common, and with no other provider's.
    mark: Arc<()>,
}

/// What a caller does.
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// Take this token.
    Ready(AccessToken),
    /// Take this token; somebody should fly to renew it, and this caller holds the lease.
    ReadyAndRefresh(AccessToken, Lease),
    /// Take this token; this flight to renew it is under way. Where nobody drives it any more, this
    /// caller may.
    ReadyAndJoin(AccessToken, FlightId),
    /// Fly: there is no token.
    Start(Lease),
    /// Wait for this flight, and take its result.
    Join(FlightId),
    /// Wait for this flight, which keeps the lane or is for other claims, and then ask again.
    Queue(FlightId),
    /// Do not fly: the server asked for a pause after this error, and it is not over.
    NotYet(Error),
}

/// The number of a flight, unique in its provider. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlightId(u64);

/// The right and the duty to fly. Only [`Acquire`] makes one, and it can be given back once, to the
/// same one. To another it is as void as one that is overdue.
#[derive(Debug)]
#[must_use = "a lease is given back, by settling or by abandoning it"]
pub struct Lease {
    key: Key,
    id: FlightId,
    unfinished: u32,
    is_for_challenge: bool,
    mark: Arc<()>,
}

impl Lease {
    /// The flight's number.
    pub fn id(&self) -> FlightId {
        self.id
    }

    /// How many flights for the same key were abandoned, cut short or overdue since one was settled. A shell
    /// that gives refreshes little time gives the next one more, so that one is done at last.
    pub fn unfinished(&self) -> u32 {
        self.unfinished
    }
}

impl Acquire {
    /// How much longer than its effect's own limit a flight that somebody drives should be allowed:
    /// tasks and threads may be late. See [`void_if_late`](Self::void_if_late).
    pub const GRACE: Duration = Duration::from_secs(10);

    /// How long a flight may take that says nothing else.
    const ALLOWED: Duration = Duration::from_secs(60);

    /// A provider without flights; the seed spreads its refreshes.
    pub fn new(seed: Seed) -> Self {
        Self {
            flights: Flights::default(),
            history: History::default(),
            entropy: Entropy::new(seed),
            started: 0,
            mark: Arc::default(),
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
        self.void_overdue(now);
        let claims = request.claims_json();
        let held = match claims {
            None => tokens.look(key, now.timestamp()),
            Some(_) => Freshness::Absent,
        };
        let in_the_air = self.flights.look(key, claims, lane);
        match (held, in_the_air) {
            (Freshness::Fresh(token), _) => Decision::Ready(token),
            (Freshness::Due(token), Some(InTheAir::Same(id))) => Decision::ReadyAndJoin(token, id),
            (Freshness::Due(token), Some(InTheAir::Other(_))) => Decision::Ready(token),
            (Freshness::Due(token), None) => {
                if self.history.is_pausing(key, now) {
                    return Decision::Ready(token);
                }
                Decision::ReadyAndRefresh(token, self.start(key, None, lane, now))
            }
            (Freshness::Absent, Some(InTheAir::Same(id))) => Decision::Join(id),
            (Freshness::Absent, in_the_air) => {
                match (self.history.kept_away(key, now), in_the_air) {
                    (Some(error), _) => Decision::NotYet(error),
                    (None, Some(InTheAir::Same(id) | InTheAir::Other(id))) => Decision::Queue(id),
                    (None, None) => Decision::Start(self.start(key, claims, lane, now)),
                }
            }
        }
    }

    /// Allows a flight so long from now on: as long as the effect that is outstanding may take, and
    /// [`GRACE`](Self::GRACE).
    pub fn extend(&mut self, lease: &Lease, allowed: Duration, now: Now) {
        if self.has_made(lease) {
            self.flights.extend(lease, Span::new(now, allowed));
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
        let is_current = self.land(&lease).is_some();
        let pause = tokens.settings().bounded_pause();
        let (key, moment) = (lease.key, now.timestamp());
        match result {
            Ok(token) => {
                let is_good = token.expires_on() > moment;
                if is_good && (is_current || tokens.is_improved_by(&key, token, moment)) {
                    if lease.is_for_challenge {
                        tokens.reject(&key);
                    }
                    let draw = self.entropy.share();
                    tokens.hold(key.clone(), token.clone(), moment, draw);
                }
                if is_current {
                    self.history.ended(key, pause, None, now);
                }
            }
            Err(error) if is_current => {
                let asked_for = error.retry_after().map(|asked| asked.min(LONGEST_PAUSE));
                let pause = pause.max(asked_for.unwrap_or_default());
                let asked_for = asked_for.map(|asked| (asked, error.clone()));
                self.history.ended(key, pause, asked_for, now);
            }
            Err(_) => {}
        }
    }

    /// Takes a lease back without a result. The endpoint has not failed, so the next caller may
    /// fly at once.
    pub fn abandon(&mut self, lease: Lease) {
        if self.has_made(&lease) {
            self.give_up(lease.id);
        }
    }

    /// Takes a lease back from a caller who could not give its flight the time that it needs. The
    /// endpoint has not failed; a token that is held is left alone for a while.
    pub fn cut_short(&mut self, lease: Lease, tokens: &TokenTable, now: Now) {
        if let Some(key) = self.land(&lease) {
            self.history
                .cut_short(key, tokens.settings().bounded_pause(), now);
        }
    }

    /// Voids the lease of a flight that nobody has driven for as long as its effect may take, the
    /// [`GRACE`](Self::GRACE) of late drivers left out: what the effect would answer now is that
    /// its time is over, and that is no failure of the endpoint's.
    pub fn void_if_late(&mut self, id: FlightId, now: Now) {
        if self.flights.has_lasted_all_but(id, Self::GRACE, now) {
            self.give_up(id);
        }
    }

    /// Whether a flight is still going on.
    pub fn is_flying(&self, id: FlightId) -> bool {
        self.flights.is_flying(id)
    }

    /// How long until a flight is overdue, if it is still going on.
    pub fn rest(&mut self, id: FlightId, now: Now) -> Option<Duration> {
        self.flights.rest(id, now)
    }

    fn start(&mut self, key: &Key, claims: Option<&str>, lane: Lane, now: Now) -> Lease {
        self.started += 1;
        let id = FlightId(self.started);
        let allowed = Span::new(now, Self::ALLOWED);
        self.flights.start(id, key, claims, lane, allowed);
        Lease {
            key: key.clone(),
            id,
            unfinished: self.history.unfinished(key),
            is_for_challenge: claims.is_some(),
            mark: Arc::clone(&self.mark),
        }
    }

    /// Whether the lease is one of this provider's: the numbers of others are the same.
    fn has_made(&self, lease: &Lease) -> bool {
        Arc::ptr_eq(&self.mark, &lease.mark)
    }

    fn land(&mut self, lease: &Lease) -> Option<Key> {
        self.has_made(lease)
            .then(|| self.flights.land(lease.id))
            .flatten()
    }

    fn void_overdue(&mut self, now: Now) {
        for id in self.flights.overdue(now) {
            self.give_up(id);
        }
    }

    fn give_up(&mut self, id: FlightId) {
        if let Some(key) = self.flights.land(id) {
            self.history.given_up(key);
        }
    }
}
