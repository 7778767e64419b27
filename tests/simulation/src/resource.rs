//! What tokens are for: a service that looks when a token ends by its own, right clock.

use std::time::Duration;

use azid_core::AccessToken;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::services::START;

/// A token as a service sees it.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) token: AccessToken,
    end: Option<u64>,
}

impl Presented {
    pub(crate) fn new(token: AccessToken) -> Self {
        let end = end_of(token.expose());
        Self { token, end }
    }

    /// Whether the service accepts it now.
    pub(crate) fn is_accepted(&self, now: Duration) -> bool {
        self.end.is_some_and(|end| START + now.as_secs() < end)
    }
}

/// The claim `exp` of a JSON Web Token (RFC 7519 section 4.1.4).
fn end_of(token: &str) -> Option<u64> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims = String::from_utf8(claims).ok()?;
    let (_, end) = claims.split_once(r#""exp":"#)?;
    let digits = end.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
