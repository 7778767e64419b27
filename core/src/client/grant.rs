//! What is asked for at a token endpoint, and on what ground (RFC 6749 section 4).

use super::exchange::Prove;
use crate::oauth::Form;
use crate::retry::{Repeat, RetryPolicy};
use crate::secret::Secret;

/// What is asked for with the proof.
pub(crate) enum Grant {
    /// A token for the client itself (RFC 6749 section 4.4).
    ClientCredentials,
    /// A token for the user whose token the client was sent.
    OnBehalfOf(Secret),
    /// A token for the user who was sent to sign in and came back with a code (RFC 6749 section
    /// 4.1.3, RFC 7636).
    AuthorizationCode {
        code: Secret,
        redirect_uri: String,
        verifier: Secret,
    },
    /// A token for the user who signs in on another device (RFC 8628 section 3.4).
    DeviceCode(Secret),
    /// A token for a user who signed in before (RFC 6749 section 6).
    RefreshToken(Secret),
    /// A token for the user of this name and password (RFC 6749 section 4.3).
    Password { user_name: String, password: Secret },
}

/// The scopes that sign a person in and bring what later tokens are got by. They are asked for
/// beside those of the resource.
pub(crate) const SIGN_IN_SCOPES: [&str; 3] = ["openid", "profile", "offline_access"];

impl Grant {
    /// Adds what the grant is made of, and the scopes.
    pub(super) fn fill<'a>(&'a self, form: Form<'a>, scopes: &'a [String]) -> Form<'a> {
        let form = match self {
            Self::ClientCredentials => form,
            Self::OnBehalfOf(assertion) => form
                .secret("assertion", assertion)
                .field("requested_token_use", "on_behalf_of"),
            Self::AuthorizationCode {
                code,
                redirect_uri,
                verifier,
            } => form
                .secret("code", code)
                .field("redirect_uri", redirect_uri.as_str())
                .secret("code_verifier", verifier),
            Self::DeviceCode(code) => form.secret("device_code", code),
            Self::RefreshToken(token) => form.secret("refresh_token", token),
            // A name is no secret, but nobody else's business either when an answer repeats it.
            Self::Password {
                user_name,
                password,
            } => form
                .secret("username", &user_name.as_str().into())
                .secret("password", password),
        };
        match self {
            Self::ClientCredentials | Self::OnBehalfOf(_) => match scopes {
                [scope] => form.field("scope", scope.as_str()),
                scopes => form.field("scope", scopes.join(" ")),
            },
            Self::DeviceCode(_) => form.field("client_info", "1"), // its scopes are known already
            _ => form
                .field("scope", with_sign_in(scopes))
                .field("client_info", "1"),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::OnBehalfOf(_) => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::DeviceCode(_) => "urn:ietf:params:oauth:grant-type:device_code",
            Self::RefreshToken(_) => "refresh_token",
            Self::Password { .. } => "password",
        }
    }

    /// When to repeat a request for it. A poll is repeated by whoever polls.
    pub(super) fn retry(&self, prove: &dyn Prove, policy: &RetryPolicy) -> RetryPolicy {
        let repeat = match self {
            Self::DeviceCode(_) => return RetryPolicy::never(),
            Self::AuthorizationCode { .. } | Self::RefreshToken(_) => Repeat::OnlyIfNotSent,
            _ => prove.repeat(),
        };
        RetryPolicy {
            repeat,
            ..policy.clone()
        }
    }
}

/// The scopes of a resource with those of a sign-in, as a parameter.
pub(crate) fn with_sign_in(scopes: &[String]) -> String {
    let all = scopes.iter().map(String::as_str).chain(SIGN_IN_SCOPES);
    all.collect::<Vec<_>>().join(" ")
}
