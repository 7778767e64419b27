//! The tokens that callers take without a lock: a copy of the table, in shards of which each is
//! replaced as a whole when the table changes there.

use std::array;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use arc_swap::ArcSwap;
use azid_core::cache::{Key, KeyRef, TokenTable};
use azid_core::{AccessToken, Timestamp};

use crate::sync::Arc;

/// The tokens of a table, by their keys' fingerprints. Where those of two keys agree, only one of
/// the two is here: the other's callers find it in the table.
pub(crate) struct Published {
    seed: u64,
    shards: [ArcSwap<Shard>; SHARDS],
}

/// So many that a change among a thousand tokens copies a few dozen.
const SHARDS: usize = 32;

type Shard = HashMap<u64, Entry, BuildHasherDefault<AsIs>>;

/// What a look-up reads lies close together, and a copy shares whatever is long.
#[derive(Clone)]
struct Entry {
    key: Key,
    token: AccessToken,
    fresh_until: Timestamp,
}

impl Published {
    /// Shows the token of a key to a function, unless it is due.
    #[inline]
    pub(crate) fn with_fresh<T>(
        &self,
        key: KeyRef<'_>,
        now: Timestamp,
        look: impl FnOnce(&AccessToken) -> T,
    ) -> Option<T> {
        let fingerprint = key.fingerprint(self.seed);
        let shard = self.shard(fingerprint).load();
        let entry = shard.get(&fingerprint)?;
        (now < entry.fresh_until && key == entry.key).then(|| look(&entry.token))
    }

    /// How many tokens are published.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.load().len()).sum()
    }

    /// Publishes what the table holds under these keys. Whoever calls this keeps others from changing
    /// the table meanwhile.
    pub(crate) fn update(&self, table: &TokenTable, changed: Vec<Key>) {
        let changed = changed.into_iter();
        let mut left: Vec<_> = changed
            .map(|key| (key.fingerprint(self.seed), key))
            .collect();
        while let Some(&(fingerprint, _)) = left.first() {
            let (changed, others) = left
                .into_iter()
                .partition(|(other, _)| shard_of(*other) == shard_of(fingerprint));
            let published = self.shard(fingerprint);
            let shard = followed(&published.load(), table, changed);
            published.store(Arc::new(shard));
            left = others;
        }
    }

    #[inline]
    fn shard(&self, fingerprint: u64) -> &ArcSwap<Shard> {
        &self.shards[shard_of(fingerprint)]
    }
}

/// The bits by which the map within a shard goes are the lowest and the highest.
#[inline]
fn shard_of(fingerprint: u64) -> usize {
    (fingerprint >> 32) as usize % SHARDS
}

fn followed(shard: &Shard, table: &TokenTable, changed: Vec<(u64, Key)>) -> Shard {
    let mut shard = shard.clone();
    for (fingerprint, key) in changed {
        if let Some((token, fresh_until)) = table.entry(&key) {
            let entry = Entry {
                token: token.clone(),
                fresh_until,
                key,
            };
            shard.insert(fingerprint, entry);
        } else if shard.get(&fingerprint).is_some_and(|it| it.key == key) {
            shard.remove(&fingerprint);
        }
    }
    shard
}

impl Default for Published {
    fn default() -> Self {
        let empty = Arc::<Shard>::default();
        Self {
            seed: RandomState::new().hash_one("fingerprints"),
            shards: array::from_fn(|_| ArcSwap::new(Arc::clone(&empty))),
        }
    }
}

/// Hashes what is a hash already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("the keys of the map are numbers");
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use azid_core::cache::RefreshSettings;
    use azid_core::{Identity, TokenRequest};

    use super::*;

    #[test]
    fn keys_whose_fingerprints_agree_get_none_of_each_others_tokens() {
        let [one, other] = ["one", "other"].map(|name| Identity::of(name).finish());
        let request = TokenRequest::new(["scope"]);
        let now = Timestamp::from_unix_seconds(0);
        let token = AccessToken::new("of one", now.after(Duration::from_secs(3600)));
        let mut table = TokenTable::new(RefreshSettings::default());
        let key = Key::new(&one, &request);
        let ((), changed) = table.change(|table| table.hold(key, token.clone(), now, 0.0));
        let published = Published::default();
        published.update(&table, changed);
        let [ones, others] = [&one, &other].map(|identity| {
            let key = Key::new(identity, &request);
            key.fingerprint(published.seed)
        });
        let shard = published.shard(ones).load_full();
        let mut agreeing = Shard::clone(&published.shard(others).load());
        agreeing.insert(others, shard[&ones].clone());
        published.shard(others).store(Arc::new(agreeing));
        let fresh = |identity| {
            KeyRef::of_request(identity, &request, |key| {
                published.with_fresh(key, now, AccessToken::clone)
            })
        };
        assert_eq!(fresh(&one), Some(token));
        assert_eq!(fresh(&other), None);
    }
}
