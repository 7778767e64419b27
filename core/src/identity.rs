//! Who a credential's tokens belong to, as a value that can key a cache.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::environment::Environment;
use crate::secret::Secret;

/// The credential's part of a cache key. Equal identities get equal tokens.
///
/// It is a digest: of every field by name, with a length before each part so that no two lists of
/// fields run together, and of a secret only a digest that is keyed by the fields before it. An
/// identity that depends on code also holds the instances of that code, and equals only identities
/// of the same instances.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    credential: &'static str,
    digest: [u8; 32],
    instances: Vec<Arc<()>>,
    of_this_machine: bool,
    fingerprint: u64,
}

impl Identity {
    /// Begins the identity of a kind of credential.
    pub fn of(credential: &'static str) -> IdentityBuilder {
        IdentityBuilder {
            credential,
            digest: part(Sha256::new(), credential.as_bytes()),
            instances: Vec::new(),
            of_this_machine: false,
        }
    }

    /// An identity that equals only its own clones: for credentials whose tokens depend on code.
    /// It is never in a snapshot of the cache.
    pub fn private() -> Self {
        let mut builder = Self::of("private");
        builder.instances.push(Arc::new(()));
        builder.finish()
    }

    /// This identity in one particular environment. A credential that takes its settings from the
    /// environment has one identity everywhere; a cache that several providers share must tell
    /// their environments apart.
    pub fn within(&self, environment: &Environment) -> Self {
        let builder = Self::of("environment");
        environment
            .settings()
            .fold(builder, |builder, (name, value)| {
                builder.secret(name, value)
            })
            .identity("credential", self)
    }

    /// Whether this is a private identity, or depends on one.
    pub fn is_private(&self) -> bool {
        !self.0.instances.is_empty()
    }

    /// Whether it says whose tokens these are wherever it is read: it is neither private nor [of
    /// this machine](IdentityBuilder::of_this_machine), and depends on none that is.
    pub fn is_portable(&self) -> bool {
        !self.is_private() && !self.0.of_this_machine
    }

    /// What decides whether two identities are equal that are not private.
    pub(crate) fn digest(&self) -> &[u8; 32] {
        &self.0.digest
    }

    /// The portable identity of this digest.
    pub(crate) fn from_digest(digest: [u8; 32]) -> Self {
        Self(Arc::new(Inner::new("snapshot", digest, Vec::new(), false)))
    }

    /// A number that equal identities have in common, and others by chance only.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.0.fingerprint
    }

    /// A short text that differs between identities, of whose fields none may be secret.
    pub(crate) fn short_text(&self) -> String {
        self.0.digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl PartialEq for Identity {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.equals(&other.0)
    }
}

impl Eq for Identity {}

impl Inner {
    fn new(
        credential: &'static str,
        digest: [u8; 32],
        instances: Vec<Arc<()>>,
        of_this_machine: bool,
    ) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = digest;
        let of_data = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
        let fingerprint = instances.iter().fold(of_data, |of_all, instance| {
            of_all.rotate_left(32) ^ Arc::as_ptr(instance).addr() as u64
        });
        Self {
            credential,
            digest,
            instances,
            of_this_machine,
            fingerprint,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.instances, &other.instances);
        self.digest == other.digest
            && ours.len() == theirs.len()
            && ours
                .iter()
                .zip(theirs)
                .all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.fingerprint);
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.0.credential)
    }
}

/// The private identity of one credential among others that look the same: those whose proof or
/// token comes from code.
#[derive(Clone, Debug)]
pub(crate) struct Instance(Identity);

impl Instance {
    pub(crate) fn identity(&self) -> Identity {
        self.0.clone()
    }
}

impl Default for Instance {
    fn default() -> Self {
        Self(Identity::private())
    }
}

/// Credentials are compared by their data, and an instance is none.
impl PartialEq for Instance {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// An identity under construction.
#[must_use]
pub struct IdentityBuilder {
    credential: &'static str,
    digest: Sha256,
    instances: Vec<Arc<()>>,
    of_this_machine: bool,
}

impl IdentityBuilder {
    /// Adds a field.
    pub fn field(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.digest = part(
            part(self.digest, name.as_bytes()),
            value.as_ref().as_bytes(),
        );
        self
    }

