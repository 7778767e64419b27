//! The token that everything here is about.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::secret::Secret;
use crate::time::Timestamp;

/// An access token and what is known about it. Clones share it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    secret: Secret,
    token_type: Cow<'static, str>,
    issued_on: Option<Timestamp>,
    refresh_on: Option<Timestamp>,
    expires_on: Timestamp,
    source: &'static str,
}

impl AccessToken {
    /// A bearer token that expires at a moment.
    pub fn new(secret: impl Into<Secret>, expires_on: Timestamp) -> Self {
        Self(Arc::new(Inner {
            secret: secret.into(),
            token_type: Cow::Borrowed("Bearer"),
            issued_on: None,
            refresh_on: None,
            expires_on,
            source: "",
        }))
    }

    /// Says when the token was asked for.
    pub fn issued_on(self, issued_on: Timestamp) -> Self {
        self.with(|inner| inner.issued_on = Some(issued_on))
    }

    /// Says when the server would like the token to be renewed.
    pub fn refresh_on(self, refresh_on: Timestamp) -> Self {
        self.with(|inner| inner.refresh_on = Some(refresh_on))
    }

    /// Says how the token is used (RFC 6749 section 7.1), where it is not `Bearer`.
    pub fn token_type(self, token_type: &str) -> Self {
        if token_type.eq_ignore_ascii_case("Bearer") {
            return self; // one spelling, whatever the endpoint's
        }
        self.with(|inner| inner.token_type = Cow::Owned(token_type.to_owned()))
    }

    /// Says which credential the token came from.
    pub fn source(self, credential: &'static str) -> Self {
        self.with(|inner| inner.source = credential)
    }

    /// The token itself.
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// The token's text, to be sent. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.secret.expose()
    }

    /// How the token is used: `Bearer`, unless something else was asked for.
    pub fn kind(&self) -> &str {
        &self.0.token_type
    }

    /// When the token expires.
    pub fn expires_on(&self) -> Timestamp {
        self.0.expires_on
    }

    /// When the server would like the token to be renewed, if it said so.
    pub fn refreshes_on(&self) -> Option<Timestamp> {
        self.0.refresh_on
    }

    /// When the token was asked for, if that is known.
    pub fn asked_on(&self) -> Option<Timestamp> {
        self.0.issued_on
    }

    /// The name of the credential that the token came from; in a chain, of the link that won.
    pub fn came_from(&self) -> &'static str {
        self.0.source
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("token_type", &self.0.token_type)
            .field("expires_on", &format_args!("{}", self.0.expires_on))
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}
