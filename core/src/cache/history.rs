//! What came of the last flights of each key, as far as the next one depends on it.

use std::collections::HashMap;
use std::time::Duration;

use super::key::Key;
use super::span::Span;
use crate::error::Error;
use crate::time::Now;

/// The histories of [`MOST`](History::MOST) keys at most; one whose history is lost may fly sooner.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: HashMap<Key, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    pause: Option<Pause>,
    unfinished: u32,
}

/// A time in which a key is left alone.
#[derive(Debug)]
struct Pause {
    span: Span,
    /// The server's own wish, which may be shorter and holds even without a token.
    asked_for: Option<(Span, Error)>,
}

impl History {
    const MOST: usize = 10_000;

    /// A flight has ended, with a token or with this error; the next early one is after a pause.
    pub(super) fn ended(
        &mut self,
        key: Key,
        pause: Duration,
        asked_for: Option<(Duration, Error)>,
        now: Now,
    ) {
        let asked_for = asked_for.map(|(asked, error)| (Span::new(now, asked), error));
        let entry = Entry {
            pause: Some(Pause {
                span: Span::new(now, pause),
                asked_for,
            }),
            unfinished: 0,
        };
        self.insert(key, entry, now);
    }

    /// A flight was not given the time that it needs; the next early one is after a pause.
    pub(super) fn cut_short(&mut self, key: Key, pause: Duration, now: Now) {
        let entry = Entry {
            pause: Some(Pause {
                span: Span::new(now, pause),
                asked_for: None,
            }),
            unfinished: self.unfinished(&key).saturating_add(1),
        };
        self.insert(key, entry, now);
    }

    /// A flight was given up before its end.
    pub(super) fn given_up(&mut self, key: Key) {
        if !self.is_full_for(&key) {
            let entry = self.entries.entry(key).or_default();
            entry.unfinished = entry.unfinished.saturating_add(1);
        }
    }

    /// How many flights of a key were given up since one ended.
    pub(super) fn unfinished(&self, key: &Key) -> u32 {
        self.entries.get(key).map_or(0, |entry| entry.unfinished)
    }

    /// Whether a key is left alone as long as it has a token.
    pub(super) fn is_pausing(&mut self, key: &Key, now: Now) -> bool {
        self.pause(key, now).is_some()
    }

    /// The error after which the server asked for a pause that is not over, with what is left of it.
    pub(super) fn kept_away(&mut self, key: &Key, now: Now) -> Option<Error> {
        let (span, error) = self.pause(key, now)?.asked_for.as_mut()?;
        let rest = span.rest(now);
        (!span.is_over(now)).then(|| error.clone().with_rest_of_pause(rest))
    }

    fn pause(&mut self, key: &Key, now: Now) -> Option<&mut Pause> {
        let pause = &mut self.entries.get_mut(key)?.pause;
        if pause.as_mut()?.span.is_over(now) {
            *pause = None;
        }
        pause.as_mut()
    }

    fn insert(&mut self, key: Key, entry: Entry, now: Now) {
        if self.is_full_for(&key) {
            self.forget_what_is_over(now);
        }
        self.entries.insert(key, entry);
    }

    fn is_full_for(&self, key: &Key) -> bool {
        self.entries.len() >= Self::MOST && !self.entries.contains_key(key)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is dropped does not depend on the order"
    )]
    fn forget_what_is_over(&mut self, now: Now) {
        let is_on = |pause: &mut Pause| !pause.span.is_over(now);
        self.entries
            .retain(|_, entry| entry.pause.as_mut().is_some_and(is_on));
        if self.entries.len() >= Self::MOST {
            self.entries.clear(); // a history spares the endpoint; none is needed to be right
        }
    }
}
