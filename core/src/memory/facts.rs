//! Facts by their keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Fact;
use crate::time::Timestamp;

/// What was learned, and when, in the order of the keys. A sorted list has a tenth of the code of a
/// tree, and nearly all memories hold a few facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(Vec<(String, (Timestamp, Fact))>);

impl Facts {
    pub(super) fn get(&self, key: &str) -> Option<&(Timestamp, Fact)> {
        let place = self.place(key).ok()?;
        Some(&self.0[place].1)
    }

    /// Puts a fact under a key; answers the one that it takes the place of.
    pub(super) fn insert(&mut self, key: String, fact: (Timestamp, Fact)) -> Option<Fact> {
        match self.place(&key) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, fact).1),
            Err(place) => {
                self.0.insert(place, (key, fact));
                None
            }
        }
    }

    /// Forgets the fact that was learned first.
    pub(super) fn forget_oldest(&mut self) {
        let ages = self.0.iter().enumerate();
        let ages = ages.map(|(place, (_, (on, _)))| (*on, place));
        if let Some((_, place)) = ages.min() {
            self.0.remove(place);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &(Timestamp, Fact))> {
        self.0.iter().map(|(key, fact)| (key, fact))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &(Timestamp, Fact)> {
        self.0.iter().map(|(_, fact)| fact)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a key is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_str().cmp(key))
    }
}

impl FromIterator<(String, (Timestamp, Fact))> for Facts {
    fn from_iter<T: IntoIterator<Item = (String, (Timestamp, Fact))>>(facts: T) -> Self {
        let facts: BTreeMap<_, _> = facts.into_iter().collect();
        Self(facts.into_iter().collect())
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|facts| facts.into_iter().collect())
    }
}
