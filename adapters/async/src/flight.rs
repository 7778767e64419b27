//! One run on its way: the future that performs step after step until the run is done.
//!
//! first step ─► perform ─► next step ─► perform ─► … ─► done

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
    arrived: Option<Step>,
    performing: Option<Pin<Box<H::Perform>>>,
}

impl<H: Host> Flight<H> {
    /// Takes a run from its first step on. Nothing is performed before the first poll.
    pub fn new(host: Arc<H>, first: Step) -> Self {
        Self {
            host,
            arrived: Some(first),
            performing: None,
        }
    }

    /// Waits for the effect that is out, and answers the step that it led to.
    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(step) = self.arrived.take() {
            return Poll::Ready(step);
        }
        let performing = self.performing.as_mut();
        performing
            .expect("a flight is not polled after it is done")
            .as_mut()
            .poll(cx)
    }

    /// Begins a step's effect.
    pub(crate) fn perform(&mut self, step: Step) {
        let next = self.host.perform(step);
        match &mut self.performing {
            Some(performing) => performing.set(next), // in the same allocation
            None => self.performing = Some(Box::pin(next)),
        }
    }
}

impl<H: Host> Future for Flight<H> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        loop {
            match ready!(self.poll_step(cx)) {
                Step::Done(outcome) => {
                    self.performing = None;
                    return Poll::Ready(outcome);
                }
                step => self.perform(step),
            }
        }
    }
}

impl<H: Host> fmt::Debug for Flight<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("performing", &self.performing.is_some())
            .finish_non_exhaustive()
    }
}
