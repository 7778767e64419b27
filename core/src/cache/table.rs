//! The tokens that are held, and how fresh each is.
//!
//! fresh ─► due ─► expired

use std::collections::HashMap;
use std::time::Duration;

use super::Key;
use crate::time::{Timestamp, scaled};
use crate::token::AccessToken;

/// When tokens are renewed, and how many are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshSettings {
    /// A token that the server gave no date for is due so long before it expires.
    pub window: Duration,
    /// A token that lives at least this long is due at half of its life.
    pub half_life_from: Duration,
    /// A token becomes due earlier by up to this long, at random, so that a fleet that started
    /// together spreads; never by more than a tenth of the time that it is fresh.
    pub spread: Duration,
    /// How long a due token is left alone after a try to renew it, an hour at most.
    pub pause: Duration,
    /// How many tokens are held; of more, the one that expires first goes.
    pub bound: usize,
}

impl Default for RefreshSettings {
    /// 300 s before the end, half-life from 2 h on, spread over 300 s, 30 s between tries, 1,000
    /// tokens.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(300),
            half_life_from: Duration::from_secs(2 * 3600),
            spread: Duration::from_secs(300),
            pause: Duration::from_secs(30),
            bound: 1000,
        }
    }
}

/// The tokens of any number of providers.
#[derive(Clone, Debug, Default)]
pub struct TokenTable {
    settings: RefreshSettings,
    held: HashMap<Key, Held>,
    /// Whose tokens have changed, while somebody wants to know.
    changed: Option<Vec<Key>>,
}

#[derive(Clone, Debug)]
struct Held {
    token: AccessToken,
    due_on: Timestamp,
}

/// How a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The token is good and need not be renewed yet.
    Fresh(AccessToken),
    /// The token is good and should be renewed.
    Due(AccessToken),
    /// There is no token, or it has expired.
    Absent,
}

impl TokenTable {
    /// A table without tokens.
    pub fn new(settings: RefreshSettings) -> Self {
        Self {
            settings,
            held: HashMap::new(),
            changed: None,
        }
    }

    /// When tokens are renewed here.
    pub fn settings(&self) -> &RefreshSettings {
        &self.settings
    }

    /// How a key stands at a moment.
    pub fn look(&self, key: &Key, now: Timestamp) -> Freshness {
        match self.held.get(key) {
            Some(held) if held.token.expires_on() <= now => Freshness::Absent,
            Some(held) if held.due_on <= now => Freshness::Due(held.token.clone()),
            Some(held) => Freshness::Fresh(held.token.clone()),
            None => Freshness::Absent,
        }
    }

    /// Makes changes, and answers the keys under which another token is held since, or none: what a
    /// copy of the table must follow.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> (T, Vec<Key>) {
        self.changed = Some(Vec::new());
        let answer = change(self);
        (answer, self.changed.take().unwrap_or_default())
    }

    /// The token under a key and the moment when it becomes due or expires, whichever is first.
    pub fn entry(&self, key: &Key) -> Option<(&AccessToken, Timestamp)> {
        self.held.get(key).map(Held::entry)
    }

    /// Holds a token under a key, in place of the one that was there. `draw` is a random number
    /// from 0 to 1 that decides how much earlier than its date the token is due.
    pub fn hold(&mut self, key: Key, token: AccessToken, now: Timestamp, draw: f64) {
        let due_on = self.due_on(&token, now, draw);
        self.put(key, token, due_on);
    }

    /// Holds a token that is due at a moment.
    pub(super) fn put(&mut self, key: Key, token: AccessToken, due_on: Timestamp) {
        if self.held.len() >= self.settings.bound.max(1) && !self.held.contains_key(&key) {
            self.evict();
        }
        self.note(&key);
        self.held.insert(key, Held { token, due_on });
    }

    /// Drops a token that turned out to be of no use, under whatever keys it is still held, and says
    /// whether it was: of many callers with the same complaint only the first has an effect.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is dropped does not depend on the order"
    )]
    pub fn invalidate(&mut self, token: &AccessToken) -> bool {
        let before = self.held.len();
        let changed = &mut self.changed;
        self.held.retain(|key, held| {
            let stays = held.token.secret() != token.secret();
            if let (false, Some(changed)) = (stays, &mut *changed) {
                changed.push(key.clone());
            }
            stays
        });
        self.held.len() < before
    }

    /// Every token with its key and the moment when it becomes due, in no particular order.
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever collects the entries makes no use of their order"
    )]
    pub fn entries(&self) -> impl Iterator<Item = (&Key, &AccessToken, Timestamp)> {
        self.held.iter().map(|(key, held)| {
            let (token, due_on) = held.entry();
            (key, token, due_on)
        })
    }

    /// How many tokens are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether a token that comes out of turn is better than what is held: it lives longer, and was
    /// not asked for earlier.
    pub(super) fn is_improved_by(&self, key: &Key, token: &AccessToken, now: Timestamp) -> bool {
        match self.look(key, now) {
            Freshness::Fresh(held) | Freshness::Due(held) => {
                let is_older = match (token.asked_on(), held.asked_on()) {
                    (Some(asked_on), Some(held)) => asked_on < held,
                    _ => false,
                };
                !is_older && token.expires_on() > held.expires_on()
            }
            Freshness::Absent => true,
        }
    }

    fn due_on(&self, token: &AccessToken, now: Timestamp, draw: f64) -> Timestamp {
        let expires_on = token.expires_on();
        let from = token.asked_on().unwrap_or(now).min(expires_on);
        let lifetime = expires_on.since(from);
        let asked_for = token.refreshes_on().filter(|on| *on < expires_on);
        let due_on = asked_for.unwrap_or_else(|| {
            if lifetime >= self.settings.half_life_from {
                from.after(lifetime / 2)
            } else {
                expires_on.before(self.settings.window)
            }
        });
        let spread = self.settings.spread.min(due_on.since(from) / 10);
        due_on.before(scaled(spread, draw.clamp(0.0, 1.0)))
    }

    #[expect(
        clippy::iter_over_hash_type,
        reason = "the minimum is the same in any order"
    )]
    fn evict(&mut self) {
        let mut first: Option<(Timestamp, &Key)> = None;
        for (key, held) in &self.held {
            let expires_on = held.token.expires_on();
            if first.is_none_or(|(earliest, _)| expires_on < earliest) {
                first = Some((expires_on, key));
            }
        }
        if let Some((_, key)) = first {
            let key = key.clone();
            self.note(&key);
            self.held.remove(&key);
        }
    }

    fn note(&mut self, key: &Key) {
        if let Some(changed) = &mut self.changed {
            changed.push(key.clone());
        }
    }
}

impl Held {
    fn entry(&self) -> (&AccessToken, Timestamp) {
        (&self.token, self.due_on.min(self.token.expires_on()))
    }
}
