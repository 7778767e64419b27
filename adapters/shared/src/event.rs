//! What a provider tells whoever listens.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use azid_core::{AccessToken, Error, LinkVerdict, Timestamp, TokenRequest};

/// Something that a provider did, without a secret in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A run waits before it sends a request again.
    Retry {
        /// How long it waits.
        wait: Duration,
    },
    /// A link of a chain answered, in a run that is over.
    Link {
        /// Which link, how long it took, and why it has no token if it has none.
        verdict: LinkVerdict,
    },
    /// A run brought a token, which only its callers get to see.
    Acquired {
        /// For which scopes.
        scopes: Vec<String>,
        /// The name of the credential that it came from; in a chain, of the link that won.
        source: &'static str,
        /// When it expires.
        expires_on: Timestamp,
        /// When the server would like it to be renewed, if it said so.
        refresh_on: Option<Timestamp>,
    },
    /// A run that callers waited for failed.
    Failed {
        /// Why.
        error: Error,
    },
    /// An early refresh failed; callers go on with the token that is held.
    RefreshFailed {
        /// Why.
        error: Error,
    },
}

impl Event {
    /// What the end of a run for this request is to the listener, and what it is to those who
    /// waited: where a token is held that still works, they get that one.
    pub fn of_end(
        request: &TokenRequest,
        result: Result<AccessToken, Error>,
        held: Option<AccessToken>,
    ) -> (Self, Result<AccessToken, Error>) {
        match (result, held) {
            (Ok(token), _) => {
                let event = Self::Acquired {
                    scopes: request.scopes().to_vec(),
                    source: token.came_from(),
                    expires_on: token.expires_on(),
                    refresh_on: token.refreshes_on(),
                };
                (event, Ok(token))
            }
            (Err(error), Some(held)) => (Self::RefreshFailed { error }, Ok(held)),
            (Err(error), None) => {
                let event = Self::Failed {
                    error: error.clone(),
                };
                (event, Err(error))
            }
        }
    }
}

/// A listener.
#[derive(Clone)]
pub struct OnEvent(Option<Arc<Listener>>);

type Listener = dyn Fn(&Event) + Send + Sync;

impl OnEvent {
    /// Nobody listens.
    pub const fn nobody() -> Self {
        Self(None)
    }

    /// This function listens. It is called by whoever drives a run, so it should be brief.
    ///
    /// What a run brought is in the cache before the function hears of it. A panic in the function
    /// is its own affair: nobody who waits for a token hears of it, and the next event is told as if
    /// there had been none.
    pub fn new(listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Tells the listener what the links of chains answered.
    pub fn tell_links(&self, links: &[LinkVerdict]) {
        for verdict in links.iter().cloned() {
            self.tell(&Event::Link { verdict });
        }
    }

    /// Tells the listener. Whoever tells goes on, whatever the listener does.
    pub fn tell(&self, event: &Event) {
        if let Some(listener) = &self.0 {
            // The panic has been reported by the hook of the program, which is all it comes to.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(event)));
        }
    }
}

impl Default for OnEvent {
    fn default() -> Self {
        Self::nobody()
    }
}

impl fmt::Debug for OnEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "OnEvent(listener)"
        } else {
            "OnEvent(nobody)"
        })
    }
}