    /// Adds a field that may be absent; an absent one differs from an empty one.
    pub fn optional(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Adds a secret, as a digest that is of no use with other fields before it.
    pub fn secret(mut self, name: &str, value: &Secret) -> Self {
        let keyed = part(self.digest.clone(), value.expose().as_bytes()).finalize();
        self.digest = part(part(self.digest, name.as_bytes()), &keyed);
        self
    }

    /// Says that the machine decides whose the tokens are, and the fields do not: they are those of
    /// the host that the program runs on, or of who is logged in to a tool there. Such tokens, and
    /// those of whatever depends on them, are in no snapshot of the cache.
    ///
    /// ```
    /// use azid_core::Identity;
    ///
    /// let host = Identity::of("HostCredential").of_this_machine().finish();
    /// let either = Identity::of("EitherCredential").identity("host", &host);
    /// assert!(!host.is_portable() && !either.is_portable());
    /// ```
    pub fn of_this_machine(mut self) -> Self {
        self.of_this_machine = true;
        self.field("of", "this machine")
    }

    /// Adds another identity that this one's tokens depend on, as the last field.
    pub fn identity(self, name: &str, other: &Identity) -> Identity {
        self.with(name, other).finish()
    }

    /// Adds another identity that this one's tokens depend on.
    pub fn with(mut self, name: &str, other: &Identity) -> Self {
        self.of_this_machine |= other.0.of_this_machine;
        self.with_proof(name, other)
    }

    /// Adds the identity that vouches for this one. Whose the tokens are, the fields say: also where
    /// it is the machine's that vouches.
    pub(crate) fn with_proof(mut self, name: &str, other: &Identity) -> Self {
        self.digest = part(part(self.digest, name.as_bytes()), &other.0.digest);
        self.instances.extend_from_slice(&other.0.instances);
        self
    }

    /// The identity.
    pub fn finish(self) -> Identity {
        let digest = self.digest.finalize().into();
        Identity(Arc::new(Inner::new(
            self.credential,
            digest,
            self.instances,
            self.of_this_machine,
        )))
    }
}

impl fmt::Debug for IdentityBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityBuilder({})", self.credential)
    }
}

fn part(digest: Sha256, bytes: &[u8]) -> Sha256 {
    digest
        .chain_update((bytes.len() as u64).to_be_bytes())
        .chain_update(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_equal_exactly_when_all_fields_are() {
        let identity = |tenant: &str, secret: &str| {
            Identity::of("A")
                .field("tenant", tenant)
                .secret("secret", &Secret::new(secret))
                .finish()
        };
        assert_eq!(identity("t", "s"), identity("t", "s"));
        assert_ne!(identity("t", "s"), identity("u", "s"));
        assert_ne!(identity("t", "s"), identity("t", "z"));
        assert_ne!(
            Identity::of("A").field("a", "bc").finish(),
            Identity::of("A").field("ab", "c").finish()
        );
    }

    #[test]
    fn one_identity_in_two_environments_is_two() {
        let identity = Identity::of("A").finish();
        let within = |pairs: &[(&str, &str)]| {
            identity.within(&Environment::from_pairs(pairs.iter().copied()))
        };
        let one = within(&[("AZURE_CLIENT_ID", "one"), ("PATH", "/bin")]);
        assert_eq!(one, within(&[("AZURE_CLIENT_ID", "one")]));
        assert_ne!(one, within(&[("AZURE_CLIENT_ID", "two")]));
        assert_ne!(one, within(&[]));
    }

    #[test]
    fn a_private_identity_equals_its_clones_only() {
        let one = Identity::private();
        assert_eq!(one, one.clone());
        assert_ne!(one, Identity::private());
    }

    #[test]
    fn identities_that_depend_on_one_private_identity_differ_in_their_other_fields() {
        let code = Identity::private();
        let identity = |client: &str, code: &Identity| {
            Identity::of("A")
                .field("client", client)
                .identity("assertion", code)
        };
        assert_eq!(identity("one", &code), identity("one", &code));
        assert_ne!(identity("one", &code), identity("two", &code));
        assert_ne!(
            identity("one", &code),
            identity("one", &Identity::private())
        );
        assert_ne!(identity("one", &code), code);
        assert!(identity("one", &code).is_private());
    }

    #[test]
    fn what_depends_on_this_machine_stays_on_it_and_what_it_vouches_for_does_not() {
        let host = Identity::of("A").of_this_machine().finish();
        assert_ne!(host, Identity::of("A").finish());
        assert!(!host.is_private() && !host.is_portable());
        assert!(
            !host
                .within(&Environment::from_pairs([("AZURE_CLIENT_ID", "app")]))
                .is_portable()
        );
        assert!(!Identity::of("B").identity("link", &host).is_portable());
        let vouched_for = Identity::of("B").with_proof("assertion", &host).finish();
        assert!(vouched_for.is_portable());
        assert!(!Identity::private().is_portable());
    }
}
