//! Answers that are errors: what they say is kept, bounded and masked; the body is not.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde_json::{Map, Value};

use super::advice;
use super::fault::AnswerFault;
use super::secret_search::SecretSearch;
use crate::context::Context;
use crate::effect::HttpResponse;
use crate::json;
use crate::retry;
use crate::secret::{MASK, Secret};

/// An endpoint's error, in any of the forms that Entra and the metadata endpoints use
/// (RFC 6749 section 5.2 and its relatives).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    status: u16,
    error: String,
    suberror: Option<String>,
    codes: Vec<u64>,
    description: String,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    timestamp: Option<String>,
    claims: Option<String>,
    retry_after: Option<Duration>,
    server_date: Option<String>,
    sent_padded: bool,
}

impl ServiceError {
    /// Reads an answer as an error. Secrets that the run sent and texts in the shape of a JWT are
    /// masked in whatever is kept.
    pub(crate) fn read(response: &HttpResponse, cx: &Context) -> Result<Self, AnswerFault> {
        let body = json::read_erased(response.body.expose());
        let body = body.as_deref().and_then(Value::as_object);
        let body = body.ok_or_else(|| AnswerFault::not_json(response, cx.now()))?;
        // `{"error":"…","error_description":"…"}`, `{"error":{"code":"…","message":"…"}}` or
        // `{"statusCode":500,"message":"…"}` or `{"typeKey":"…","message":"…"}`
        let object = body.get("error").and_then(Value::as_object);
        let inner = object.unwrap_or(body);
        // Elsewhere a `code` is no error's name: it may be a secret.
        let in_error = object.is_some() || marks_error(body);
        // An answer that refuses may hold a token all the same, and say it in words.
        let tokens = TOKENS.iter().filter_map(|name| body.get(*name)?.as_str());
        let secrets: Vec<_> = tokens.map(Secret::from).chain(cx.secrets()).collect();
        let secrets = &SecretSearch::of(&secrets);
        let text = |names: &[&str], most: usize| {
            let names = &names[..if in_error { names.len() } else { 1 }];
            let found = names.iter().find_map(|name| inner.get(*name)?.as_str());
            found
                .map(|text| masked_text(text, most, secrets))
                .filter(|text| !text.is_empty())
        };
        let error = text(&["error", "code"], 100).unwrap_or_default();
        let description = text(&["error_description", "message"], 2048).unwrap_or_default();
        if error.is_empty() && description.is_empty() && (300..400).contains(&response.status) {
            return Err(AnswerFault::Redirect {
                status: response.status,
            });
        }
        let codes = codes(inner, &description);
        let pause = retry::pause_of_header(response, cx.now());
        Ok(Self {
            status: response.status,
            error,
            suberror: text(&["suberror"], 100),
            retry_after: pause.or_else(|| advice::pause_of(&codes)),
            codes,
            description: first_paragraph(&description),
            trace_id: text(&["trace_id"], 100),
            correlation_id: text(&["correlation_id"], 100)
                .or_else(|| text(&["correlationId"], 100)),
            timestamp: text(&["timestamp"], 100),
            claims: inner
                .get("claims")
                .and_then(Value::as_str)
                .and_then(|claims| json_object(claims, secrets)),
            server_date: response
                .header("date")
                .map(|date| masked_text(date, 40, secrets)),
            sent_padded: cx.sent_secrets().iter().any(is_padded),
        })
    }

    /// The error that a redirect brought, which has no status (RFC 6749 section 4.1.2.1).
    pub(crate) fn on_redirect(error: &str, description: &str, secrets: &[Secret]) -> Self {
        let description = safe_text(description, 2048, secrets);
        Self {
            status: 0,
            error: safe_text(error, 100, secrets),
            suberror: None,
            codes: codes(&Map::new(), &description),
            description: first_paragraph(&description),
            trace_id: None,
            correlation_id: None,
            timestamp: None,
            claims: None,
            retry_after: None,
            server_date: None,
            sent_padded: false,
        }
    }

