//! The tokens that are held, and how fresh each is.
//!
//! fresh ─► due ─► expired

use std::collections::HashMap;
use std::time::Duration;

use super::Key;
use super::rejected::Rejected;
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
    /// How long a due token is left alone after a try to renew it, an hour at most; and for how long
    /// a text is believed that came again after somebody complained about it.
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

impl RefreshSettings {
    pub(super) fn bounded_pause(&self) -> Duration {
        self.pause.min(LONGEST_PAUSE)
    }
}

/// The longest that a key is left alone, whoever asked for it.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The tokens of any number of providers.
#[derive(Clone, Debug, Default)]
pub struct TokenTable {
    settings: RefreshSettings,
    held: HashMap<Key, Held>,
    rejected: Rejected,
    /// Whose tokens have changed, while somebody wants to know.
    changed: Option<Vec<Key>>,
}

#[derive(Clone, Debug)]
struct Held {
    token: AccessToken,
    due_on: Timestamp,
    /// When it was got, if its text had been rejected before.
    again_on: Option<Timestamp>,
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
            ..Self::default()
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

    /// Holds a token that was just got under a key, in place of the one that was there. `draw` is a
    /// random number from 0 to 1 that decides how much earlier than its date the token is due.
    pub fn hold(&mut self, key: Key, token: AccessToken, now: Timestamp, draw: f64) {
        let held = Held {
            due_on: self.due_on(&token, now, draw),
            again_on: self.rejected.has(token.secret()).then_some(now),
            token,
        };
        self.put(key, held);
    }

    /// Holds a token of another table, where it was due at a moment.
    pub(super) fn adopt(&mut self, key: Key, token: AccessToken, due_on: Timestamp) {
        let held = Held {
            token,
            due_on,
            again_on: None,
        };
        self.put(key, held);
    }

    /// Drops a token that turned out to be of no use, under whatever keys it is still held, and says
    /// whether it was. Its text comes back out of no snapshot, also if it was not held any more.
    ///
    /// Of many callers with the same complaint only the first has an effect, also where the source
    /// answers with the same text again, as metadata services do for hours: whoever complains, such a
    /// token stays for a [`pause`](RefreshSettings::pause), and longer if the complaint is about one
    /// that was asked for earlier.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is dropped does not depend on the order"
    )]
    pub fn invalidate(&mut self, token: &AccessToken, now: Timestamp) -> bool {
        let before = self.held.len();
        let (changed, pause) = (&mut self.changed, self.settings.bounded_pause());
        self.held.retain(|key, held| {
            let stays = held.token.secret() != token.secret() || held.is_newer(token, now, pause);
            if let (false, Some(changed)) = (stays, &mut *changed) {
                changed.push(key.clone());
            }
            stays
        });
        self.rejected.note(token.secret());
        self.held.len() < before
    }

    /// Remembers that the token under a key did not do for a service.
    pub(super) fn reject(&mut self, key: &Key) {
        if let Some(held) = self.held.get(key) {
            self.rejected.note(held.token.secret());
        }
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

    /// Whether a token that comes out of turn is better than what is held: it was not rejected here,
    /// lives longer, and was not asked for earlier.
    pub(super) fn is_improved_by(&self, key: &Key, token: &AccessToken, now: Timestamp) -> bool {
        if self.rejected.has(token.secret()) {
            return false;
        }
        match self.look(key, now) {
            Freshness::Fresh(held) | Freshness::Due(held) => {
                !is_older(token, &held) && token.expires_on() > held.expires_on()
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

    fn evict(&mut self) {
        let first = self
            .entries()
            .min_by(|(one, first, _), (other, second, _)| {
                let by_end = first.expires_on().cmp(&second.expires_on());
                by_end.then_with(|| one.parts().cmp(&other.parts()))
            });
        if let Some(key) = first.map(|(key, ..)| key.clone()) {
            self.note(&key);
            self.held.remove(&key);
        }
    }

    fn put(&mut self, key: Key, held: Held) {
        if self.held.len() >= self.settings.bound.max(1) && !self.held.contains_key(&key) {
            self.evict();
        }
        self.note(&key);
        self.held.insert(key, held);
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

    /// Whether the source gave this text again after what a complaint is about.
    fn is_newer(&self, complaint: &AccessToken, now: Timestamp, pause: Duration) -> bool {
        self.again_on.is_some_and(|again_on| {
            let is_recent = (again_on..again_on.after(pause)).contains(&now);
            is_recent || is_older(complaint, &self.token)
        })
    }
}

fn is_older(token: &AccessToken, than: &AccessToken) -> bool {
    match (token.asked_on(), than.asked_on()) {
        (Some(asked_on), Some(than)) => asked_on < than,
        _ => false,
    }
}
