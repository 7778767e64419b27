//! What a resource does with an access token: checks it against the keys that the issuer publishes.
//!
//! Tokens are signed with one implementation of RSA and checked here with another, from nothing but
//! the published document, so that neither can hide the other's mistake.

use crate::jwt::{Jwt, PublicKey};
use serde_json::{Map, Value};
use std::fmt;

/// Checks that `token` is signed with RS256 by a key in `published_keys` (a JSON Web Key Set, as
/// the keys endpoint answers it) and is within its validity at `now_unix_seconds`.
///
/// Whom the token is for and about is the caller's question: see [`Claims`].
///
/// # Errors
///
/// See [`VerifyError`]; the token itself is never part of one.
pub fn verify_access_token(
    token: &str,
    published_keys: &str,
    now_unix_seconds: u64,
) -> Result<Claims, VerifyError> {
    let jwt = Jwt::parse(token).ok_or(VerifyError::Malformed)?;
    if jwt.algorithm() != Some("RS256") {
        return Err(VerifyError::Algorithm);
    }
    let keys: Value = serde_json::from_str(published_keys).map_err(|_| VerifyError::Keys)?;
    let keys = keys
        .get("keys")
        .and_then(Value::as_array)
        .ok_or(VerifyError::Keys)?;
    let key_id = jwt.key_id().ok_or(VerifyError::UnknownKey)?;
    let key = keys
        .iter()
        .find(|key| key.get("kid").and_then(Value::as_str) == Some(key_id))
        .ok_or(VerifyError::UnknownKey)?;
    let key = PublicKey::from_jwk(key).ok_or(VerifyError::Keys)?;
    if !jwt.is_signed_by(&key) {
        return Err(VerifyError::Signature);
    }
    let (not_before, expires) = jwt
        .time("nbf")
        .zip(jwt.time("exp"))
        .ok_or(VerifyError::Malformed)?;
    if now_unix_seconds < not_before {
        return Err(VerifyError::NotYetValid);
    }
    if now_unix_seconds >= expires {
        return Err(VerifyError::Expired);
    }
    Ok(Claims(jwt.claims))
}

/// The claims of a token that passed [`verify_access_token`].
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// `iss`: who signed it.
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `aud`: the resource that it is for.
    pub fn audience(&self) -> Option<&str> {
        self.text("aud")
    }

    /// `tid`: the tenant.
    pub fn tenant_id(&self) -> Option<&str> {
        self.text("tid")
    }

    /// `oid`: the object id of the service principal.
    pub fn object_id(&self) -> Option<&str> {
        self.text("oid")
    }

    /// `appid`, or `azp` in a token of version 2: the client id of the application.
    pub fn client_id(&self) -> Option<&str> {
        self.text("appid").or_else(|| self.text("azp"))
    }

    /// `exp`: the end of its life in Unix seconds.
    pub fn expires_on(&self) -> Option<u64> {
        self.get("exp").and_then(Value::as_u64)
    }

    /// Any claim by its name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

/// Why a token was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// Not three base64url parts around JSON objects, or without `nbf` and `exp`.
    Malformed,
    /// Its header asks for another algorithm than RS256.
    Algorithm,
    /// The published keys are not a usable JSON Web Key Set.
    Keys,
    /// No published key has the id that the token names.
    UnknownKey,
    /// The signature is not one of the named key over these bytes.
    Signature,
    /// Its `nbf` lies in the future.
    NotYetValid,
    /// Its `exp` has come.
    Expired,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VerifyError::Malformed => "the token is not a well-formed JSON Web Token",
            VerifyError::Algorithm => "the token is not signed with RS256",
            VerifyError::Keys => "the published keys cannot be used",
            VerifyError::UnknownKey => "no published key has the id that the token names",
            VerifyError::Signature => "the signature does not fit the published key",
            VerifyError::NotYetValid => "the token is not valid yet",
            VerifyError::Expired => "the token has expired",
        })
    }
}

impl std::error::Error for VerifyError {}
