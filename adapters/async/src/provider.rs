//! The token provider: one credential, its cache and its flights, shared by any number of callers.

use std::fmt;
use std::sync::Arc;

use azid_core::cache::Key;
use azid_core::{
    AccessToken, Cause, Credential, Environment, Error, ErrorKind, Seed, TokenRequest,
};
use azid_shared::{Asked, EarlyRefresh, Flights, Ledger, TokenCache, Whose};

use crate::builder::{Builder, Settings};
use crate::get_token::GetToken;
use crate::host::Host;
use crate::journey::{Means, SharedJourney};

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
    whose: Whose,
    flights: Flights<SharedJourney<H>>,
    early_refresh: EarlyRefresh,
}

impl<H: Host + Default> TokenProvider<H> {
    /// A provider with the default settings, and with the default host as far as this kind of
    /// credential [needs](azid_core::Needs) it.
    pub fn new(credential: impl Credential + 'static) -> Self {
        Self::builder(credential).build()
    }

    /// Begins a provider with such a host and other settings.
    pub fn builder<C: Credential + 'static>(credential: C) -> Builder<H> {
        Builder::new(H::for_needs(C::needs()), credential)
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
            whose: Whose::new(credential.identity(), environment(&host, &*credential)),
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
    /// needs and may be dropped at any time. A token that is held is taken by this call itself, so
    /// the future is not one to keep for later.
    #[inline]
    pub fn get_token(&self, scopes: &[&str]) -> GetToken<H> {
        match self.with_cached_token(scopes, AccessToken::clone) {
            Some(token) => GetToken::held(token),
            None => self.ask_for_scopes(scopes),
        }
    }

    /// A token for this request. One with the claims of a challenge is never answered from the
    /// cache.
    pub fn get_token_with(&self, request: TokenRequest) -> GetToken<H> {
        match self.with_cached_token_for(&request, AccessToken::clone) {
            Some(token) => GetToken::held(token),
            None => self.ask_for(request),
        }
    }

    /// Shows the token for these scopes to a function, where it lies in the cache, if there is one
    /// that need not be renewed yet; otherwise the answer is nothing, and
    /// [`get_token`](Self::get_token) is what helps.
    ///
    /// This is for those to whom even the count of a shared token is too dear: threads that do so
    /// all the time do not get in each other's way.
    ///
    /// ```
    /// use azid_async::{Host, TokenProvider};
    /// use http::HeaderValue;
    ///
    /// const SCOPE: &[&str] = &["https://vault.azure.net/.default"];
    ///
    /// async fn authorization<H: Host>(
    ///     provider: &TokenProvider<H>,
    /// ) -> Result<HeaderValue, Box<dyn std::error::Error>> {
    ///     let held = provider.with_cached_token(SCOPE, |token| token.authorization().cloned());
    ///     Ok(match held {
    ///         Some(value) => value?,
    ///         None => provider.get_token(SCOPE).await?.authorization()?.clone(),
    ///     })
    /// }
    /// ```
    #[inline]
    pub fn with_cached_token<T>(
        &self,
        scopes: &[&str],
        look: impl FnOnce(&AccessToken) -> T,
    ) -> Option<T> {
        let Inner { means, whose, .. } = &*self.0;
        let now = means.host.timestamp();
        whose.with(|identity| means.cache.with_fresh_of(identity, scopes, now, look))
    }

    /// The same for a request. One with the claims of a challenge has no token in the cache.
    pub fn with_cached_token_for<T>(
        &self,
        request: &TokenRequest,
        look: impl FnOnce(&AccessToken) -> T,
    ) -> Option<T> {
        let Inner { means, whose, .. } = &*self.0;
        let now = means.host.timestamp();
        whose.with(|identity| means.cache.with_fresh_for(identity, request, now, look))
    }

    /// Drops a token that a service has rejected, so that the next caller gets a new one. It has
    /// no effect on a token that was replaced in the meantime, so that of many callers with the
    /// same complaint one causes a request; answers whether it had an effect. Where the source gives
    /// the same text again, complaints about that have none for 30 s
    /// ([`pause`](azid_core::cache::RefreshSettings::pause)).
    pub fn invalidate(&self, token: &AccessToken) -> bool {
        let Means { host, cache, .. } = &*self.0.means;
        cache.invalidate(token, host.now().timestamp())
    }

    /// The cache, which other providers may share.
    pub fn cache(&self) -> &Arc<TokenCache> {
        &self.0.means.cache
    }

    /// The host.
    pub fn host(&self) -> &Arc<H> {
        &self.0.means.host
    }

    /// Apart, so that the way of those who find a token is short.
    #[cold]
    fn ask_for_scopes(&self, scopes: &[&str]) -> GetToken<H> {
        self.ask_for(TokenRequest::new(scopes.iter().copied()))
    }

    fn ask_for(&self, request: TokenRequest) -> GetToken<H> {
        let key = self.0.whose.key(&request);
        GetToken::new(self.clone(), request, key)
    }

    pub(crate) fn early_refresh(&self) -> EarlyRefresh {
        self.0.early_refresh
    }

    /// The token that a caller with this request can go on with by now.
    pub(crate) fn held(&self, key: &Key, request: &TokenRequest) -> Option<AccessToken> {
        let Means { host, cache, .. } = &*self.0.means;
        cache.held(key, request, host.now().timestamp())
    }

    /// The error of a caller who has waited for long enough.
    pub(crate) fn out_of_time(&self) -> Error {
        let name = self.0.means.credential.name();
        Error::of(ErrorKind::Unavailable, name, Cause::OutOfTime)
    }

    /// What a caller does now, under the key of the environment that a run would see.
    pub(crate) fn ask(&self, key: &mut Key, request: &TokenRequest) -> Asked<SharedJourney<H>> {
        let Inner {
            means,
            whose,
            flights,
            ..
        } = &*self.0;
        let now = means.host.now();
        let memory = means.cache.memory();
        let environment = environment(&*means.host, &*means.credential);
        whose.move_to(&environment, key, request);
        let lane = means.credential.lane(&memory, &environment);
        flights.ask(key, request, lane, now, |lease| {
            SharedJourney::new(
                means.clone(),
                environment,
                request.clone(),
                key.clone(),
                lease,
            )
        })
    }
}

/// What the credential's runs see of the host's environment.
fn environment(host: &impl Host, credential: &dyn Credential) -> Arc<Environment> {
    let variables = credential.variables();
    host.environment(variables).only(variables)
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
