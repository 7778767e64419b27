//! The settings of a token provider.

use std::fmt;
use std::sync::Arc;

use azid_core::Credential;
use azid_shared::{EarlyRefresh, Event, OnEvent, TokenCache};

use crate::host::Host;
use crate::provider::TokenProvider;

/// A provider under construction.
#[must_use = "a builder does nothing until it builds"]
pub struct Builder<H> {
    host: H,
    credential: Arc<dyn Credential>,
    settings: Settings,
}

pub(crate) struct Settings {
    pub(crate) cache: Option<Arc<TokenCache>>,
    pub(crate) early_refresh: EarlyRefresh,
    pub(crate) on_event: OnEvent,
}

impl<H: Host> Builder<H> {
    /// Begins a provider on this host.
    pub fn new(host: H, credential: impl Credential + 'static) -> Self {
        Self {
            host,
            credential: Arc::new(credential),
            settings: Settings {
                cache: None,
                early_refresh: EarlyRefresh::Spawn,
                on_event: OnEvent::nobody(),
            },
        }
    }

    /// Shares this cache with other providers. A provider has one of its own unless it is given
    /// one.
    pub fn cache(mut self, cache: Arc<TokenCache>) -> Self {
        self.settings.cache = Some(cache);
        self
    }

    /// Says who drives early refreshes: the host in the background, unless it is said. On a host
    /// that cannot, one caller does, as with [`EarlyRefresh::inline`].
    ///
    /// What a caller has left unfinished the next one takes up. If that comes too late for it, so
    /// that the refresh is begun anew, the one who does so may take twice as long, and so on up to 8
    /// times, though beyond the setting no longer than half of the life that the token has left.
    pub fn early_refresh(mut self, early_refresh: EarlyRefresh) -> Self {
        self.settings.early_refresh = early_refresh;
        self
    }

    /// Calls this function at each event. It is called by whoever drives a run, so it should be
    /// brief.
    ///
    /// What a run brought is in the cache before the function hears of it. A panic in the function
    /// is its own affair: callers get their token or error all the same, and the next event is told
    /// as if there had been none.
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.settings.on_event = OnEvent::new(listener);
        self
    }

    pub(crate) fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// The provider.
    pub fn build(self) -> TokenProvider<H> {
        TokenProvider::with_settings(self.host, self.credential, self.settings)
    }
}

impl<H> fmt::Debug for Builder<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}
