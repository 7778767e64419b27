//! A flight under a lease: what the callers who want one token share.
//!
//! boarding ─► flying ─► settled | panicked
//!
//! The run starts at the first poll. Before each effect the lease is extended by what the effect
//! may take, so that a journey which nobody polls any more is overdue in bounded time.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use azid_core::cache::Key;
use azid_core::effect::SleepReason;
use azid_core::{
    AccessToken, Cause, Context, Credential, Environment, Error, ErrorKind, Now, Outcome, Run,
    Step, TokenRequest,
};
use azid_shared::sync::{Arc, Mutex, lock};
use azid_shared::{Event, LeaseGuard, OnEvent, TokenCache, Waited, Watch, allowance, limit};

use crate::flight::Flight;
use crate::host::Host;
use crate::shared::Shared;

/// A journey that any number of callers wait for. Whichever of them is polled drives it.
pub(crate) struct SharedJourney<H: Host> {
    journey: Shared<Journey<H>>,
    host: Arc<H>,
    watch: Watch,
}

/// What every run of a provider needs.
pub(crate) struct Means<H> {
    pub(crate) host: Arc<H>,
    pub(crate) credential: Arc<dyn Credential>,
    pub(crate) cache: Arc<TokenCache>,
    pub(crate) on_event: OnEvent,
}

/// It holds no provider, since the provider holds it.
struct Journey<H: Host> {
    means: Arc<Means<H>>,
    environment: Arc<Environment>,
    request: TokenRequest,
    key: Key,
    lease: Option<LeaseGuard>,
    flight: Option<Flight<H>>,
    /// Whether the last poll began an effect that the host ends in time.
    has_begun_what_ends: bool,
    /// Whether it renews a token that still works, so that it must not ask a person.
    is_early: bool,
}

/// How a journey ended, for each of those who waited.
#[derive(Clone)]
pub(crate) enum Landing {
    Settled(Result<AccessToken, Error>),
    /// The token that it was to renew early has expired meanwhile, and there is no new one. It
    /// could not ask a person; the callers may, and ask again.
    Belated,
    Panicked(Panic),
}

/// What the host panicked with. One of the callers takes it on; the others ask again.
#[derive(Clone)]
pub(crate) struct Panic(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

impl Panic {
    pub(crate) fn take(&self) -> Option<Box<dyn Any + Send>> {
        lock(&self.0).take()
    }
}

impl<H: Host> Journey<H> {
    fn poll_landing(&mut self, cx: &mut TaskContext<'_>) -> Poll<Landing> {
        if self.flight.is_none() {
            self.is_early = self.held().is_some();
            match self.board() {
                Ok(flight) => self.flight = Some(flight),
                Err(error) => return Poll::Ready(Landing::Settled(self.report(Err(error)))),
            }
        }
        let flight = self.flight.as_mut().expect("the run has started");
        self.has_begun_what_ends = false;
        loop {
            match ready!(flight.poll_step(cx)) {
                Step::Done(outcome) => {
                    let result = self.settle(outcome);
                    return Poll::Ready(match result {
                        Err(_) if self.is_early => Landing::Belated,
                        result => Landing::Settled(result),
                    });
                }
                step => {
                    if let Some(lease) = &self.lease {
                        lease.extend(allowance(&step), self.means.host.now());
                    }
                    if let Some(wait) = backoff(&step) {
                        self.means.on_event.tell(&Event::Retry { wait });
                    }
                    self.has_begun_what_ends = limit(&step).is_some();
                    flight.perform(step);
                }
            }
        }
    }

    fn board(&self) -> Result<Flight<H>, Error> {
        let host = &self.means.host;
        let now = host.now();
        let Ok(seed) = host.seed() else {
            let name = self.means.credential.name();
            return Err(Error::of(ErrorKind::Failed, name, Cause::NoRandomness));
        };
        let context = Context::new(self.request.clone(), now, seed)
            .with_environment(self.environment.clone())
            .with_platform(host.platform());
        let context = self.means.cache.brief(context, self.is_early);
        Ok(Flight::new(
            host.clone(),
            Run::start(self.means.credential.clone(), context),
        ))
    }

    fn settle(&mut self, mut outcome: Outcome) -> Result<AccessToken, Error> {
        if let Some(lease) = self.lease.take() {
            lease.settle(&mut outcome, self.means.host.now());
        }
        self.means.on_event.tell_links(&outcome.links);
        self.report(outcome.result)
    }

    /// Tells the listener. Where a token is held that still works, callers get that one.
    fn report(&self, result: Result<AccessToken, Error>) -> Result<AccessToken, Error> {
        let held = match result {
            Ok(_) => None,
            Err(_) => self.held(),
        };
        let (event, result) = Event::of_end(&self.request, result, held);
        self.means.on_event.tell(&event);
        result
    }

    fn held(&self) -> Option<AccessToken> {
        let now = self.means.host.timestamp();
        self.means.cache.held(&self.key, &self.request, now)
    }
}

impl<H: Host> Future for Journey<H> {
    type Output = Landing;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Landing> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll_landing(cx)));
        let landing = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(landing)) => landing,
            Err(panic) => Landing::Panicked(Panic(Arc::new(Mutex::new(Some(panic))))),
        };
        self.flight = None;
        self.lease = None; // abandoned, if it was not settled
        Poll::Ready(landing)
    }
}

impl<H: Host> SharedJourney<H> {
    pub(crate) fn new(
        means: Arc<Means<H>>,
        environment: Arc<Environment>,
        request: TokenRequest,
        key: Key,
        lease: LeaseGuard,
    ) -> Self {
        Self {
            host: means.host.clone(),
            watch: lease.watch(),
            journey: Shared::new(Journey {
                means,
                environment,
                request,
                key,
                lease: Some(lease),
                flight: None,
                has_begun_what_ends: false,
                is_early: false,
            }),
        }
    }

    pub(crate) fn host(&self) -> &Arc<H> {
        &self.host
    }

    /// How long until it is overdue, unless it is over or was given up.
    pub(crate) fn rest(&self, now: Now) -> Option<Duration> {
        self.watch.rest(now)
    }

    /// Polls it, and answers how it landed, or else whether this poll began an effect that the host
    /// ends in time.
    pub(crate) fn poll_begun(&mut self, cx: &mut TaskContext<'_>) -> Result<Landing, bool> {
        let looked = |journey: &Journey<H>| journey.has_begun_what_ends;
        let polled = self.journey.poll_and_look(cx, looked);
        polled.map_err(|has_begun| has_begun.unwrap_or(false))
    }
}

impl<H: Host> Future for SharedJourney<H> {
    type Output = Landing;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Landing> {
        Pin::new(&mut self.journey).poll(cx)
    }
}

impl<H: Host> Clone for SharedJourney<H> {
    fn clone(&self) -> Self {
        Self {
            journey: self.journey.clone(),
            host: self.host.clone(),
            watch: self.watch.clone(),
        }
    }
}

/// Whoever waits holds a clone, whether it is polled or not.
impl<H: Host> Waited for SharedJourney<H> {
    fn is_left(&self) -> bool {
        self.journey.is_alone()
    }
}

impl<H: Host> fmt::Debug for Journey<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journey")
            .field("request", &self.request)
            .field("flight", &self.flight)
            .finish_non_exhaustive()
    }
}

/// How long a run waits before it repeats a request, if that is what it does.
fn backoff(step: &Step) -> Option<Duration> {
    match step {
        Step::Sleep(call) if call.request().reason == SleepReason::Backoff => {
            Some(call.request().duration)
        }
        _ => None,
    }
}
