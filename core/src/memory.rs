//! What runs leave for later runs.
//!
//! A run gets the memory as an input and answers changes as an output. The changes of several runs
//! may be applied in any order: of two facts under one key the one learned later stays, and a
//! refresh token that was rejected stays so. A sign-in learns its facts later than those that it knew,
//! even by a clock that was set back in between.
//! Of a rejected refresh token that no fact holds, such as one that the program was given, a snapshot
//! says nothing: another process asks once more.
//!
//! Of 10,000 facts and one more the one learned first goes: whose refresh token that was has to sign
//! in again.
//!
//! What was found stays a fact. What was not there may be there in a moment, as the metadata service
//! of a node that is still starting, so that it was absent counts for some minutes at the most.

mod fact;

use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::sorted::Sorted;
use crate::time::Timestamp;
use crate::transcript::Redactor;
use crate::user::AuthenticationRecord;

pub use self::fact::{Fact, MemoryChange};

/// What earlier runs left: a plain value, kept by the shell and given to each run.
///
/// It serialises for transcripts, and so without its secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Memory {
    #[serde(skip_serializing_if = "Sorted::is_empty")]
    facts: Sorted<String, (Timestamp, Fact)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Secret>,
    #[serde(skip)]
    former: Former,
}

/// Refresh tokens that newer ones took the place of: no facts, but nothing to show to anybody either.
#[derive(Clone, Debug, Default)]
struct Former(Vec<Secret>);

impl PartialEq for Former {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Former {}

impl Memory {
    /// What a key begins with if its fact is for code of this process only, and so in no
    /// [`Snapshot`](crate::cache::Snapshot).
    pub const PRIVATE: &str = "here only: ";

    /// The one without anything in it.
    pub(crate) const EMPTY: &'static Self = &Self {
        facts: Sorted::new(),
        rejected: Vec::new(),
        former: Former(Vec::new()),
    };

    /// How many facts are kept.
    pub const MOST_FACTS: usize = 10_000;

    /// How many rejected refresh tokens are kept in mind.
    const MOST_REJECTED: usize = 64;

    /// How many former refresh tokens.
    const MOST_FORMER: usize = 64;

    /// The fact remembered under a key.
    pub fn recall(&self, key: &str) -> Option<&Fact> {
        let (_, fact) = self.facts.get(key)?;
        match fact {
            Fact::RefreshToken(token) if self.rejected.contains(token) => None,
            fact => Some(fact),
        }
    }

    /// Whether a refresh token was found to be of no use.
    pub fn has_rejected(&self, token: &Secret) -> bool {
        self.rejected.contains(token)
    }

    /// Everybody who signed in, the last one last.
    pub fn accounts(&self) -> impl Iterator<Item = &AuthenticationRecord> {
        let mut accounts: Vec<_> = self
            .facts
            .values()
            .filter_map(|(on, fact)| match fact {
                Fact::SignedIn(record) => Some((on, record)),
                _ => None,
            })
            .collect();
        accounts.sort_by_key(|(on, _)| **on);
        accounts.into_iter().map(|(_, record)| record)
    }

    /// The fact remembered under a key, if it was learned within this while before now.
    pub fn recall_recent(&self, key: &str, now: Timestamp, within: Duration) -> Option<&Fact> {
        let (on, _) = self.facts.get(key)?;
        let is_recent = (now.before(within)..=now).contains(on);
        self.recall(key).filter(|_| is_recent)
    }

    /// When something is learned that replaces what is known under a key: now, or else, where the
    /// clock was set back, the moment after that.
    pub(crate) fn time_after(&self, key: &str, now: Timestamp) -> Timestamp {
        let moment_after = |(on, _): &(Timestamp, Fact)| on.after(Duration::from_millis(1));
        self.facts
            .get(key)
            .map_or(now, |it| moment_after(it).max(now))
    }

    /// Makes a change.
    pub fn apply(&mut self, change: MemoryChange) {
        match change {
            MemoryChange::Learned { key, fact, on } => {
                let known = self.facts.get(&key);
                if known.is_none_or(|(then, known)| (*then, known.rank()) <= (on, fact.rank())) {
                    let former = self.facts.insert(key, (on, fact)).map(|(_, fact)| fact);
                    if let Some(Fact::RefreshToken(token)) = former {
                        self.keep_former(token);
                    }
                    if self.facts.len() > Self::MOST_FACTS {
                        self.forget_oldest();
                    }
                }
            }
            MemoryChange::Rejected(token) if self.has_rejected(&token) => {}
            MemoryChange::Rejected(token) => {
                if self.rejected.len() == Self::MOST_REJECTED {
                    self.rejected.remove(0);
                }
                self.rejected.push(token);
            }
        }
    }

