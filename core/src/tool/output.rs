//! What a tool prints when it has a token, in any of the forms that are known.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::effect::is_word;
use crate::oauth::{Number, Text};
use crate::secret::Secret;
use crate::time::Timestamp;

/// A token and how long it lives.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) token: Secret,
    pub(crate) expires_on: Option<Timestamp>,
    /// Whether the moment was not printed beside the token but read from it.
    pub(crate) from_token: bool,
}

impl Printed {
    /// Reads `{"accessToken":"…","expires_on":1800000000}` or `{"token":"…","expiresOn":"…Z"}`.
    /// All other members are ignored, and so is a byte order mark, which PowerShell may print.
    ///
    /// A date without a zone is a local one of the machine's and means nothing here: the Azure CLI
    /// before 2.54 prints no other, and one that logged in by a managed identity may print null.
    /// The token itself then says when it expires, if it is a JWT.
    pub(crate) fn read(output: &[u8]) -> Option<Self> {
        let output = without_mark(output);
        let mut texts: BTreeMap<String, Text> = serde_json::from_slice(output).ok()?;
        let moments: BTreeMap<String, Number> = serde_json::from_slice(output).ok()?;
        let mut text = |name: &str| texts.remove(name).and_then(|text| text.0);
        let is_there = |token: &Secret| !token.is_empty();
        let token = text("accessToken").filter(is_there);
        let token = token.or_else(|| text("token").filter(is_there))?;
        if !is_word(token.expose()) {
            return None; // it fits no header field
        }
        let date = text("expiresOn").filter(|date| has_zone(date.expose()));
        let moment = |name| moments.get(name).and_then(|number| number.moment(0));
        let printed = moment("expires_on").or_else(|| date.and_then(|_| moment("expiresOn")));
        let expires_on = printed.or_else(|| moment_in(token.expose()));
        Some(Self {
            from_token: printed.is_none(),
            expires_on: expires_on.map(Timestamp::from_unix_seconds),
            token,
        })
    }
}

/// What was printed, but for a byte order mark.
pub(crate) fn without_mark(output: &[u8]) -> &[u8] {
    output.strip_prefix(b"\xef\xbb\xbf").unwrap_or(output)
}

/// Whether a date says which zone it is in, by a `Z` or an offset behind its time.
fn has_zone(date: &str) -> bool {
    let time = date.trim().split_once(['T', ' ']).map(|(_, time)| time);
    time.is_some_and(|time| time.ends_with('Z') || time.contains(['+', '-']))
}

/// When a JWT expires (RFC 7519 section 4.1.4). Nothing vouches for it here: it decides only how
/// long the token is kept.
fn moment_in(token: &str) -> Option<i64> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: BTreeMap<String, Number> = serde_json::from_slice(&payload).ok()?;
    claims.get("exp")?.moment(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(output: &str) -> Option<i64> {
        let printed = Printed::read(output.as_bytes()).expect("there is a token");
        printed.expires_on.map(Timestamp::unix_seconds)
    }

    #[test]
    fn a_moment_counts_before_a_date_and_a_date_only_with_its_zone() {
        let cases = [
            (
                r#"{"accessToken":"AT","expiresOn":"2026-11-21 10:00:00.000000","expires_on":1800000000}"#,
                Some(1_800_000_000),
            ),
            (
                r#"{"token":"AT","expiresOn":"2027-01-15T08:00:00Z"}"#,
                Some(1_800_000_000),
            ),
            (
                r#"{"token":"AT","expiresOn":"2027-01-15T10:00:00.5+02:00"}"#,
                Some(1_800_000_000),
            ),
            (
                r#"{"accessToken":"AT","expiresOn":"2026-11-21 10:00:00.000000"}"#,
                None,
            ),
            (r#"{"accessToken":"AT","expiresOn":null}"#, None),
            // {"exp":1800000000}
            (
                r#"{"accessToken":"e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln","expiresOn":null}"#,
                Some(1_800_000_000),
            ),
        ];
        for (output, expected) in cases {
            assert_eq!(moment(output), expected, "{output}");
        }
    }

    #[test]
    fn what_holds_no_token_is_none() {
        for output in [
            "",
            "null",
            "[]",
            "AT",
            "{}",
            r#"{"accessToken":""}"#,
            r#"{"accessToken":7}"#,
            r#"{"tokenType":"Bearer"}"#,
            r#"{"accessToken":"AT"} and more"#,
            r#"{"accessToken":"AT\r\nX: 1"}"#,
            r#"{"token":"A T"}"#,
        ] {
            assert!(Printed::read(output.as_bytes()).is_none(), "{output}");
        }
    }
}