    /// The HTTP status; 0 for what a browser brought back.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The error's name, such as `invalid_client`: the one member meant for program logic. Empty
    /// where the endpoint gave none.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// A refinement of the error's name that some answers have.
    pub fn suberror(&self) -> Option<&str> {
        self.suberror.as_deref()
    }

    /// The AADSTS numbers, without their prefix. They may change: good for advice, not for logic.
    pub fn codes(&self) -> &[u64] {
        &self.codes
    }

    /// What the endpoint says in words: one line, masked, at most 2,048 characters.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The id by which Microsoft's support finds the request.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// The id that ties together all requests of one operation.
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// When the endpoint says that it happened.
    pub fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_deref()
    }

    /// A claims challenge to satisfy: a JSON object to send with the next request, or to hand to
    /// whoever can sign a person in.
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// The claims challenge as an API hands it on to its own caller, with a 401: the value of the
    /// header field `WWW-Authenticate` (RFC 6750 section 3), with the claims in base64. A caller
    /// whose library knows such challenges lets the person sign in and comes again.
    pub fn www_authenticate(&self) -> Option<HeaderValue> {
        let claims = STANDARD.encode(self.claims.as_deref()?);
        let challenge = format!(r#"Bearer error="insufficient_claims", claims="{claims}""#);
        Some(HeaderValue::from_str(&challenge).expect("base64 is visible ASCII"))
    }

    /// How long the endpoint wants not to be asked again: as it says, or else a minute where the
    /// error's code is that of a client which asks too often.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn set_retry_after(&mut self, pause: Duration) {
        self.retry_after = Some(pause);
    }

    /// What to do about it, for the codes that are known, and for too many requests.
    pub fn advice(&self) -> Option<&'static str> {
        let is_wrong = |code| advice::WRONG_SECRET.contains(code);
        if self.sent_padded && self.codes.iter().any(is_wrong) {
            return Some(advice::PADDED);
        }
        let for_code = self.codes.iter().find_map(|code| advice::for_code(*code));
        for_code.or_else(|| (self.status == 429).then_some(advice::TOO_MANY))
    }

    /// Whether only a person can help, by signing in again or by giving consent.
    pub fn needs_interaction(&self) -> bool {
        const ERRORS: [&str; 3] = ["interaction_required", "consent_required", "login_required"];
        const REFINED: [&str; 7] = [
            "additional_action",
            "bad_token",
            "basic_action",
            "consent_required",
            "interrupted_user",
            "ui_not_allowed",
            "user_password_expired",
        ];
        let suberror = self.suberror.as_deref().unwrap_or_default();
        let is_refined = REFINED.contains(&suberror)
            || (REFINED.contains(&self.error.as_str()) && suberror != "message_only");
        let challenges = self.error == "invalid_grant" && self.claims.is_some();
        ERRORS.contains(&self.error.as_str()) || is_refined || challenges
    }

    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self.status, 408 | 410 | 429 | 500..=599)
            || matches!(
                self.error.as_str(),
                "temporarily_unavailable" | "server_error"
            )
            || self
                .codes
                .iter()
                .any(|code| advice::TRANSIENT.contains(code))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("answered")?;
        if self.status != 0 {
            write!(f, " HTTP {}", self.status)?;
        }
        if !self.error.is_empty() {
            write!(f, " {}", self.error)?;
        }
        if let Some(code) = self
            .codes
            .first()
            .filter(|_| !self.description.contains("AADSTS"))
        {
            write!(f, " (AADSTS{code})")?;
        }
        if !self.description.is_empty() {
            write!(f, ": {}", self.description)?;
        }
        if let Some(pause) = self.retry_after {
            write!(f, " (it asks for a pause of {pause:?})")?;
        }
        let notes = [
            ("trace id", &self.trace_id),
            ("correlation id", &self.correlation_id),
            ("at", &self.timestamp),
        ];
        let mut notes = notes
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        if let Some((name, value)) = notes.next() {
            write!(f, " [{name} {value}")?;
            notes.try_for_each(|(name, value)| write!(f, ", {name} {value}"))?;
            f.write_str("]")?;
        }
        if let (true, Some(date)) = (self.codes.contains(&700_024), &self.server_date) {
            write!(f, " (the server's clock says {date})")?;
        }
        Ok(())
    }
}

