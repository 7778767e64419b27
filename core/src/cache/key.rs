//! What a token is cached under.

use crate::identity::Identity;
use crate::request::TokenRequest;

/// Everything that decides which token answers a request.
///
/// The scopes' order and repetitions do not matter. The claims of a challenge are not part of it:
/// a request with claims passes the cached token by, and what it brings replaces that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    identity: Identity,
    scopes: Vec<String>,
    tenant: Option<String>,
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

#[cfg(test)]
mod tests {
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
}
