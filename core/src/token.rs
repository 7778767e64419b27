//! The token that everything here is about.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::error::{Invalid, What};
use crate::secret::Secret;
use crate::time::Timestamp;

/// An access token and what is known about it. Clones share it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    secret: Secret,
    token_type: Cow<'static, str>,
    dates: Dates,
    source: &'static str,
    authorization: Authorization,
}

/// When a token was asked for, would better be renewed, and ends.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dates {
    pub(crate) issued_on: Option<Timestamp>,
    pub(crate) refresh_on: Option<Timestamp>,
    pub(crate) expires_on: Timestamp,
}

impl AccessToken {
    /// A bearer token that expires at a moment.
    pub fn new(secret: impl Into<Secret>, expires_on: Timestamp) -> Self {
        let dates = Dates {
            issued_on: None,
            refresh_on: None,
            expires_on,
        };
        Self::from_parts(secret.into(), dates, "")
    }

    /// A bearer token with all that is known about it.
    pub(crate) fn from_parts(secret: Secret, dates: Dates, source: &'static str) -> Self {
        Self(Arc::new(Inner {
            secret,
            token_type: Cow::Borrowed("Bearer"),
            dates,
            source,
            authorization: Authorization::default(),
        }))
    }

    /// Says when the token was asked for.
    pub fn issued_on(self, issued_on: Timestamp) -> Self {
        self.with(|inner| inner.dates.issued_on = Some(issued_on))
    }

    /// Says when the server would like the token to be renewed.
    pub fn refresh_on(self, refresh_on: Timestamp) -> Self {
        self.with(|inner| inner.dates.refresh_on = Some(refresh_on))
    }

    /// Says how the token is used (RFC 6749 section 7.1), where it is not `Bearer`.
    pub fn token_type(self, token_type: &str) -> Self {
        let token_type = if token_type.eq_ignore_ascii_case("Bearer") {
            Cow::Borrowed("Bearer") // one spelling, whatever the endpoint's
        } else {
            Cow::Owned(token_type.to_owned())
        };
        if self.kind() == token_type {
            return self;
        }
        self.with(|inner| inner.token_type = token_type)
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

    /// The value of the field `Authorization` that presents this token (RFC 6750 section 2.1),
    /// such as `Bearer eyJ0…`. It is made once for all clones of the token; its clones share it,
    /// are marked as sensitive, and their text is zeroed with the last of them.
    ///
    /// ```
    /// use azid_core::{AccessToken, Timestamp};
    /// use http::header::{AUTHORIZATION, HeaderMap};
    ///
    /// let token = AccessToken::new("eyJ0", Timestamp::from_unix_seconds(1_800_000_000));
    /// let mut headers = HeaderMap::new();
    /// headers.insert(AUTHORIZATION, token.authorization()?.clone());
    /// assert_eq!(headers[AUTHORIZATION], "Bearer eyJ0");
    /// # Ok::<(), azid_core::Invalid>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The token has a character that no header field can have. None that a service issued does.
    pub fn authorization(&self) -> Result<&HeaderValue, Invalid> {
        let Authorization(made) = &self.0.authorization;
        let value = made.get_or_init(|| {
            let text = Zeroizing::new(format!("{} {}", self.kind(), self.expose()).into_bytes());
            let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        let why = "it has characters that no header field can have";
        value
            .as_ref()
            .ok_or_else(|| Invalid::new(What::AccessToken, why))
    }

    /// How the token is used: `Bearer`, unless something else was asked for.
    pub fn kind(&self) -> &str {
        &self.0.token_type
    }

    /// When the token expires.
    pub fn expires_on(&self) -> Timestamp {
        self.0.dates.expires_on
    }

    /// When the server would like the token to be renewed, if it said so.
    pub fn refreshes_on(&self) -> Option<Timestamp> {
        self.0.dates.refresh_on
    }

    /// When the token was asked for, if that is known.
    pub fn asked_on(&self) -> Option<Timestamp> {
        self.0.dates.issued_on
    }

    /// The name of the credential that the token came from; in a chain, of the link that won.
    pub fn came_from(&self) -> &'static str {
        self.0.source
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.authorization = Authorization::default();
        change(inner);
        self
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("token_type", &self.0.token_type)
            .field("expires_on", &format_args!("{}", self.0.dates.expires_on))
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

/// A header field's value that is made of the token's other parts when it is first asked for; so it
/// plays no part in comparisons.
#[derive(Clone, Default)]
struct Authorization(OnceLock<Option<HeaderValue>>);

impl PartialEq for Authorization {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Authorization {}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> AccessToken {
        AccessToken::new(text, Timestamp::from_unix_seconds(0))
    }

    #[test]
    fn the_header_field_is_made_once_hides_itself_and_follows_the_kind() {
        let token = token("canary");
        let made = token.authorization().expect("it fits");
        assert_eq!(made, "Bearer canary");
        assert!(made.is_sensitive() && !format!("{made:?} {token:?}").contains("canary"));
        let again = token.clone();
        let again = again.authorization().expect("it fits");
        assert_eq!(made.as_bytes().as_ptr(), again.as_bytes().as_ptr());
        assert_eq!(token, self::token("canary"));
        let other = token.token_type("pop");
        assert_eq!(other.authorization().expect("it fits"), "pop canary");
    }

    #[test]
    fn the_kind_that_was_said_last_counts_also_where_it_is_the_usual_one() {
        let token = token("canary").token_type("pop").token_type("bearer");
        assert_eq!(token.kind(), "Bearer");
        assert_eq!(token, self::token("canary"));
    }

    #[test]
    fn a_token_that_fits_no_header_field_says_so_without_showing_itself() {
        let refusal = token("canary\n")
            .authorization()
            .expect_err("it is two lines")
            .to_string();
        assert!(
            refusal.contains("header field") && !refusal.contains("canary"),
            "{refusal}"
        );
    }
}
