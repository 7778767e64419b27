//! Who asks a host for a token, and what they do with it.

use azid_core::{AccessToken, TokenRequest};

/// Somebody who wants a token for one of the host's resources.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Unique in a simulation.
    pub(crate) number: u64,
    /// For which resource, from 0.
    pub(crate) resource: usize,
    /// What they ask for.
    pub(crate) request: TokenRequest,
    /// The token that a service rejected, which is why they ask once more.
    pub(crate) rejected: Option<AccessToken>,
}

impl Caller {
    /// Whether any token will do that is held, or only one with certain claims.
    pub(crate) fn takes_held(&self) -> bool {
        self.request.claims_json().is_none()
    }
}
