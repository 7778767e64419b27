//! What runs leave for later runs.
//!
//! A run gets the memory as an input and answers changes as an output. The changes of several runs
//! may be applied in any order: of two facts under one key the one learned later stays, and a
//! refresh token that was rejected stays so.

use std::collections::BTreeMap;

use crate::secret::Secret;
use crate::time::Timestamp;

/// What earlier runs left: a plain value, kept by the shell and given to each run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    facts: BTreeMap<String, (Timestamp, Fact)>,
    rejected: Vec<Secret>,
}

/// Something worth remembering.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// An endpoint that is not everywhere has answered here.
    Answered,
    /// The link of a chain that got a token, by its number from 0.
    Winner(usize),
    /// Something looked up that is no secret: a region, a bundle of root certificates.
    Found(String),
    /// A refresh token.
    RefreshToken(Secret),
}

/// One change to the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryChange {
    /// Something was learned.
    Learned {
        /// Under which key, which the credential makes up.
        key: String,
        /// What.
        fact: Fact,
        /// When.
        on: Timestamp,
    },
    /// A refresh token turned out to be of no use.
    Rejected(Secret),
}

impl Memory {
    /// How many rejected refresh tokens are kept in mind.
    const MOST_REJECTED: usize = 64;

    /// The fact remembered under a key.
    pub fn recall(&self, key: &str) -> Option<&Fact> {
        let (_, fact) = self.facts.get(key)?;
        match fact {
            Fact::RefreshToken(token) if self.rejected.contains(token) => None,
            fact => Some(fact),
        }
    }

    /// Makes a change.
    pub fn apply(&mut self, change: MemoryChange) {
        match change {
            MemoryChange::Learned { key, fact, on } => {
                let known = self.facts.get(&key);
                if known.is_none_or(|(then, known)| (*then, known.rank()) <= (on, fact.rank())) {
                    self.facts.insert(key, (on, fact));
                }
            }
            MemoryChange::Rejected(token) => {
                if self.rejected.len() == Self::MOST_REJECTED {
                    self.rejected.remove(0);
                }
                self.rejected.push(token);
            }
        }
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}

impl Fact {
    /// Orders facts learned at the same moment, so that the order of applying them cannot matter.
    fn rank(&self) -> (u8, usize, &str) {
        match self {
            Self::Answered => (0, 0, ""),
            Self::Winner(link) => (1, *link, ""),
            Self::Found(text) => (2, 0, text),
            Self::RefreshToken(token) => (3, 0, token.expose()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewed(token: &str, second: i64) -> MemoryChange {
        let on = Timestamp::from_unix_seconds(second);
        MemoryChange::Learned {
            key: "account".into(),
            fact: Fact::RefreshToken(token.into()),
            on,
        }
    }

    #[test]
    fn two_renewals_in_either_order_keep_the_newest() {
        for changes in [
            [renewed("1", 10), renewed("2", 12)],
            [renewed("2", 12), renewed("1", 10)],
        ] {
            let mut memory = Memory::default();
            changes.into_iter().for_each(|change| memory.apply(change));
            assert_eq!(
                memory.recall("account"),
                Some(&Fact::RefreshToken("2".into()))
            );
        }
    }

    #[test]
    fn a_rejected_refresh_token_takes_nothing_newer_with_it() {
        let rejected = MemoryChange::Rejected("1".into());
        for changes in [
            [renewed("1", 10), rejected.clone(), renewed("2", 12)],
            [rejected, renewed("2", 12), renewed("1", 10)],
        ] {
            let mut memory = Memory::default();
            changes.into_iter().for_each(|change| memory.apply(change));
            assert_eq!(
                memory.recall("account"),
                Some(&Fact::RefreshToken("2".into()))
            );
        }
    }
}
