//! The tokens that callers take without a lock: a copy of the table that never changes, replaced
//! as a whole when the table does.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use azid_core::cache::{Key, KeyRef, TokenTable};
use azid_core::{AccessToken, Timestamp};

use crate::sync::Arc;

/// The tokens of a table at one moment, by their keys' fingerprints. Where those of two keys agree,
/// only one of the two is here: the other's callers find it in the table.
pub(crate) struct Published {
    seed: u64,
    tokens: HashMap<u64, Arc<Entry>, BuildHasherDefault<AsIs>>,
}

struct Entry {
    key: Key,
    token: AccessToken,
    fresh_until: Timestamp,
}

impl Published {
    /// The token of a key, unless it is due.
    #[inline]
    pub(crate) fn fresh(&self, key: KeyRef<'_>, now: Timestamp) -> Option<&AccessToken> {
        let entry = self.tokens.get(&key.fingerprint(self.seed))?;
        (now < entry.fresh_until && key == entry.key).then_some(&entry.token)
    }

    /// What is to be published when this is and the table has changed under these keys.
    pub(crate) fn update(&self, table: &TokenTable, changed: Vec<Key>) -> Self {
        let mut tokens = self.tokens.clone();
        for key in changed {
            let fingerprint = key.fingerprint(self.seed);
            if let Some((token, fresh_until)) = table.entry(&key) {
                let token = token.clone();
                let entry = Entry {
                    key,
                    token,
                    fresh_until,
                };
                tokens.insert(fingerprint, Arc::new(entry));
            } else if tokens.get(&fingerprint).is_some_and(|it| it.key == key) {
                tokens.remove(&fingerprint);
            }
        }
        Self {
            seed: self.seed,
            tokens,
        }
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }
}

impl Default for Published {
    fn default() -> Self {
        Self {
            seed: RandomState::new().hash_one("fingerprints"),
            tokens: HashMap::default(),
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
        let mut published = Published::default().update(&table, changed);
        let (_, entry) = published.tokens.drain().next().expect("one is held");
        for identity in [&one, &other] {
            let fingerprint = Key::new(identity, &request).fingerprint(published.seed);
            published.tokens.insert(fingerprint, entry.clone());
        }
        let fresh = |identity| {
            KeyRef::of_request(identity, &request, |key| published.fresh(key, now).cloned())
        };
        assert_eq!(fresh(&one), Some(token));
        assert_eq!(fresh(&other), None);
    }
}
