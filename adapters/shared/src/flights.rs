//! A provider's flights together with what their waiters wait on.

use std::collections::VecDeque;
use std::fmt;

use azid_core::cache::{Decision, FlightId, Key, Lease};
use azid_core::{AccessToken, Error, Lane, Now, Sorted, TokenRequest};

use crate::sync::{Arc, Mutex, lock};
use crate::{LeaseGuard, Ledger};

/// The flights of one provider. `F` is what a waiter waits on: a shared future in an async shell, a
/// condition in a blocking one. It stays here while the flight goes on, whoever started it.
pub struct Flights<F> {
    ledger: Arc<Ledger>,
    waiting: Mutex<Waiting<F>>,
}

struct Waiting<F> {
    flights: Sorted<FlightId, F>,
    /// The order in which callers look whether a flight has ended: each looks at
    /// [`A_FEW`](Self::A_FEW), so that none has to look at all, and flights go faster than they come.
    turns: VecDeque<FlightId>,
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
        /// How many flights before it came to no end: see [`Lease::unfinished`].
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
            waiting: Mutex::new(Waiting {
                flights: Sorted::new(),
                turns: VecDeque::new(),
            }),
        }
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
        let mut ended = Vec::new(); // dropped after the lock: it may own anything that a host made
        let mut waiting = lock(&self.waiting);
        waiting.take_ended(&self.ledger, &mut ended);
        loop {
            let decision = self.ledger.request(key, request, lane, now);
            if let Decision::ReadyAndJoin(_, id) | Decision::Join(id) | Decision::Queue(id) =
                &decision
            {
                // A flight that nobody drives must not be joined when what it waits for is over: it
                // would only learn that it has been late.
                let is_left = waiting.find(*id).is_left();
                if is_left && self.ledger.void_if_late(*id, now) {
                    ended.extend(waiting.flights.remove(id));
                    continue;
                }
            }
            return match decision {
                Decision::Ready(token) => Asked::Ready(token),
                Decision::ReadyAndRefresh(held, lease) => Asked::Refresh {
                    held,
                    unfinished: lease.unfinished(),
                    flight: self.enter(&mut waiting, lease, launch),
                },
                Decision::ReadyAndJoin(held, id) => match waiting.find(id) {
                    flight if flight.is_left() => Asked::Nudge(held, flight.clone()),
                    _ => Asked::Ready(held),
                },
                Decision::Start(lease) => Asked::Wait(self.enter(&mut waiting, lease, launch)),
                Decision::Join(id) => Asked::Wait(waiting.find(id).clone()),
                Decision::Queue(id) => Asked::Queue(waiting.find(id).clone()),
                Decision::NotYet(error) => Asked::NotYet(error),
            };
        }
    }

    fn enter(
        &self,
        waiting: &mut Waiting<F>,
        lease: Lease,
        launch: impl FnOnce(LeaseGuard) -> F,
    ) -> F {
        let id = lease.id();
        let flight = launch(self.ledger.guard(lease));
        waiting.flights.insert(id, flight.clone());
        waiting.turns.push_back(id);
        flight
    }
}

impl<F> Waiting<F> {
    const A_FEW: usize = 2;

    /// Takes out those of the next few flights that have ended.
    fn take_ended(&mut self, ledger: &Ledger, ended: &mut Vec<F>) {
        for _ in 0..Self::A_FEW.min(self.turns.len()) {
            let Some(id) = self.turns.pop_front() else {
                return;
            };
            if ledger.is_flying(id) {
                self.turns.push_back(id);
            } else {
                ended.extend(self.flights.remove(&id));
            }
        }
    }

    fn find(&self, id: FlightId) -> &F {
        let flight = self.flights.get(&id);
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use azid_core::{Identity, Seed};

    use super::*;
    use crate::TokenCache;

    /// Counts how often anybody looked at one.
    #[derive(Clone)]
    struct Counted(Arc<AtomicUsize>, Arc<Mutex<Option<LeaseGuard>>>);

    impl Waited for Counted {
        fn is_left(&self) -> bool {
            self.0.fetch_add(1, Ordering::SeqCst);
            false
        }
    }

    #[test]
    fn who_asks_looks_at_its_own_flight_only_and_what_has_ended_is_dropped_in_time() {
        let flights = Flights::new(Ledger::new(TokenCache::new(), Seed::new([3; 32])));
        let looks = Arc::<AtomicUsize>::default();
        let identity = Identity::of("Test").finish();
        let now = Now::new(0, Duration::ZERO);
        let ask = |number: usize| {
            let request = TokenRequest::new([number.to_string()]);
            let key = Key::new(&identity, &request);
            flights.ask(&key, &request, Lane::PerKey, now, |lease| {
                Counted(looks.clone(), Arc::new(Mutex::new(Some(lease))))
            })
        };
        let flying: Vec<_> = (0..100).map(ask).collect();
        assert_eq!(looks.load(Ordering::SeqCst), 0, "each is the first");
        (0..100).for_each(|number| assert!(matches!(ask(number), Asked::Wait(_))));
        assert!(
            looks.load(Ordering::SeqCst) <= 100,
            "each has one to look at"
        );

        for asked in flying {
            let Asked::Wait(Counted(_, lease)) = asked else {
                panic!("there is no token yet");
            };
            drop(lock(&lease).take()); // it has ended
        }
        assert_eq!(lock(&flights.waiting).flights.len(), 100);
        (0..51).for_each(|_| assert!(matches!(ask(100), Asked::Wait(_))));
        assert_eq!(lock(&flights.waiting).flights.len(), 1);
    }
}
