//! The token provider: one credential, its cache and its flights, shared by any number of callers.

use std::fmt;
use std::sync::Arc;

use azid_core::cache::Key;
use azid_core::{AccessToken, Credential, Identity, Seed, TokenRequest};
use azid_shared::{Asked, Flights, Ledger, TokenCache};
use futures_util::FutureExt as _;

use crate::builder::{Builder, EarlyRefresh, Settings};
use crate::get_token::GetToken;
use crate::host::Host;
use crate::journey::{Journey, Means, SharedJourney};

/// Gets tokens by one credential on one host, and shares them.
///
/// Callers who want the same token at the same time wait for one run. Whoever of them is polled
/// drives it, so that a caller who gives up takes nothing from the others, and what it began is
/// there for the next one. A token is renewed before it expires while callers go on with the one
/// that is held.
///
/// Clones are the same provider. It is `Send` and `Sync` exactly when its host can be shared and
/// its host's effects are `Send`.
pub struct TokenProvider<H: Host>(Arc<Inner<H>>);

struct Inner<H: Host> {
    means: Arc<Means<H>>,
    identity: Identity,
    flights: Flights<SharedJourney<H>>,
    early_refresh: EarlyRefresh,
}

impl<H: Host + Default> TokenProvider<H> {
    /// A provider with the default host and settings.
    pub fn new(credential: impl Credential + 'static) -> Self {
        Self::builder(credential).build()
    }

    /// Begins a provider with the default host and other settings.
    pub fn builder(credential: impl Credential + 'static) -> Builder<H> {
        Builder::new(H::default(), credential)
    }
}

impl<H: Host> TokenProvider<H> {
    /// A provider on this host, with the default settings.
    pub fn on(host: H, credential: impl Credential + 'static) -> Self {
        Builder::new(host, credential).build()
    }

    pub(crate) fn with_settings(
        host: H,
        credential: Arc<dyn Credential>,
        settings: Settings,
    ) -> Self {
        // Without randomness refreshes are not spread; a run would say so on its own account.
        let seed = host.seed().unwrap_or_else(|_| Seed::new([0; 32]));
        let cache = settings.cache.unwrap_or_else(TokenCache::new);
        Self(Arc::new(Inner {
            identity: credential.identity().within(&host.environment()),
            flights: Flights::new(Ledger::new(cache.clone(), seed)),
            early_refresh: settings.early_refresh,
            means: Arc::new(Means {
                host: Arc::new(host),
                credential,
                cache,
                on_event: settings.on_event,
            }),
        }))
    }

    /// A token for these scopes, all of one resource: the one that is held, or a new one.
    ///
    /// The future answers [`azid_core::Error`] when there is none to be had. It owns all that it
    /// needs and may be dropped at any time.
    pub fn get_token(&self, scopes: &[&str]) -> GetToken<H> {
        self.get_token_with(TokenRequest::new(scopes.iter().copied()))
    }

    /// A token for this request. One with the claims of a challenge is never answered from the
    /// cache.
    pub fn get_token_with(&self, request: TokenRequest) -> GetToken<H> {
        let key = Key::new(&self.0.identity, &request);
        GetToken::new(self.clone(), request, key)
    }

    /// Drops a token that a service has rejected, so that the next caller gets a new one. It has
    /// no effect on a token that was replaced in the meantime; answers whether it had one.
    ///
    /// The request is the one that the token was got with.
    pub fn invalidate(&self, request: &TokenRequest, token: &AccessToken) -> bool {
        let key = Key::new(&self.0.identity, request);
        self.0.means.cache.invalidate(&key, token)
    }

    /// The cache, which other providers may share.
    pub fn cache(&self) -> &Arc<TokenCache> {
        &self.0.means.cache
    }

    /// The host.
    pub fn host(&self) -> &Arc<H> {
        &self.0.means.host
    }

    pub(crate) fn early_refresh(&self) -> EarlyRefresh {
        self.0.early_refresh
    }

    pub(crate) fn ask(&self, key: &Key, request: &TokenRequest) -> Asked<SharedJourney<H>> {
        let Inner { means, flights, .. } = &*self.0;
        let now = means.host.now();
        let held = means.cache.fresh(key, now.timestamp());
        if let Some(token) = held.filter(|_| request.claims_json().is_none()) {
            return Asked::Ready(token);
        }
        let memory = means.cache.memory();
        let lane = means.credential.lane(&memory, &means.host.environment());
        flights.ask(key, request, lane, now, |lease| {
            Journey::new(means.clone(), request.clone(), key.clone(), lease).shared()
        })
    }
}

impl<H: Host> Clone for TokenProvider<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H: Host> fmt::Debug for TokenProvider<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenProvider")
            .field("credential", &self.0.means.credential)
            .field("cache", &self.0.means.cache)
            .finish_non_exhaustive()
    }
}