/// The members of an answer that are secret.
const TOKENS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

/// Whether an object without an `error` is one all the same: those of App Service and of Azure
/// DevOps have these members.
pub(crate) fn marks_error(members: &Map<String, Value>) -> bool {
    members.contains_key("statusCode") || members.contains_key("typeKey")
}

/// A foreign text made fit to show: one line, bounded, without secrets and without JWTs.
pub(crate) fn safe_text(text: &str, most: usize, secrets: &[Secret]) -> String {
    masked_text(text, most, &SecretSearch::of(secrets))
}

fn masked_text(text: &str, most: usize, secrets: &SecretSearch) -> String {
    let clean = secrets.masked(text, |_| MASK);
    let words: Vec<_> = clean.split(is_blank).collect();
    let masked: Vec<_> = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| mask_tokens(word))
        .collect();
    let line = masked.join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// White space, and what moves or hides text on a screen: control and formatting characters.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Replaces what has the shape of a JWT: it begins as every base64url JSON object does.
fn mask_tokens(word: &str) -> String {
    let in_token =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | '+' | '/');
    let mut masked = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(start) = rest.find("eyJ") {
        let (before, token) = rest.split_at(start);
        let end = token.find(|c| !in_token(c)).unwrap_or(token.len());
        masked.push_str(before);
        masked.push_str(if end > 12 { "[token]" } else { &token[..end] });
        rest = &token[end..];
    }
    masked + rest
}

/// Whether a secret has white space around it, which its owner hardly meant.
fn is_padded(secret: &Secret) -> bool {
    secret.expose().trim() != secret.expose()
}

/// The AADSTS numbers that an error object lists, or else its description.
pub(super) fn codes(body: &Map<String, Value>, description: &str) -> Vec<u64> {
    let listed = body.get("error_codes").and_then(Value::as_array);
    let mut codes: Vec<u64> = listed
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .take(16)
        .collect();
    if codes.is_empty() {
        codes.extend(aadsts_codes(description));
    }
    codes
}

/// The numbers behind `AADSTS` in a text, the first sixteen.
pub(crate) fn aadsts_codes(text: &str) -> impl Iterator<Item = u64> + '_ {
    let numbers = text.split("AADSTS").skip(1).filter_map(|text| {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text[..end].parse().ok()
    });
    numbers.take(16)
}

/// The part before Entra's trace lines, which are kept as members of their own.
fn first_paragraph(description: &str) -> String {
    description
        .split(" Trace ID:")
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// The most claims that are handed on, in bytes.
const LONGEST_CLAIMS: usize = 16 * 1024;

/// Claims are handed on as they are, so they count only if they hold none of the secrets.
fn json_object(text: &str, secrets: &SecretSearch) -> Option<String> {
    if text.len() > LONGEST_CLAIMS {
        return None;
    }
    let object = json::read_erased(text.as_bytes())?;
    let mut is_secret = |text: &str| secrets.is_met_in(text);
    let is_clean = !is_secret(text) && !json::any_text(&object, &mut is_secret);
    is_clean.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_comes_out_as_one_bounded_line_without_secrets() {
        let secrets = [Secret::new("p&s s")];
        let shown = safe_text(
            "a\r\nb p&s s, p%26s+s, p%26s%20s, cCZzIHM. eyJhbGciOiJSUzI1NiJ9.x.y!",
            2048,
            &secrets,
        );
        assert_eq!(
            shown,
            "a b [secret], [secret], [secret], [secret]. [token]!"
        );
        assert_eq!(safe_text("äöü", 2, &[]), "äö…");
    }

    #[test]
    fn a_secret_is_masked_however_its_escapes_are_written() {
        let secrets = [Secret::new("ab~8\"Q"), Secret::new("x y/z")];
        let echoed = r#"ab%7E8%22Q ab%7e8%22Q ab~8\"Q x%20y%2fz x+y%2Fz"#;
        assert!(!safe_text(echoed, 2048, &secrets).contains(['Q', 'z']));
    }
}
