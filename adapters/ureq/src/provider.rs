//! The token provider: one credential, its cache and its flights, shared by any number of threads.

use std::fmt;
use std::time::Duration;

use azid_core::cache::Key;
use azid_core::{AccessToken, Credential, Error, Seed, TokenRequest};
use azid_shared::sync::{Arc, Instant, thread};
use azid_shared::{Asked, EarlyRefresh, Flights, Ledger, TokenCache, Whose};

use crate::builder::Builder;
use crate::flight::{Flight, Landing, Means, Pilot, out_of_time};
use crate::host::Host;

/// How long a caller waits for somebody else's flight before it looks whether that is overdue.
const LOOK: Duration = Duration::from_secs(5);

/// How many threads of its own a provider has at most.
const MOST_THREADS: usize = 100;

/// Gets tokens by one credential, and shares them.
///
/// Threads that want the same token at the same time share one run: the first drives it, the others
/// wait for it. A token is renewed before it expires; see [`EarlyRefresh`] for who does it.
///
/// Clones are the same provider.
#[derive(Clone)]
pub struct TokenProvider(Arc<Inner>);

struct Inner {
    means: Arc<Means>,
    whose: Whose,
    flights: Flights<Arc<Flight>>,
    early_refresh: EarlyRefresh,
    /// Of which each thread of its own has a clone.
    seat: Arc<()>,
}

impl TokenProvider {
    /// A provider with the default settings.
    pub fn new(credential: impl Credential + 'static) -> Self {
        Self::builder(credential).build()
    }

    /// Begins a provider with other settings.
    pub fn builder(credential: impl Credential + 'static) -> Builder {
        Builder::new(credential)
    }

    pub(crate) fn from_builder(builder: Builder) -> Self {
        // Without randomness refreshes are not spread; a run would say so on its own account.
        let seed = builder.host.seed().unwrap_or_else(|_| Seed::new([0; 32]));
        let cache = builder.cache.unwrap_or_else(TokenCache::new);
        Self(Arc::new(Inner {
            whose: Whose::new(
                builder.credential.identity(),
                builder.host.snapshot(builder.credential.variables()),
            ),
            flights: Flights::new(Ledger::new(Arc::clone(&cache), seed)),
            early_refresh: builder.early_refresh,
            seat: Arc::default(),
            means: Arc::new(Means {
                host: builder.host,
                credential: builder.credential,
                cache,
                on_event: builder.on_event,
            }),
        }))
    }

    /// A token for these scopes, all of one resource: the one that is held, or a new one.
    ///
    /// # Errors
    ///
    /// There is none to be had.
    pub fn get_token(&self, scopes: &[&str]) -> Result<AccessToken, Error> {
        match self.with_cached_token(scopes, AccessToken::clone) {
            Some(token) => Ok(token),
            None => self.get_uncached(scopes),
        }
    }

    /// A token for this request. One with the claims of a challenge is never answered from the
    /// cache.
    ///
    /// # Errors
    ///
    /// There is none to be had.
    pub fn get_token_with(&self, request: TokenRequest) -> Result<AccessToken, Error> {
        match self.with_cached_token_for(&request, AccessToken::clone) {
            Some(token) => Ok(token),
            None => self.get(request, None),
        }
    }

