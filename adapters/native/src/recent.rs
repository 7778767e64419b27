//! What was used of late.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded number of values by their keys. Of more, the one goes that was not used for longest,
/// so that keys which change for ever take no more memory than the bound.
///
/// It is for a handful of values, and looks through all of them.
pub struct Recent<K, V> {
    /// The one that was used last is the last.
    entries: Mutex<Vec<(K, V)>>,
    most: usize,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// Room for so many values.
    pub const fn new(most: usize) -> Self {
        Self {
            entries: Mutex::new(Vec::new()),
            most,
        }
    }

    /// The value of this key, if it is still there.
    pub fn get(&self, key: &K) -> Option<V> {
        find(&mut self.entries(), key)
    }

    /// Keeps a value, unless there is one of this key: the answer is the one that is kept.
    pub fn keep(&self, key: K, value: V) -> V {
        let mut entries = self.entries();
        if let Some(known) = find(&mut entries, &key) {
            return known;
        }
        while entries.len() >= self.most.max(1) {
            entries.remove(0);
        }
        entries.push((key, value.clone()));
        value
    }

    /// Lets go of every value whose key does not pass.
    pub fn retain(&self, mut passes: impl FnMut(&K) -> bool) {
        self.entries().retain(|(key, _)| passes(key));
    }

    /// Nothing that runs under the lock can leave the entries half changed.
    fn entries(&self) -> MutexGuard<'_, Vec<(K, V)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds a value, and makes it the one that was used last.
fn find<K: PartialEq, V: Clone>(entries: &mut [(K, V)], key: &K) -> Option<V> {
    let found = entries.iter().position(|(known, _)| known == key)?;
    entries[found..].rotate_left(1);
    entries.last().map(|(_, value)| value.clone())
}

/// Shows how many there are, and none of them.
impl<K, V> fmt::Debug for Recent<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Recent({} of {})", entries.len(), self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_more_than_there_is_room_for_the_least_recently_used_goes() {
        let recent = Recent::new(3);
        for key in 1..=3 {
            recent.keep(key, key * 10);
        }
        assert_eq!(recent.get(&1), Some(10));
        recent.keep(4, 40);
        assert_eq!(
            [1, 2, 3, 4].map(|key| recent.get(&key).is_some()),
            [true, false, true, true]
        );
    }

    #[test]
    fn what_is_kept_under_a_key_stays_until_it_goes() {
        let recent = Recent::new(2);
        assert_eq!(
            (recent.keep(1, "one"), recent.keep(1, "other")),
            ("one", "one")
        );
        recent.retain(|key| *key != 1);
        assert_eq!(recent.keep(1, "other"), "other");
        for key in 0..1000 {
            recent.keep(key, "many");
        }
        assert_eq!(format!("{recent:?}"), "Recent(2 of 2)");
    }
}
