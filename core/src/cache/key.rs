//! What a token is cached under: as a value, and by reference for those who only look it up.

use std::hash::{Hash, Hasher};

use crate::identity::Identity;
use crate::request::TokenRequest;

/// Everything that decides which token answers a request.
///
/// The scopes' order and repetitions do not matter. The claims of a challenge are not part of it:
/// a request with claims passes the cached token by, and what it brings replaces that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    identity: Identity,
    scopes: Vec<String>,
    tenant: Option<String>,
    cae: bool,
}

/// A key made of what a caller has at hand, so that a look-up takes no memory: it equals and
/// hashes like the [`Key`] of the same parts.
#[derive(Clone, Copy, Debug)]
pub struct KeyRef<'a> {
    identity: &'a Identity,
    /// In order, and none twice.
    scopes: &'a [&'a str],
    /// In any case.
    tenant: Option<&'a str>,
    cae: bool,
}

impl Key {
    /// The key of a request to a credential of this identity.
    pub fn new(identity: &Identity, request: &TokenRequest) -> Self {
        let mut scopes = request.scopes().to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        Self {
            identity: identity.clone(),
            scopes,
            tenant: request.other_tenant().map(str::to_ascii_lowercase),
            cae: request.wants_cae(),
        }
    }

    /// Whose token it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

impl<'a> KeyRef<'a> {
    /// Calls a function with the key of a request for these scopes and nothing else.
    ///
    /// ```
    /// use azid_core::cache::{Key, KeyRef};
    /// use azid_core::{Identity, TokenRequest};
    ///
    /// let identity = Identity::of("MyCredential").finish();
    /// let key = Key::new(&identity, &TokenRequest::new(["read", "write"]));
    /// assert!(KeyRef::of_scopes(&identity, &["write", "read"], |wanted| wanted == key));
    /// ```
    pub fn of_scopes<T>(
        identity: &Identity,
        scopes: &[&str],
        look: impl FnOnce(KeyRef<'_>) -> T,
    ) -> T {
        let look = |scopes: &[&str]| look(KeyRef::new(identity, scopes));
        match scopes {
            [] | [_] => look(scopes),
            scopes => in_order(scopes, look),
        }
    }

    /// Calls a function with the key of a request.
    pub fn of_request<T>(
        identity: &Identity,
        request: &TokenRequest,
        look: impl FnOnce(KeyRef<'_>) -> T,
    ) -> T {
        let look = |scopes: &[&str]| {
            look(KeyRef {
                tenant: request.other_tenant(),
                cae: request.wants_cae(),
                ..KeyRef::new(identity, scopes)
            })
        };
        match request.scopes() {
            [scope] => look(&[scope]),
            scopes => in_order(scopes, look),
        }
    }

    fn new(identity: &'a Identity, scopes: &'a [&'a str]) -> Self {
        Self {
            identity,
            scopes,
            tenant: None,
            cae: false,
        }
    }
}

impl PartialEq<Key> for KeyRef<'_> {
    fn eq(&self, key: &Key) -> bool {
        let same_tenant = match (self.tenant, &key.tenant) {
            (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
            (None, None) => true,
            _ => false,
        };
        same_tenant
            && self.cae == key.cae
            && self.scopes == key.scopes
            && *self.identity == key.identity
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let scopes = self.scopes.iter().map(String::as_str);
        hash(state, &self.identity, scopes, self.tenant.as_deref());
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let scopes = self.scopes.iter().copied();
        hash(state, self.identity, scopes, self.tenant);
    }
}

fn hash<'a, H: Hasher>(
    state: &mut H,
    identity: &Identity,
    scopes: impl Iterator<Item = &'a str>,
    tenant: Option<&str>,
) {
    identity.hash(state);
    scopes.for_each(|scope| scope.hash(state));
    for byte in tenant.unwrap_or_default().bytes() {
        state.write_u8(byte.to_ascii_lowercase());
    }
}

/// Calls a function with the scopes in order, each once; a few take no memory.
fn in_order<S: AsRef<str>, T>(scopes: &[S], look: impl FnOnce(&[&str]) -> T) -> T {
    const FEW: usize = 16;
    let mut few = [""; FEW];
    let mut many = Vec::new();
    let given = scopes.iter().map(AsRef::as_ref);
    let sorted = if scopes.len() <= FEW {
        few.iter_mut().zip(given).for_each(|(to, from)| *to = from);
        &mut few[..scopes.len()]
    } else {
        many.extend(given);
        &mut many[..]
    };
    sorted.sort_unstable();
    let mut kept = 0;
    for at in 0..sorted.len() {
        if at == 0 || sorted[at] != sorted[kept - 1] {
            sorted[kept] = sorted[at];
            kept += 1;
        }
    }
    look(&sorted[..kept])
}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use super::*;

    #[test]
    fn keys_differ_in_whatever_changes_the_token_and_in_nothing_else() {
        let identity = Identity::of("A").finish();
        let key = |request: TokenRequest| Key::new(&identity, &request);
        let base = key(TokenRequest::new(["a", "b"]));
        assert_eq!(base, key(TokenRequest::new(["b", "a", "b"])));
        assert_eq!(base, key(TokenRequest::new(["a", "b"]).claims("{}")));
        assert_ne!(base, key(TokenRequest::new(["a"])));
        assert_ne!(base, key(TokenRequest::new(["a b"])));
        assert_ne!(base, key(TokenRequest::new(["a", "b"]).enable_cae()));
        assert_ne!(base, key(TokenRequest::new(["a", "b"]).tenant("t")));
        assert_ne!(
            base,
            Key::new(&Identity::of("B").finish(), &TokenRequest::new(["a", "b"]))
        );
    }

    #[test]
    fn a_key_by_reference_equals_and_hashes_like_the_key_of_the_same_request_only() {
        let many: Vec<String> = (0..40).map(|n| format!("scope {}", n % 20)).collect();
        let requests = [
            TokenRequest::new(["a"]),
            TokenRequest::new(["a", "b"]),
            TokenRequest::new(["ab"]),
            TokenRequest::new(["b", "c", "a"]),
            TokenRequest::new(many),
            TokenRequest::new(["a"]).enable_cae(),
            TokenRequest::new(["a"]).tenant("Contoso"),
            TokenRequest::new(["a"]).tenant("fabrikam"),
        ];
        let identities = [
            Identity::of("A").finish(),
            Identity::of("B").finish(),
            Identity::private(),
            Identity::private(),
        ];
        let all = || {
            let pairs = identities
                .iter()
                .flat_map(|identity| requests.iter().map(move |request| (identity, request)));
            pairs.enumerate()
        };
        for (one, (identity, request)) in all() {
            let key = Key::new(identity, request);
            for (other, (identity, request)) in all() {
                let is_same = KeyRef::of_request(identity, request, |wanted| wanted == key);
                assert_eq!(is_same, one == other, "{key:?} and {request:?}");
            }
            let hashed = KeyRef::of_request(identity, request, |wanted| hash_of(&wanted));
            assert_eq!(hashed, hash_of(&key));
        }
    }

    #[test]
    fn neither_order_nor_repetition_nor_case_of_a_tenant_makes_another_key() {
        let identity = Identity::of("A").finish();
        let key = Key::new(&identity, &TokenRequest::new(["a", "b"]));
        for scopes in [&["a", "b"][..], &["b", "a"], &["b", "a", "b", "b"]] {
            assert!(KeyRef::of_scopes(&identity, scopes, |wanted| wanted == key));
            let hashed = KeyRef::of_scopes(&identity, scopes, |wanted| hash_of(&wanted));
            assert_eq!(hashed, hash_of(&key));
        }
        let in_capitals = TokenRequest::new(["a"]).tenant("CONTOSO");
        let key = Key::new(&identity, &TokenRequest::new(["a"]).tenant("contoso"));
        KeyRef::of_request(&identity, &in_capitals, |wanted| {
            assert!(wanted == key);
            assert_eq!(hash_of(&wanted), hash_of(&key));
        });
    }

    fn hash_of(key: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }
}