    /// A token for this request, or an error when so much time has passed. Then the run goes on
    /// without this caller, on a thread of its own, and what it brings is there for the next one.
    ///
    /// A run that is under way is joined, so there is one such thread for each token that is got; a
    /// callback that never answers keeps its thread, and there may be another one when the run is
    /// overdue, after five minutes. All in all, those that renew tokens included, a provider has a
    /// hundred threads at most. Beyond that callers drive their runs themselves, and their requests
    /// keep to the time; a callback may not.
    ///
    /// # Errors
    ///
    /// There is none to be had, or not within the time.
    pub fn get_token_within(
        &self,
        request: TokenRequest,
        at_most: Duration,
    ) -> Result<AccessToken, Error> {
        match self.with_cached_token_for(&request, AccessToken::clone) {
            Some(token) => Ok(token),
            None => self.get(request, Some(at_most)),
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
    /// use azid_core::{Error, Invalid};
    /// use azid_ureq::TokenProvider;
    /// use http::HeaderValue;
    ///
    /// const SCOPE: &[&str] = &["https://vault.azure.net/.default"];
    ///
    /// fn authorization(provider: &TokenProvider) -> Result<HeaderValue, Box<dyn std::error::Error>> {
    ///     let held = provider.with_cached_token(SCOPE, |token| token.authorization().cloned());
    ///     Ok(match held {
    ///         Some(value) => value?,
    ///         None => provider.get_token(SCOPE)?.authorization()?.clone(),
    ///     })
    /// }
    /// # let credential = azid_core::StaticTokenCredential::new("eyJ0", azid_core::Timestamp::from_unix_seconds(4_000_000_000))?;
    /// # let provider = TokenProvider::new(credential);
    /// # assert_eq!(authorization(&provider)?, "Bearer eyJ0");
    /// # assert_eq!(authorization(&provider)?, "Bearer eyJ0");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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

    /// The host. Unless the builder was given another one, it has what this kind of credential
    /// [needs](azid_core::Needs).
    pub fn host(&self) -> &Host {
        &self.0.means.host
    }

    /// Apart, so that the way of those who find a token is short.
    #[cold]
    fn get_uncached(&self, scopes: &[&str]) -> Result<AccessToken, Error> {
        self.get(TokenRequest::new(scopes.iter().copied()), None)
    }

    fn get(&self, request: TokenRequest, at_most: Option<Duration>) -> Result<AccessToken, Error> {
        let means = &self.0.means;
        let mut key = self.0.whose.key(&request);
        let start = Instant::now();
        let mut can_spawn = true;
        loop {
            let left = at_most.map(|at_most| at_most.saturating_sub(start.elapsed()));
            let mut pilot = None;
            let (flight, takes_result) = match self.ask(&mut key, &request, &mut pilot) {
                Asked::Ready(token) | Asked::Nudge(token, _) => return Ok(token),
                Asked::NotYet(error) => return Err(error),
                Asked::Refresh {
                    held, unfinished, ..
                } => {
                    let Some(pilot) = pilot else {
                        return Ok(held);
                    };
                    let Some(at_most) = self.inline(unfinished, left) else {
                        self.spawn(pilot, key, request);
                        return Ok(held);
                    };
                    match pilot.fly_early(means, &key, request.clone(), at_most) {
                        Ok(token) => return Ok(token),
                        Err(_) => continue, // the token that was held was lost meanwhile
                    }
                }
                Asked::Wait(flight) => (flight, true),
                Asked::Queue(flight) => (flight, false),
            };
            match pilot {
                Some(pilot) if left.is_some() && can_spawn => {
                    can_spawn = self.spawn(pilot, key.clone(), request.clone());
                }
                Some(pilot) => return pilot.fly(means, &key, request, left),
                None => {}
            }
            match flight.wait(left.map_or(LOOK, |left| left.min(LOOK))) {
                Some(Landing::Settled(result)) if takes_result => return result,
                None if left.is_some_and(|left| left <= LOOK) => {
                    return Err(out_of_time(means));
                }
                Some(_) | None => {} // it is over, or it may be overdue: ask again
            }
        }
    }

    /// What this caller does, under the key of the environment that a run would see. The pilot is
    /// there if that is to fly.
    fn ask(
        &self,
        key: &mut Key,
        request: &TokenRequest,
        pilot: &mut Option<Pilot>,
    ) -> Asked<Arc<Flight>> {
        let Inner {
            means,
            whose,
            flights,
            ..
        } = &*self.0;
        let now = means.host.now();
        let memory = means.cache.memory();
        let environment = means.host.snapshot(means.credential.variables());
        whose.move_to(&environment, key, request);
        let lane = means.credential.lane(&memory, &environment);
        flights.ask(key, request, lane, now, |lease| {
            let flight = Arc::<Flight>::default();
            *pilot = Some(Pilot::new(Arc::clone(&flight), lease, environment));
            flight
        })
    }

    /// How long this caller, which has a good token, drives its renewal, if it does so at all: not
    /// where the time was too short for the last one, nor where its own is shorter.
    fn inline(&self, unfinished: u32, left: Option<Duration>) -> Option<Duration> {
        match self.0.early_refresh {
            EarlyRefresh::Inline { at_most } if unfinished == 0 => {
                left.is_none_or(|left| left >= at_most).then_some(at_most)
            }
            _ => None,
        }
    }

    /// Flies on a thread of its own. Where there can be no more, the flight is abandoned and the
    /// answer is no; whoever comes next flies.
    fn spawn(&self, pilot: Pilot, key: Key, request: TokenRequest) -> bool {
        let (means, seat) = (Arc::clone(&self.0.means), Arc::clone(&self.0.seat));
        if Arc::strong_count(&seat) > MOST_THREADS + 1 {
            return false;
        }
        let thread = thread::Builder::new().name("azid".to_owned());
        let flies = move || {
            let _seat = seat;
            pilot.fly_alone(&means, &key, request);
        };
        thread.spawn(flies).is_ok()
    }
}

impl fmt::Debug for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenProvider")
            .field("credential", &self.0.means.credential)
            .field("cache", &self.0.means.cache)
            .finish_non_exhaustive()
    }
}
