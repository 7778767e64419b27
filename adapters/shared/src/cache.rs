//! The tokens, behind a lock for those who change them and as a snapshot for those who read.

use std::fmt;

use azid_core::cache::{Freshness, Key, KeyRef, RefreshSettings, TokenTable};
use azid_core::{
    AccessToken, Context, Identity, Memory, MemoryChange, Outcome, Timestamp, TokenRequest,
};

use crate::published::Published;
use crate::sync::{Arc, Mutex, lock};

/// Tokens, and what runs left to remember. Any number of providers can share one: what is kept
/// under a key is a token for exactly that key, whoever brought it.
pub struct TokenCache {
    table: Mutex<TokenTable>,
    memory: Mutex<Arc<Memory>>,
    published: Published,
}

impl TokenCache {
    /// An empty cache with the default settings.
    pub fn new() -> Arc<Self> {
        Self::with_settings(RefreshSettings::default())
    }

    /// An empty cache with these settings.
    pub fn with_settings(settings: RefreshSettings) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::new(TokenTable::new(settings)),
            memory: Mutex::default(),
            published: Published::default(),
        })
    }

    /// Shows the token for these scopes that needs no refresh yet, where it lies: without a lock,
    /// and without a write to anything that threads share.
    ///
    /// It should be looked at briefly. A token that is replaced in the meantime stays whole.
    #[inline]
    pub fn with_fresh_of<T>(
        &self,
        identity: &Identity,
        scopes: &[&str],
        now: Timestamp,
        look: impl FnOnce(&AccessToken) -> T,
    ) -> Option<T> {
        KeyRef::of_scopes(identity, scopes, |key| self.with_fresh(key, now, look))
    }

    /// The same for a request. One with the claims of a challenge has no token here.
    pub fn with_fresh_for<T>(
        &self,
        identity: &Identity,
        request: &TokenRequest,
        now: Timestamp,
        look: impl FnOnce(&AccessToken) -> T,
    ) -> Option<T> {
        match request.claims_json() {
            None => KeyRef::of_request(identity, request, |key| self.with_fresh(key, now, look)),
            Some(_) => None,
        }
    }

    #[inline]
    fn with_fresh<T>(
        &self,
        key: KeyRef<'_>,
        now: Timestamp,
        look: impl FnOnce(&AccessToken) -> T,
    ) -> Option<T> {
        self.published.with_fresh(key, now, look)
    }

    /// The token that callers with this request can go on with, be it due: none if they must
    /// satisfy a challenge.
    pub fn held(&self, key: &Key, request: &TokenRequest, now: Timestamp) -> Option<AccessToken> {
        if request.claims_json().is_some() {
            return None;
        }
        match self.read(|table| table.look(key, now)) {
            Freshness::Fresh(token) | Freshness::Due(token) => Some(token),
            Freshness::Absent => None,
        }
    }

    /// Gives a run what runs left to remember. One that renews a token early, which nobody waits
    /// for, must ask no person.
    pub fn brief(&self, context: Context, is_early: bool) -> Context {
        let context = context.with_memory(self.memory());
        match is_early {
            true => context.without_asking(),
            false => context,
        }
    }

    /// Drops a token that turned out to be of no use, if it is still held, and says whether it was:
    /// see [`TokenTable::invalidate`].
    pub fn invalidate(&self, token: &AccessToken, now: Timestamp) -> bool {
        self.change(|table| table.invalidate(token, now))
    }

    /// What runs left to remember so far.
    pub fn memory(&self) -> Arc<Memory> {
        Arc::clone(&lock(&self.memory))
    }

    /// Remembers what a run left.
    pub fn remember(&self, changes: impl IntoIterator<Item = MemoryChange>) {
        let mut memory = lock(&self.memory);
        for change in changes {
            Arc::make_mut(&mut memory).apply(change);
        }
    }

    /// Remembers what a run left, unless its outcome is refused: see
    /// [`Outcome::refuse_other_account`].
    pub(crate) fn admit(&self, outcome: &mut Outcome) {
        let mut memory = lock(&self.memory);
        outcome.refuse_other_account(&memory);
        for change in &outcome.memory {
            Arc::make_mut(&mut memory).apply(change.clone());
        }
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&TokenTable) -> T) -> T {
        look(&lock(&self.table))
    }

    /// Changes the table and publishes what it then holds, before anybody else can change it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut TokenTable) -> T) -> T {
        let mut table = lock(&self.table);
        let (answer, changed) = table.change(change);
        self.published.update(&table, changed);
        answer
    }

    /// Changes the table and the memory.
    pub(crate) fn change_all<T>(
        &self,
        change: impl FnOnce(&mut TokenTable, &mut Memory) -> T,
    ) -> T {
        let mut memory = lock(&self.memory);
        self.change(|table| change(table, Arc::make_mut(&mut memory)))
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("tokens", &self.published.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_published_follows_every_change_of_the_table() {
        let settings = RefreshSettings {
            bound: 2,
            ..RefreshSettings::default()
        };
        let cache = TokenCache::with_settings(settings);
        let identity = Identity::of("Test").finish();
        let now = Timestamp::from_unix_seconds(0);
        let token = |name: &str, hours: u64| {
            AccessToken::new(name, now.after(Duration::from_secs(3600 * hours)))
        };
        let hold = |scope: &str, token: AccessToken| {
            let key = Key::new(&identity, &TokenRequest::new([scope]));
            cache.change(|table| table.hold(key, token, now, 0.0));
        };
        let shown = || {
            ["a", "b", "c"].map(|scope| {
                let text = |token: &AccessToken| token.expose().to_owned();
                let found = cache.with_fresh_of(&identity, &[scope], now, text);
                found.unwrap_or_default()
            })
        };
        hold("a", token("1", 1));
        assert_eq!(shown(), ["1", "", ""]);
        hold("b", token("2", 2));
        assert_eq!(shown(), ["1", "2", ""]);
        hold("c", token("3", 3));
        assert_eq!(shown(), ["", "2", "3"], "the first to expire goes");
        hold("b", token("3", 3));
        assert_eq!(shown(), ["", "3", "3"]);
        assert!(!cache.invalidate(&token("2", 2), now));
        assert_eq!(shown(), ["", "3", "3"]);
        assert!(cache.invalidate(&token("3", 3), now));
        assert_eq!(shown(), ["", "", ""]);
    }
}
