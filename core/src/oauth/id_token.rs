//! Id tokens (OpenID Connect Core 1.0), read for two things: whether they answer this sign-in, and
//! who signed in.
//!
//! Their signatures are not checked: they come from the token endpoint itself over TLS, and nothing
//! is trusted on their word that is not trusted on that endpoint's (section 3.1.3.7, item 6).

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::json::read_object;
use crate::secret::Secret;

/// The claims of an id token.
pub(crate) struct IdToken(Map<String, Value>);

impl IdToken {
    /// Reads the claims of a JWT; none if it is not one.
    pub(crate) fn read(token: &Secret) -> Option<Self> {
        let mut parts = token.expose().split('.');
        let (_, claims) = (parts.next()?, parts.next()?);
        parts.next()?;
        if parts.next().is_some() {
            return None;
        }
        decode_object(claims).map(Self)
    }

    /// A claim that is a text and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    /// Whether it was issued for the sign-in with this nonce. The time that the comparison takes
    /// does not depend on where they differ.
    pub(crate) fn answers(&self, nonce: &Secret) -> bool {
        self.text("nonce").map(Secret::from).as_ref() == Some(nonce)
    }

    /// The name that people know the account by.
    pub(crate) fn user_name(&self) -> Option<&str> {
        ["preferred_username", "upn", "unique_name", "email"]
            .iter()
            .find_map(|name| self.text(name))
    }
}

/// The ids in a `client_info`: of the account, and of its home tenant.
pub(crate) fn client_info(encoded: &Secret) -> Option<(String, String)> {
    let info = decode_object(encoded.expose())?;
    let id = |name: &str| {
        let id = info.get(name)?.as_str()?;
        let is_of_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        ((1..=255).contains(&id.len()) && id.bytes().all(is_of_id)).then(|| id.to_owned())
    };
    Some((id("uid")?, id("utid")?))
}

fn decode_object(encoded: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .or_else(|_| URL_SAFE.decode(encoded))
        .ok()?;
    read_object(&bytes)
}
