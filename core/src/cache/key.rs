//! What a token is cached under: as a value, and by reference for those who only look it up.

use std::slice;
use std::sync::Arc;

use crate::identity::Identity;
use crate::request::TokenRequest;

/// Everything that decides which token answers a request.
///
/// The scopes' order and repetitions do not matter. The claims of a challenge are not part of it:
/// a request with claims passes the cached token by, and what it brings replaces that, be it that it
/// expires sooner. Clones share their texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    identity: Identity,
    scopes: Scopes,
    tenant: Option<Arc<str>>,
    cae: bool,
}

/// In order, and none twice. Nearly always there is one, which is then where a look-up reads first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Scopes {
    One(Arc<str>),
    /// None, or more than one.
    Many(Arc<[Arc<str>]>),
}

/// A key made of what a caller has at hand, so that a look-up takes no memory: it equals the
/// [`Key`] of the same parts, and has its fingerprint.
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
        let tenant = request.other_tenant().map(str::to_ascii_lowercase);
        Self {
            identity: identity.clone(),
            scopes: Scopes::of(request.scopes()),
            tenant: tenant.map(Arc::from),
            cae: request.wants_cae(),
        }
    }

    /// Whose token it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The key as what can be kept: its identity's digest, scopes, tenant, and whether it is for
    /// continuous access evaluation.
    pub(super) fn parts(&self) -> (&[u8; 32], &[Arc<str>], Option<&str>, bool) {
        let (identity, scopes) = (self.identity.digest(), self.scopes.as_slice());
        (identity, scopes, self.tenant.as_deref(), self.cae)
    }

    /// The key of these parts.
    pub(super) fn from_parts(
        identity: Identity,
        scopes: &[&str],
        tenant: Option<&str>,
        cae: bool,
    ) -> Self {
        Self {
            identity,
            scopes: Scopes::of(scopes),
            tenant: tenant.map(Arc::from),
            cae,
        }
    }

    /// A number that equal keys have in common, and others by chance only as long as the seed is
    /// random and kept.
    pub fn fingerprint(&self, seed: u64) -> u64 {
        let scopes = self.scopes.as_slice().iter().map(|scope| &**scope);
        fingerprint(
            seed,
            &self.identity,
            scopes,
            self.tenant.as_deref(),
            self.cae,
        )
    }
}

impl Scopes {
    fn of(scopes: &[impl AsRef<str>]) -> Self {
        if let [scope] = scopes {
            return Self::One(scope.as_ref().into());
        }
        in_order(scopes, |scopes| match scopes {
            [scope] => Self::One((*scope).into()),
            scopes => Self::Many(scopes.iter().map(|scope| Arc::from(*scope)).collect()),
        })
    }

    fn as_slice(&self) -> &[Arc<str>] {
        match self {
            Self::One(scope) => slice::from_ref(scope),
            Self::Many(scopes) => scopes,
        }
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
    #[inline]
    pub fn of_scopes<T>(
        identity: &Identity,
        scopes: &[&str],
        look: impl FnOnce(KeyRef<'_>) -> T,
    ) -> T {
        if scopes.len() < 2 {
            return look(KeyRef::new(identity, scopes));
        }
        in_order(scopes, |scopes| look(KeyRef::new(identity, scopes)))
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

    /// The [fingerprint](Key::fingerprint) of the key that this one equals.
    #[inline]
    pub fn fingerprint(&self, seed: u64) -> u64 {
        fingerprint(
            seed,
            self.identity,
            self.scopes.iter().copied(),
            self.tenant,
            self.cae,
        )
    }

    #[inline]
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
    #[inline]
    fn eq(&self, key: &Key) -> bool {
        self.cae == key.cae
            && match (self.scopes, &key.scopes) {
                ([ours], Scopes::One(theirs)) => **ours == **theirs,
                (ours, theirs) => {
                    let theirs = theirs.as_slice().iter().map(|scope| &**scope);
                    ours.iter().copied().eq(theirs)
                }
            }
            && *self.identity == key.identity
            && match (self.tenant, &key.tenant) {
                (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
                (None, None) => true,
                _ => false,
            }
    }
}

#[inline]
fn fingerprint<'a>(
    seed: u64,
    identity: &Identity,
    scopes: impl Iterator<Item = &'a str>,
    tenant: Option<&str>,
    cae: bool,
) -> u64 {
    let state = mixed(seed ^ u64::from(cae), identity.fingerprint());
    let state = scopes.fold(state, |state, scope| with_text(state, scope.as_bytes()));
    match tenant {
        None => state,
        Some(tenant) => {
            let bytes = tenant.bytes().map(|byte| byte.to_ascii_lowercase());
            bytes.fold(state, |state, byte| mixed(state, byte.into()))
        }
    }
}

/// Mixes a text in, eight bytes at a time; the last eight may be some of those before once more.
#[inline]
fn with_text(state: u64, text: &[u8]) -> u64 {
    let state = state ^ text.len() as u64;
    let Some(last) = text.last_chunk() else {
        return text
            .iter()
            .fold(state, |state, &byte| mixed(state, byte.into()));
    };
    let state = text.chunks_exact(8).fold(state, |state, word| {
        let word = word.try_into().expect("a chunk of eight is eight long");
        mixed(state, u64::from_le_bytes(word))
    });
    mixed(state, u64::from_le_bytes(*last))
}

/// Both halves of a product, folded: each bit of either number changes about half of the answer's.
#[inline]
fn mixed(state: u64, word: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // the golden ratio's fraction
    let product = u128::from(state ^ word) * u128::from(ODD);
    product as u64 ^ (product >> 64) as u64
}

/// Calls a function with the scopes in order, each once; a few take no memory.
#[inline(never)]
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
    use std::collections::HashSet;

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
    fn a_key_by_reference_equals_the_key_of_the_same_request_and_no_other() {
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
        let mut fingerprints = HashSet::new();
        for (one, (identity, request)) in all() {
            let key = Key::new(identity, request);
            for (other, (identity, request)) in all() {
                let is_same = KeyRef::of_request(identity, request, |wanted| wanted == key);
                assert_eq!(is_same, one == other, "{key:?} and {request:?}");
            }
            let fingerprint = KeyRef::of_request(identity, request, |wanted| wanted.fingerprint(7));
            assert_eq!(fingerprint, key.fingerprint(7));
            assert_ne!(fingerprint, key.fingerprint(8));
            fingerprints.insert(fingerprint);
        }
        assert_eq!(fingerprints.len(), all().count());
    }

    #[test]
    fn neither_order_nor_repetition_nor_case_of_a_tenant_makes_another_key() {
        let identity = Identity::of("A").finish();
        let key = Key::new(&identity, &TokenRequest::new(["a", "b"]));
        for scopes in [&["a", "b"][..], &["b", "a"], &["b", "a", "b", "b"]] {
            assert!(KeyRef::of_scopes(&identity, scopes, |wanted| wanted == key));
            let fingerprint = KeyRef::of_scopes(&identity, scopes, |wanted| wanted.fingerprint(7));
            assert_eq!(fingerprint, key.fingerprint(7));
        }
        let in_capitals = TokenRequest::new(["a"]).tenant("CONTOSO");
        let key = Key::new(&identity, &TokenRequest::new(["a"]).tenant("contoso"));
        KeyRef::of_request(&identity, &in_capitals, |wanted| {
            assert!(wanted == key);
            assert_eq!(wanted.fingerprint(7), key.fingerprint(7));
        });
    }
}
