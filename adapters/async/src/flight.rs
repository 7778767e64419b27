//! One run on its way: the future that performs step after step until the run is done.
//!
//! perform ─► next step ─► perform ─► … ─► landed

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use azid_core::{Outcome, Step};

use crate::host::Host;

/// Drives a run on a host to its [`Outcome`].
///
/// It goes on only while it is polled, and whoever polls it next may be another task, or another
/// thread where the host allows that: it is [`Send`] exactly when the host can be shared and its
/// [`Perform`](Host::Perform) is `Send`. Dropping it calls the run off.
#[must_use = "a run goes on only while its flight is polled"]
pub struct Flight<H: Host> {
    host: Arc<H>,
    state: State<H::Perform>,
}

enum State<P> {
    Performing(Pin<Box<P>>),
    Done(Box<Outcome>),
    Landed,
}

impl<H: Host> Flight<H> {
    /// Takes a run from its first step on.
    pub fn new(host: Arc<H>, first: Step) -> Self {
        let state = match first {
            Step::Done(outcome) => State::Done(Box::new(outcome)),
            step => State::Performing(Box::pin(host.perform(step))),
        };
        Self { host, state }
    }
}

impl<H: Host> Future for Flight<H> {
    type Output = Outcome;

    /// # Panics
    ///
    /// When it is polled again after it is done, as other futures do.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Self { host, state } = &mut *self;
        while let State::Performing(perform) = state {
            match ready!(perform.as_mut().poll(cx)) {
                Step::Done(outcome) => *state = State::Done(Box::new(outcome)),
                step => perform.set(host.perform(step)), // in the same allocation
            }
        }
        match std::mem::replace(state, State::Landed) {
            State::Done(outcome) => Poll::Ready(*outcome),
            _ => panic!("a flight was polled after it was done"),
        }
    }
}

impl<H: Host> fmt::Debug for Flight<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Performing(_) => "Flight(performing)",
            State::Done(_) => "Flight(done)",
            State::Landed => "Flight(landed)",
        })
    }
}