    /// Whether one of these changes says that somebody signed in where somebody else is known to
    /// have done so: then what came with it is another person's than what is held beside it.
    pub fn contradicts(&self, changes: &[MemoryChange]) -> bool {
        changes.iter().any(|change| match change {
            MemoryChange::Learned {
                key,
                fact: Fact::SignedIn(new),
                ..
            } => match self.facts.get(key) {
                Some((_, Fact::SignedIn(known))) => known.home_account_id != new.home_account_id,
                _ => false,
            },
            _ => false,
        })
    }

    fn keep_former(&mut self, token: Secret) {
        let former = &mut self.former.0;
        if former.contains(&token) {
            return;
        }
        if former.len() == Self::MOST_FORMER {
            former.remove(0);
        }
        former.push(token);
    }

    /// Refresh tokens that are of no use any more, to mask them wherever somebody repeats them.
    pub(crate) fn spent(&self) -> impl Iterator<Item = &Secret> {
        self.rejected.iter().chain(&self.former.0)
    }

    /// The changes that tell another machine what is as true there: who signed in, their refresh
    /// tokens, the latest first, and which of those were rejected.
    pub(crate) fn portable(&self) -> impl Iterator<Item = MemoryChange> + '_ {
        let mut facts: Vec<_> = self
            .facts
            .iter()
            .filter(|(key, (_, fact))| fact.is_portable() && !key.starts_with(Self::PRIVATE))
            .collect();
        facts.sort_by_key(|(_, (on, _))| Reverse(*on));
        let is_shown = |rejected: &&Secret| {
            let shown =
                |fact: &Fact| matches!(fact, Fact::RefreshToken(token) if token == *rejected);
            facts.iter().any(|(_, (_, fact))| shown(fact))
        };
        let rejected: Vec<_> = self.rejected.iter().filter(is_shown).collect();
        let rejected = rejected.into_iter().cloned().map(MemoryChange::Rejected);
        let learned = facts
            .into_iter()
            .map(|(key, (on, fact))| MemoryChange::Learned {
                key: key.clone(),
                fact: fact.clone(),
                on: *on,
            });
        rejected.chain(learned)
    }

    fn forget_oldest(&mut self) {
        let ages = self.facts.iter().map(|(key, (on, _))| (*on, key));
        if let Some((_, key)) = ages.min() {
            let key = key.clone();
            self.facts.remove(&key);
        }
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.rejected.is_empty()
    }

    /// The same memory with placeholders for its secrets.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        let mut secret = |token| redactor.secret("refresh-token", token);
        let rejected = self.rejected.iter().map(&mut secret).collect();
        let facts = self.facts.iter().map(|(key, (on, fact))| {
            let fact = match fact {
                Fact::RefreshToken(token) => {
                    Fact::RefreshToken(redactor.secret("refresh-token", token))
                }
                Fact::SignedIn(record) => Fact::SignedIn(record.redacted(redactor)),
                fact => fact.clone(),
            };
            // A key may name a person.
            (redactor.text(key), (*on, fact))
        });
        let facts = facts.collect();
        for token in &self.former.0 {
            redactor.secret("former-token", token);
        }
        Self {
            facts,
            rejected,
            former: Former::default(),
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
    fn an_absence_is_no_fact_any_more_when_it_is_old_or_comes_from_the_future() {
        let mut memory = Memory::default();
        let at = Timestamp::from_unix_seconds;
        memory.apply(MemoryChange::Learned {
            key: "service".into(),
            fact: Fact::Absent,
            on: at(1000),
        });
        let minute = Duration::from_secs(60);
        for (now, fact) in [
            (999, None),
            (1000, Some(&Fact::Absent)),
            (1060, Some(&Fact::Absent)),
            (1061, None),
        ] {
            assert_eq!(memory.recall_recent("service", at(now), minute), fact);
        }
    }

    #[test]
    fn a_refresh_token_that_many_runs_found_rejected_displaces_no_other() {
        let mut memory = Memory::default();
        memory.apply(MemoryChange::Rejected("1".into()));
        for _ in 0..Memory::MOST_REJECTED {
            memory.apply(MemoryChange::Rejected("2".into()));
        }
        assert!(memory.has_rejected(&"1".into()));
    }

    #[test]
    fn of_too_many_facts_the_one_learned_first_goes_in_whatever_order_they_come() {
        let last = i64::try_from(Memory::MOST_FACTS).expect("a number");
        let learned = |second: i64| MemoryChange::Learned {
            key: second.to_string(),
            fact: Fact::Answered,
            on: Timestamp::from_unix_seconds(second),
        };
        let mut memory = Memory::default();
        (1..=last).for_each(|second| memory.apply(learned(second)));
        memory.apply(learned(0));
        assert_eq!(memory.recall("0"), None);
        memory.apply(learned(last + 1));
        assert_eq!(memory.facts.len(), Memory::MOST_FACTS);
        assert_eq!(memory.recall("1"), None);
        for kept in [2, last, last + 1] {
            assert_eq!(memory.recall(&kept.to_string()), Some(&Fact::Answered));
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
