//! Things under secret names, bounded: the oldest goes when there are too many.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

const MAX_ENTRIES: usize = 10_000;

/// Values by name in the order of their arrival.
pub(super) struct Store<T> {
    entries: BTreeMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Store<T> {
    /// `name` must be new.
    pub(super) fn insert(&mut self, name: &str, value: T) {
        if self.order.len() == MAX_ENTRIES {
            let oldest = self.order.pop_front().unwrap_or_default();
            self.entries.remove(&oldest);
        }
        self.order.push_back(name.to_owned());
        self.entries.insert(name.to_owned(), value);
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.entries.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.entries.get_mut(name)
    }

    /// In the order of their names.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.values()
    }

    /// In the order of their names.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.values_mut()
    }
}

impl<T> Default for Store<T> {
    fn default() -> Store<T> {
        Store {
            entries: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }
}

/// The names are secrets.
impl<T> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.order.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_makes_room_for_one_too_many() {
        let mut store = Store::default();
        for number in 0..=MAX_ENTRIES {
            store.insert(&number.to_string(), number);
        }
        assert_eq!(store.get("0"), None);
        assert_eq!(store.get("1"), Some(&1));
        assert_eq!(store.values().count(), MAX_ENTRIES);
    }
}
