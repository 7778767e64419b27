//! A flight that callers share: one of them flies, the others wait for it to land.
//!
//! boarding ─► flying ─► landed: settled | cut short | abandoned

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use azid_core::cache::Key;
use azid_core::effect::SleepReason;
use azid_core::{
    AccessToken, Cause, Credential, Environment, Error, ErrorKind, Outcome, Run, Step, TokenRequest,
};
use azid_shared::sync::{Arc, Condvar, Instant, Mutex, PoisonError, lock};
use azid_shared::{Event, LeaseGuard, OnEvent, TokenCache, allowance};

use crate::drive::drive_watched;
use crate::host::Host;

/// What those wait on who want what a flight brings.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    landing: Mutex<Option<Landing>>,
    landed: Condvar,
}

/// How a flight ended.
#[derive(Clone, Debug)]
pub(crate) enum Landing {
    Settled(Result<AccessToken, Error>),
    /// Whoever flew panicked, or had less time than the others allow. They may try.
    Abandoned,
}

impl Flight {
    /// Waits for the landing, for so long at most.
    pub(crate) fn wait(&self, at_most: Duration) -> Option<Landing> {
        let start = Instant::now();
        let mut landing = lock(&self.landing);
        while landing.is_none() {
            let left = at_most.checked_sub(start.elapsed())?;
            landing = self
                .landed
                .wait_timeout(landing, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        landing.clone()
    }

    fn land(&self, landing: Landing) {
        *lock(&self.landing) = Some(landing);
        self.landed.notify_all();
    }
}

/// What every run of a provider needs.
#[derive(Debug)]
pub(crate) struct Means {
    pub(crate) host: Host,
    pub(crate) credential: Arc<dyn Credential>,
    pub(crate) cache: Arc<TokenCache>,
    pub(crate) on_event: OnEvent,
}

/// The right to fly. Dropping it lands the flight, so that nobody waits in vain.
#[derive(Debug)]
pub(crate) struct Pilot {
    flight: Arc<Flight>,
    lease: Option<LeaseGuard>,
    environment: Arc<Environment>,
    landing: Landing,
    catches_panics: bool,
}

impl Pilot {
    pub(crate) fn new(
        flight: Arc<Flight>,
        lease: LeaseGuard,
        environment: Arc<Environment>,
    ) -> Self {
        Self {
            flight,
            lease: Some(lease),
            environment,
            landing: Landing::Abandoned,
            catches_panics: false,
        }
    }

    /// Flies on a thread of its own, for as long as it takes. A panic becomes the error of all who
    /// wait, none of whom called what panicked.
    pub(crate) fn fly_alone(mut self, means: &Means, key: &Key, request: TokenRequest) {
        self.catches_panics = true;
        let _ = self.fly(means, key, request, None);
    }

    /// Flies on this thread, which has a good token, for so long at most. A panic costs it nothing.
    pub(crate) fn fly_early(
        mut self,
        means: &Means,
        key: &Key,
        request: TokenRequest,
        at_most: Duration,
    ) -> Result<AccessToken, Error> {
        self.catches_panics = true;
        self.fly(means, key, request, Some(at_most))
    }

    /// Flies on this thread, for so long at most, and answers what all get who wait.
    pub(crate) fn fly(
        mut self,
        means: &Means,
        key: &Key,
        request: TokenRequest,
        at_most: Option<Duration>,
    ) -> Result<AccessToken, Error> {
        let held = || {
            means
                .cache
                .held(key, &request, means.host.now().timestamp())
        };
        let is_early = held().is_some();
        let start = Instant::now();
        let mut outcome = self.run(means, request.clone(), at_most, is_early);
        let links = std::mem::take(&mut outcome.links);
        let is_cut_short = at_most.is_some_and(|at_most| {
            let error = outcome.result.as_ref().err();
            let is_told = error.is_some_and(|error| matches!(error.cause(), Cause::OutOfTime));
            error.is_some() && (is_told || start.elapsed() >= at_most)
        });
        let result = self.settle(means, outcome, is_cut_short);
        let (event, result) = Event::of_end(&request, result, held());
        // Who set no limit and may ask a person must not get the error of one who did or may not:
        // the others ask again.
        if (at_most.is_none() && !is_early) || result.is_ok() {
            self.landing = Landing::Settled(result.clone());
        }
        means.on_event.tell_links(&links);
        means.on_event.tell(&event);
        result
    }

    fn run(
        &self,
        means: &Means,
        request: TokenRequest,
        at_most: Option<Duration>,
        is_early: bool,
    ) -> Outcome {
        let run = || match self.board(means, request, at_most, is_early) {
            Ok(first) => drive_watched(&means.host, first, |step| self.watch(means, step)),
            Err(error) => Outcome::without_token(error),
        };
        if !self.catches_panics {
            return run();
        }
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            Outcome::without_token(error(means, ErrorKind::Failed, Cause::Panicked))
        })
    }

    fn board(
        &self,
        means: &Means,
        request: TokenRequest,
        at_most: Option<Duration>,
        is_early: bool,
    ) -> Result<Step, Error> {
        let environment = Arc::clone(&self.environment);
        let Ok(context) = means.host.context_in(environment, request) else {
            return Err(error(means, ErrorKind::Failed, Cause::NoRandomness));
        };
        let context = means.cache.brief(context, is_early);
        let context = match at_most {
            Some(at_most) => context.with_deadline(at_most),
            None => context,
        };
        Ok(Run::start(Arc::clone(&means.credential), context))
    }

    /// Keeps the lease alive for as long as the next effect may take.
    fn watch(&self, means: &Means, step: &Step) {
        if let Some(lease) = &self.lease {
            lease.extend(allowance(step), means.host.now());
        }
        if let Step::Sleep(call) = step
            && call.request().reason == SleepReason::Backoff
        {
            let wait = call.request().duration;
            means.on_event.tell(&Event::Retry { wait });
        }
    }

    fn settle(
        &mut self,
        means: &Means,
        mut outcome: Outcome,
        is_cut_short: bool,
    ) -> Result<AccessToken, Error> {
        if let Some(lease) = self.lease.take() {
            let now = means.host.now();
            if is_cut_short {
                lease.cut_short(&mut outcome, now);
            } else {
                lease.settle(&mut outcome, now);
            }
        }
        outcome.result
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.lease = None; // whoever wakes up may ask for it
        self.flight
            .land(mem::replace(&mut self.landing, Landing::Abandoned));
    }
}

/// The error of a caller whose time is up while the flight goes on.
pub(crate) fn out_of_time(means: &Means) -> Error {
    error(means, ErrorKind::Unavailable, Cause::OutOfTime)
}

fn error(means: &Means, kind: ErrorKind, cause: Cause) -> Error {
    Error::of(kind, means.credential.name(), cause)
}
