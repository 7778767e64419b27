//! Who signed in, as an answer of a token endpoint says it: in texts that are encoded JSON, of which
//! a transcript keeps what decisions rest on, as plain members.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::redact::Redactor;
use crate::oauth::{IdToken, client_info};
use crate::secret::Secret;

const SHOWN_CLAIMS: [&str; 3] = ["oid", "sub", "tid"];
const HIDDEN_CLAIMS: [(&str, &str); 5] = [
    ("email", "name"),
    ("nonce", "value"),
    ("preferred_username", "name"),
    ("unique_name", "name"),
    ("upn", "name"),
];

impl Redactor {
    /// An answer without its secrets, and with these texts opened.
    pub(super) fn answer(&mut self, answer: &Value) -> Value {
        let mut redacted = self.json("", answer);
        let text = |name: &str| answer[name].as_str().map(Secret::from);
        if let Some(id_token) = text("id_token").as_ref().and_then(IdToken::read) {
            redacted["id_token"] = self.claims(&id_token);
        }
        if let Some((user, tenant)) = text("client_info").as_ref().and_then(client_info) {
            let ids = [("uid", user), ("utid", tenant)];
            let ids = ids.map(|(name, id)| (name.to_owned(), self.text(&id).into()));
            redacted["client_info"] = Value::Object(Map::from_iter(ids));
        }
        redacted
    }

    fn claims(&mut self, id_token: &IdToken) -> Value {
        let mut claims = Map::new();
        for name in SHOWN_CLAIMS {
            if let Some(text) = id_token.text(name) {
                claims.insert(name.to_owned(), self.text(text).into());
            }
        }
        for (name, kind) in HIDDEN_CLAIMS {
            if let Some(text) = id_token.text(name) {
                claims.insert(name.to_owned(), self.placeholder(kind, text).into());
            }
        }
        Value::Object(claims)
    }
}

/// Encodes what was opened, for a replay.
pub(super) fn close_identity(answer: String) -> String {
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(&answer) else {
        return answer;
    };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut closed = false;
    for (name, before, after) in [("id_token", "e30.", ".redacted"), ("client_info", "", "")] {
        if let Some(value) = members.get_mut(name).filter(|value| value.is_object()) {
            *value = format!("{before}{}{after}", encode(value)).into();
            closed = true;
        }
    }
    if closed {
        Value::Object(members).to_string()
    } else {
        answer
    }
}
