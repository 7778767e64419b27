//! One caller's way to a token.
//!
//! held | asking ─► waiting | queueing | refreshing ─► done

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use azid_core::cache::Key;
use azid_core::effect::SleepReason;
use azid_core::{AccessToken, Error, TokenRequest};
use azid_shared::{Asked, EarlyRefresh};

use crate::flight::Flight;
use crate::host::Host;
use crate::journey::{Landing, SharedJourney};
use crate::provider::TokenProvider;
use crate::refresh::Refresh;
use crate::timer::timer;
use crate::watched::Watched;

/// The future of [`TokenProvider::get_token`].
///
/// It waits for a run as long as the effect may take that this has begun, which is five minutes for
/// a callback, and ten seconds of grace. Then the run is given up, be it that its runtime runs no
/// more or that a callback does not answer, and the caller begins anew, or takes the token that is
/// there by now; the second time it gets the error [`Cause::OutOfTime`](azid_core::Cause::OutOfTime).
///
/// # Panics
///
/// A panic of the host reaches one of the callers; the others ask again.
#[must_use = "a token is got only while this is polled"]
pub struct GetToken<H: Host>(Way<H>);

enum Way<H: Host> {
    /// The token was at hand: there is nothing to carry along.
    Held(AccessToken),
    Asking(Box<Caller<H>>),
    Done,
}

struct Caller<H: Host> {
    provider: TokenProvider<H>,
    request: TokenRequest,
    key: Key,
    state: State<H>,
    /// Whether a run that it waited for was overdue.
    has_begun_anew: bool,
}

enum State<H: Host> {
    Asking,
    Waiting(Watched<H>),
    /// Another run has the lane: wait until it is over, then ask again.
    Queueing(Watched<H>),
    /// This caller drives a refresh until the timer ends, or polls it once, while the token that is
    /// held is good.
    Refreshing(SharedJourney<H>, Option<Box<Flight<H>>>),
}

impl<H: Host> GetToken<H> {
    #[inline]
    pub(crate) fn held(token: AccessToken) -> Self {
        Self(Way::Held(token))
    }

    pub(crate) fn new(provider: TokenProvider<H>, request: TokenRequest, key: Key) -> Self {
        Self(Way::Asking(Box::new(Caller {
            provider,
            request,
            key,
            state: State::Asking,
            has_begun_anew: false,
        })))
    }
}

impl<H: Host> Future for GetToken<H> {
    type Output = Result<AccessToken, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Way::Asking(caller) = &mut self.0 {
            let answer = ready!(caller.poll(cx));
            self.0 = Way::Done;
            return Poll::Ready(answer);
        }
        match mem::replace(&mut self.0, Way::Done) {
            Way::Held(token) => Poll::Ready(Ok(token)),
            _ => panic!("a future was polled after it was done"),
        }
    }
}

impl<H: Host> Caller<H> {
    /// Answers the token if there is one without waiting.
    fn ask(&mut self) -> Option<Result<AccessToken, Error>> {
        match self.provider.ask(&mut self.key, &self.request) {
            Asked::Ready(token) => return Some(Ok(token)),
            Asked::NotYet(error) => return Some(Err(error)),
            Asked::Wait(journey) => self.state = State::Waiting(Watched::new(journey)),
            Asked::Queue(journey) => self.state = State::Queueing(Watched::new(journey)),
            Asked::Refresh {
                held,
                flight,
                unfinished,
            } => return self.refresh(held, flight, Some(unfinished)),
            Asked::Nudge(held, flight) => return self.refresh(held, flight, None),
        }
        None
    }

    /// Sees that a flight gets on: for a while after so many that came to no end, or just a little.
    fn refresh(
        &mut self,
        held: AccessToken,
        journey: SharedJourney<H>,
        unfinished: Option<u32>,
    ) -> Option<Result<AccessToken, Error>> {
        let host = self.provider.host();
        let (journey, at_most) = match self.provider.early_refresh() {
            EarlyRefresh::Inline { at_most } => (journey, at_most),
            _ => match host.spawn(Refresh::new(journey)) {
                Ok(()) => return Some(Ok(held)),
                Err(refresh) => (refresh.into_journey(), EarlyRefresh::AT_MOST),
            },
        };
        let timer = unfinished.map(|unfinished| {
            let life = held.expires_on().since(host.now().timestamp());
            let at_most = patience(at_most, unfinished, life);
            Box::new(timer(host, at_most, SleepReason::Backoff))
        });
        self.state = State::Refreshing(journey, timer);
        None
    }

    /// Has the caller ask again after a run that was overdue, or answers what it gets if that was
    /// not the first one.
    fn begin_anew(&mut self) -> Option<Result<AccessToken, Error>> {
        self.state = State::Asking;
        if !mem::replace(&mut self.has_begun_anew, true) {
            return None;
        }
        let held = self.provider.held(&self.key, &self.request);
        Some(held.ok_or_else(|| self.provider.out_of_time()))
    }

    #[cold]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<AccessToken, Error>> {
        loop {
            let answer = match &mut self.state {
                State::Asking => match self.ask() {
                    Some(answer) => answer,
                    None => continue,
                },
                State::Waiting(journey) => match ready!(journey.poll(cx)) {
                    Some(Landing::Settled(result)) => result,
                    Some(Landing::Belated) => {
                        self.state = State::Asking;
                        continue;
                    }
                    Some(Landing::Panicked(panic)) => {
                        self.state = State::Asking;
                        match panic.take() {
                            Some(panic) => resume_unwind(panic),
                            None => continue,
                        }
                    }
                    None => match self.begin_anew() {
                        Some(answer) => answer,
                        None => continue,
                    },
                },
                State::Queueing(journey) => {
                    ready!(journey.poll(cx));
                    self.state = State::Asking;
                    continue;
                }
                State::Refreshing(journey, timer) => {
                    match (Pin::new(journey).poll(cx), timer) {
                        (Poll::Ready(Landing::Settled(result)), _) => {
                            return Poll::Ready(result);
                        }
                        (Poll::Pending, Some(timer)) => drop(ready!(Pin::new(timer).poll(cx))),
                        _ => {}
                    }
                    match self.provider.held(&self.key, &self.request) {
                        Some(token) => Ok(token),
                        None => {
                            self.state = State::Asking; // it was lost meanwhile
                            continue;
                        }
                    }
                }
            };
            return Poll::Ready(answer);
        }
    }
}

/// How long a caller drives a refresh after so many that came to no end: twice as long for each, so
/// that one is done before the token expires, but only while as much again is left of its life.
fn patience(at_most: Duration, unfinished: u32, life: Duration) -> Duration {
    let longer = at_most.saturating_mul(1 << unfinished.min(3));
    longer.min(life / 2).max(at_most)
}

impl<H: Host> fmt::Debug for GetToken<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("GetToken");
        if let Way::Asking(caller) = &self.0 {
            shown.field("request", &caller.request);
        }
        shown.finish_non_exhaustive()
    }
}
