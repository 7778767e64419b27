//! Whose tokens a provider gets.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use azid_core::cache::Key;
use azid_core::{Environment, Identity, TokenRequest};

use crate::sync::Arc;

/// Whose tokens a provider gets: its credential's identity in the environment that its runs see.
///
/// Where that becomes somebody else's after the provider was built, its next run sees the new one,
/// and the token is held for that one: no provider gets what somebody else got. Callers who find a
/// token that need not be renewed do not look at the environment, and get that of the last run. As
/// soon as one looks, which is when the token is due, what was got before is handed out no more,
/// though it has not expired and a run in the new environment fails; it is there again when its
/// environment is.
///
/// A proof that is replaced, such as a secret, makes nobody else of a process (see
/// [`Environment::is_same_identity_as`]): its next run sees the new one, and its tokens stay its own
/// whether that run fails or not. They stay under the identity that the proof was a part of when the
/// provider was built, so that in a cache that is shared, or kept, they are found by those alone who
/// have had that proof.
pub struct Whose {
    credential: Identity,
    first: Within,
    /// Whether another environment than the first was ever seen: so long those who find a token pay
    /// nothing for it.
    has_moved: AtomicBool,
    latest: ArcSwapOption<Within>,
}

struct Within {
    environment: Arc<Environment>,
    identity: Identity,
}

impl Whose {
    /// A credential's tokens, in the environment in which its provider is built.
    pub fn new(credential: Identity, environment: Arc<Environment>) -> Self {
        Self {
            first: Within::of(&credential, environment),
            credential,
            has_moved: AtomicBool::new(false),
            latest: ArcSwapOption::empty(),
        }
    }

    /// Looks at the identity of the last run.
    #[inline]
    pub fn with<T>(&self, look: impl FnOnce(&Identity) -> T) -> T {
        if !self.has_moved.load(Ordering::Acquire) {
            return look(&self.first.identity);
        }
        match &*self.latest.load() {
            Some(latest) => look(&latest.identity),
            None => look(&self.first.identity),
        }
    }

    /// The key of a request, as of the last run.
    pub fn key(&self, request: &TokenRequest) -> Key {
        self.with(|identity| Key::new(identity, request))
    }

    /// Makes this the key of a run that sees this environment.
    pub fn move_to(&self, environment: &Arc<Environment>, key: &mut Key, request: &TokenRequest) {
        let has_moved = self.has_moved.load(Ordering::Acquire);
        if self.first.is_in(environment) {
            if has_moved {
                self.latest.store(None);
                *key = Key::new(&self.first.identity, request);
            }
            return;
        }
        let latest = self.latest.load();
        let latest = match &*latest {
            Some(latest) if latest.is_in(environment) => Arc::clone(latest),
            _ => {
                let moved = Arc::new(Within::of(&self.credential, Arc::clone(environment)));
                self.latest.store(Some(Arc::clone(&moved)));
                self.has_moved.store(true, Ordering::Release);
                moved
            }
        };
        *key = Key::new(&latest.identity, request);
    }
}

impl Within {
    fn of(credential: &Identity, environment: Arc<Environment>) -> Self {
        Self {
            identity: credential.within(&environment),
            environment,
        }
    }

    fn is_in(&self, environment: &Arc<Environment>) -> bool {
        Arc::ptr_eq(&self.environment, environment)
            || self.environment.is_same_identity_as(environment)
    }
}

impl fmt::Debug for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Whose").field(&self.credential).finish()
    }
}
