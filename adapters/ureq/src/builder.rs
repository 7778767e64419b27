//! The settings of a token provider.

use std::fmt;
use std::sync::Arc;

use azid_core::Credential;
use azid_shared::{EarlyRefresh, Event, OnEvent, TokenCache};

use crate::abilities::Abilities;
use crate::host::Host;
use crate::provider::TokenProvider;

/// A provider under construction.
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    pub(crate) credential: Arc<dyn Credential>,
    pub(crate) host: Host,
    pub(crate) cache: Option<Arc<TokenCache>>,
    pub(crate) early_refresh: EarlyRefresh,
    pub(crate) on_event: OnEvent,
}

impl Builder {
    pub(crate) fn new<C: Credential + 'static>(credential: C) -> Self {
        Self::of(Arc::new(credential), Abilities::of(C::needs()))
    }

    fn of(credential: Arc<dyn Credential>, abilities: Abilities) -> Self {
        Self {
            credential,
            host: Host::with(abilities),
            cache: None,
            early_refresh: EarlyRefresh::inline(),
            on_event: OnEvent::nobody(),
        }
    }

    /// Runs on this host instead of one that has what
    /// [this kind of credential needs](azid_core::Needs). Callbacks that were registered before are
    /// those of the host that it replaces, and go with it.
    pub fn host(mut self, host: Host) -> Self {
        self.host = host;
        self
    }

    /// Shares this cache with other providers. A provider has one of its own unless it is given
    /// one.
    pub fn cache(mut self, cache: Arc<TokenCache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Says who drives early refreshes: [a caller](EarlyRefresh::inline) for two seconds at most,
    /// unless it is said. One that comes to no end in its time is begun anew on a thread of its own,
    /// so that it is done before the token expires and nobody is kept for longer.
    pub fn early_refresh(mut self, early_refresh: EarlyRefresh) -> Self {
        self.early_refresh = early_refresh;
        self
    }

    /// Calls this function at each event. It is called by whoever drives a run, so it should be
    /// brief.
    ///
    /// What a run brought is in the cache before the function hears of it. A panic in the function
    /// is its own affair: callers get their token or error all the same, and the next event is told
    /// as if there had been none.
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.on_event = OnEvent::new(listener);
        self
    }

    /// The provider.
    pub fn build(self) -> TokenProvider {
        TokenProvider::from_builder(self)
    }

    pub(crate) fn map_host(mut self, change: impl FnOnce(Host) -> Host) -> Self {
        self.host = change(self.host);
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}
