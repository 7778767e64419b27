//! A refresh that no caller waits for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::host::Host;
use crate::journey::SharedJourney;
use crate::watched::Watched;

/// Renews a token that is still good, when it is driven to its end.
///
/// What comes of it goes to the cache and to the provider's listener; one that gets no answer for
/// longer than that may take ends without any, and is begun anew. Like
/// [`Flight`](crate::Flight), it is [`Send`] exactly when the host's effects are.
#[must_use = "a refresh goes on only while it is polled"]
pub struct Refresh<H: Host>(Watched<H>);

impl<H: Host> Refresh<H> {
    pub(crate) fn new(journey: SharedJourney<H>) -> Self {
        Self(Watched::new(journey))
    }

    pub(crate) fn into_journey(self) -> SharedJourney<H> {
        self.0.into_journey()
    }
}

impl<H: Host> Future for Refresh<H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx).map(drop)
    }
}

impl<H: Host> fmt::Debug for Refresh<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refresh")
    }
}
