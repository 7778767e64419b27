//! What tokens are for: a service that looks when a token was issued and when it ends by its own,
//! right clock.

use std::time::Duration;

use azid_core::{AccessToken, TokenRequest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use crate::services::START;

/// How much earlier than they were issued Entra's tokens say that they are valid, in seconds.
const BACKDATED: u64 = 300;

/// A token as a service sees it.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) token: AccessToken,
    issued: Option<u64>,
    end: Option<u64>,
}

/// What a service says of a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Accepted,
    /// It has expired.
    Expired,
    /// It was issued before the moment from which on the service accepts any.
    Revoked,
}

impl Presented {
    pub(crate) fn new(token: AccessToken) -> Self {
        let claims = claims_of(token.expose()).unwrap_or_default();
        Self {
            issued: number(&claims, "iat").map(|since| since + BACKDATED),
            end: number(&claims, "exp"),
            token,
        }
    }

    /// What the service says now, which accepts tokens issued since `from`, in seconds since 1970.
    pub(crate) fn admission(&self, from: u64, now: Duration) -> Admission {
        if self.end.is_none_or(|end| end <= START + now.as_secs()) {
            Admission::Expired
        } else if self.issued.is_none_or(|issued| issued < from) {
            Admission::Revoked
        } else {
            Admission::Accepted
        }
    }
}

/// The response fields with which a service turns a caller away who made this request for a token.
pub(crate) fn challenge(request: &TokenRequest, from: u64) -> HeaderMap {
    let field = if request.wants_cae() {
        let claims =
            format!(r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{from}"}}}}}}"#);
        let claims = STANDARD.encode(claims);
        format!(r#"Bearer realm="", error="insufficient_claims", claims="{claims}""#)
    } else {
        r#"Bearer realm="", error="invalid_token""#.to_owned()
    };
    let value = HeaderValue::try_from(field).expect("base64 is visible ASCII");
    HeaderMap::from_iter([(WWW_AUTHENTICATE, value)])
}

/// The claims of a JSON Web Token (RFC 7519 section 3).
fn claims_of(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    String::from_utf8(claims).ok()
}

fn number(claims: &str, name: &str) -> Option<u64> {
    let (_, rest) = claims.split_once(&format!(r#""{name}":"#))?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
