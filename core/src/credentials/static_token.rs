//! A token that is there already.
//!
//! begin ─► token

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::CredentialConfig;
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::is_word;
use crate::error::{Cause, Fault, Invalid, What};
use crate::identity::Identity;
use crate::moves::{Next, done};
use crate::needs::Needs;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::AccessToken;
use crate::transcript::Redactor;
use crate::variables::Variables;

/// Hands out one token that the program got elsewhere, until it expires.
///
/// **The token is never renewed.** Whoever has it must get the next one and make a new credential
/// of it; until then every request fails. Nor is it looked into: whatever scopes, tenant and claims
/// a request names, this token is the answer, also where the resource will not take it. For a
/// program that can get a token whenever one is needed there is [`TokenCallbackCredential`].
///
/// ```
/// use azid_core::{StaticTokenCredential, Timestamp};
///
/// let expires_on = Timestamp::from_unix_seconds(1_900_000_000);
/// let credential = StaticTokenCredential::new("eyJ0", expires_on)?;
/// # let _ = credential;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [`TokenCallbackCredential`]: crate::TokenCallbackCredential
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/StaticTokenCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticTokenCredential {
    #[serde(deserialize_with = "read_checked")]
    token: Secret,
    expires_on: Timestamp,
}

impl StaticTokenCredential {
    /// A bearer token and the moment when it expires.
    ///
    /// # Errors
    ///
    /// The token is not one word of visible ASCII, as a header field takes it.
    pub fn new(token: impl Into<Secret>, expires_on: Timestamp) -> Result<Self, Invalid> {
        let token = checked(token.into())?;
        Ok(Self { token, expires_on })
    }
}

fn checked(token: Secret) -> Result<Secret, Invalid> {
    match token.expose() {
        "" => Err(Invalid::new(What::AccessToken, "it must not be empty")),
        text if !is_word(text) => {
            let why = "it must be one word of visible ASCII";
            Err(Invalid::new(What::AccessToken, why))
        }
        _ => Ok(token),
    }
}

fn read_checked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    checked(Secret::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl Credential for StaticTokenCredential {
    fn name(&self) -> &'static str {
        "StaticTokenCredential"
    }

    fn identity(&self) -> Identity {
        let expires_on = self.expires_on.unix_milliseconds().to_string();
        Identity::of(self.name())
            .field("expires on", expires_on)
            .secret("token", &self.token)
            .finish()
    }

    fn variables(&self) -> Variables {
        Variables::NONE
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let token = redactor.secret("token", &self.token);
        let expires_on = self.expires_on;
        Some(Self { token, expires_on }.into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::NONE
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let (expires_on, now) = (self.expires_on, cx.now().timestamp());
        if expires_on <= now {
            let expired = cx.failed(Cause::ExpiredToken { expires_on, now });
            return expired.map_err(|error| error.explained(Fault::Caller, RENEW));
        }
        done(AccessToken::new(self.token.clone(), expires_on).source(self.name()))
    }
}

const RENEW: &str = "get a new token and make a new credential of it: nothing renews this one";

#[cfg(feature = "testing")]
mod cases {
    use std::time::Duration;

    use super::*;
    use crate::request::TokenRequest;
    use crate::testing::{Case, START};

    impl StaticTokenCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let start = Timestamp::from_unix_milliseconds(START);
            let until = |moment| Self::new("AT", moment).expect("valid");
            let day = Duration::from_secs(24 * 3600);
            vec![
                Case::new("a token", until(start.after(day))),
                Case::new("a token for whatever is asked", until(start.after(day))).asks(
                    TokenRequest::new(["one", "two"])
                        .tenant("fabrikam.com")
                        .claims("{}")
                        .enable_cae(),
                ),
                Case::new("a token that has expired", until(start)),
                Case::new("a token that has expired in a chain", until(start)).in_chain(),
                Case::new("no scope", until(start.after(day))).asks(TokenRequest::new([""; 0])),
            ]
        }
    }
}
