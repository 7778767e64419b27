//! A provider's flights together with what their waiters wait on.

use std::collections::HashMap;
use std::fmt;

use azid_core::cache::{Decision, FlightId, Key, Lease};
use azid_core::{AccessToken, Error, Lane, Now, TokenRequest};

use crate::sync::{Arc, Mutex, lock};
use crate::{LeaseGuard, Ledger};

/// The flights of one provider. `F` is what a waiter waits on: a shared future in an async shell, a
/// condition in a blocking one. It stays here while the flight goes on, whoever started it.
pub struct Flights<F> {
    ledger: Arc<Ledger>,
    waiting: Mutex<HashMap<FlightId, F>>,
}

/// What waiters wait on.
pub trait Waited: Clone {
    /// Whether nobody is left who drives the flight. It is asked of the one in [`Flights`].
    fn is_left(&self) -> bool;
}

/// A condition that is waited for: whoever flies does so on a thread, to the end.
impl<T> Waited for Arc<T> {
    fn is_left(&self) -> bool {
        false
    }
}

/// What a caller does.
#[derive(Debug)]
#[must_use]
pub enum Asked<F> {
    /// Take this token.
    Ready(AccessToken),
    /// Take this token, and see that this flight to renew it gets going.
    Refresh {
        /// The token.
        held: AccessToken,
        /// The flight.
        flight: F,
        /// How many flights before it came to no end: see [`patience`](crate::patience).
        unfinished: u32,
    },
    /// Take this token, and poll this flight to renew it once: nobody drives it any more.
    Nudge(AccessToken, F),
    /// Wait for this flight and take its result.
    Wait(F),
    /// Wait for this flight and ask again.
    Queue(F),
    /// Give up for now: the server asked for a pause after this error.
    NotYet(Error),
}

impl<F: Waited> Flights<F> {
    /// No flights yet.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            waiting: Mutex::default(),
        }
    }

    /// The cache and the flights' leases.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What a caller does now. If that is a new flight, `launch` makes what its waiters wait on
    /// and takes the lease; it must not start the run, since it is called under a lock.
    pub fn ask(
        &self,
        key: &Key,
        request: &TokenRequest,
        lane: Lane,
        now: Now,
        launch: impl FnOnce(LeaseGuard) -> F,
    ) -> Asked<F> {
        let mut waiting = lock(&self.waiting);
        self.void_who_is_late(&waiting, now);
        let decision = self.ledger.request(key, request, lane, now);
        let asked = match decision {
            Decision::Ready(token) => Asked::Ready(token),
            Decision::ReadyAndRefresh(held, lease) => Asked::Refresh {
                held,
                unfinished: lease.unfinished(),
                flight: self.enter(&mut waiting, lease, launch),
            },
            Decision::ReadyAndJoin(held, id) => match Self::find(&waiting, id) {
                flight if flight.is_left() => Asked::Nudge(held, flight.clone()),
                _ => Asked::Ready(held),
            },
            Decision::Start(lease) => Asked::Wait(self.enter(&mut waiting, lease, launch)),
            Decision::Join(id) => Asked::Wait(Self::find(&waiting, id).clone()),
            Decision::Queue(id) => Asked::Queue(Self::find(&waiting, id).clone()),
            Decision::NotYet(error) => Asked::NotYet(error),
        };
        // What ended is dropped after the lock: it may own anything that a host made.
        let is_over = |id: &FlightId| !self.ledger.is_flying(*id);
        let over: Vec<_> = waiting.keys().copied().filter(is_over).collect();
        let ended: Vec<_> = over.iter().map(|id| waiting.remove(id)).collect();
        drop(waiting);
        drop(ended);
        asked
    }

    /// A flight that nobody drives must not be joined when what it waits for is over: it would only
    /// learn that it has been late.
    #[expect(
        clippy::iter_over_hash_type,
        reason = "who is late does not depend on the order"
    )]
    fn void_who_is_late(&self, waiting: &HashMap<FlightId, F>, now: Now) {
        for (id, flight) in waiting {
            if flight.is_left() {
                self.ledger.void_if_late(*id, now);
            }
        }
    }

    fn enter(
        &self,
        waiting: &mut HashMap<FlightId, F>,
        lease: Lease,
        launch: impl FnOnce(LeaseGuard) -> F,
    ) -> F {
        let id = lease.id();
        let flight = launch(self.ledger.guard(lease));
        waiting.insert(id, flight.clone());
        flight
    }

    fn find(waiting: &HashMap<FlightId, F>, id: FlightId) -> &F {
        let flight = waiting.get(&id);
        flight.expect("a flight is entered under the lock that its lease is made under")
    }
}

impl<F> fmt::Debug for Flights<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights")
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
