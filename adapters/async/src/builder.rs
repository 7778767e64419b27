//! The settings of a token provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azid_core::Credential;
use azid_shared::{Event, OnEvent, TokenCache};

use crate::host::Host;
use crate::provider::TokenProvider;

/// Who drives the refresh of a token that is still good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlyRefresh {
    /// The host, in the background: no caller waits. On a host that cannot, one caller drives it
    /// as with [`Inline`](Self::Inline).
    #[default]
    Spawn,
    /// The caller who finds the token due, for so long at most; then it takes the token that is
    /// held, and the next caller goes on with what it began. All others take that token at once.
    Inline {
        /// How long that caller waits at most: twice as long if the refresh before this one came to
        /// no end, and so on up to 32 times, so that a slow one is done before the token expires.
        at_most: Duration,
    },
}

impl EarlyRefresh {
    /// How long a caller drives a refresh, unless said otherwise.
    pub const AT_MOST: Duration = Duration::from_secs(2);
}

/// A provider under construction.
#[must_use = "a builder does nothing until it builds"]
pub struct Builder<H> {
    host: H,
    credential: Arc<dyn Credential>,
    settings: Settings,
}

#[derive(Default)]
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
            settings: Settings::default(),
        }
    }

    /// Shares this cache with other providers. A provider has one of its own unless it is given
    /// one.
    pub fn cache(mut self, cache: Arc<TokenCache>) -> Self {
        self.settings.cache = Some(cache);
        self
    }

    /// Says who drives early refreshes.
    pub fn early_refresh(mut self, early_refresh: EarlyRefresh) -> Self {
        self.settings.early_refresh = early_refresh;
        self
    }

    /// Calls this function at each event. It is called by whoever drives a run, so it should be
    /// brief.
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
