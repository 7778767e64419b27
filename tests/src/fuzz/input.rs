//! Bytes as what a target needs.

use std::sync::LazyLock;

use azid_core::effect::HttpResponse;
use azid_core::testing::{Case, cases};
use azid_core::transcript::{Content, Message};
use azid_core::{Environment, Error, Exposure, Outcome, Transcript};
use percent_encoding::percent_decode_str;
use url::Url;

/// Every registered case, made once.
pub(super) static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

const STATUSES: [u16; 8] = [200, 400, 401, 403, 404, 429, 500, 503];

/// The longest that an error is in words, with everything that it quotes.
const LONGEST_ERROR: usize = 16 * 1024;

/// One byte that picks the status, then the body.
pub(super) fn response(data: &[u8]) -> Option<HttpResponse> {
    let (choice, body) = data.split_first()?;
    let status = STATUSES[usize::from(*choice) % STATUSES.len()];
    Some(HttpResponse::new(status, body))
}

/// Panics when a line of an error could move anything on a screen, or is without end.
pub(super) fn can_be_printed(error: &Error) {
    let shown = error.to_string();
    let moves = |character: char| character.is_control() && character != '\n';
    assert!(!shown.contains(moves), "{shown:?}");
    assert!(shown.len() <= LONGEST_ERROR, "{} bytes", shown.len());
}

/// Panics when anything that can be shown of a run holds the secret: as it is or percent-encoded, in
/// letters of any case, with blanks anywhere in it.
pub(super) fn shows_no(secret: &str, outcome: &Outcome) {
    let transcript = serde_json::to_string(&outcome.transcript).expect("a transcript serialises");
    let mut shown = format!("{outcome:?}{transcript}");
    if let Err(error) = &outcome.result {
        shown.push_str(&error.to_string());
    }
    assert!(!squeezed(&shown).contains(secret), "{shown}");
}

/// A text as it is compared with a secret: without percent-encoding, capital letters, blanks, and what
/// moves or hides text on a screen.
pub(super) fn squeezed(text: &str) -> String {
    let mut text = percent_decode_str(text).decode_utf8_lossy().to_lowercase();
    let is_unseen = |it| matches!(it, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.retain(|it| !it.is_whitespace() && !it.is_control() && !is_unseen(it) && it != '+');
    text
}

/// Whether a variable that should be plain is hidden in a transcript, since it seems to hold a
/// password: what it decided is then not always decided so in a replay.
pub(super) fn is_hidden(name: &str, value: &str, transcript: &Transcript) -> bool {
    let is_plain = Environment::exposure(name) == Some(Exposure::Plain);
    let shown = transcript.environment.get(name);
    is_plain && !value.trim().is_empty() && shown.is_some_and(|shown| shown != value)
}

/// Whether a secret is by chance a part of what is plain in a request, and hides that part in a
/// transcript: a replay knows nothing of it.
pub(super) fn hides_what_is_plain(transcript: &Transcript) -> bool {
    let mut messages = transcript
        .exchanges
        .iter()
        .map(|exchange| &exchange.message);
    messages.any(|message| match message {
        Message::Http { url, body, .. } => {
            let fields = match body {
                Content::Form(fields) => fields.as_slice(),
                _ => &[],
            };
            hides_of_url(url)
                || fields
                    .iter()
                    .any(|(name, value)| hides_of_field(name, value))
        }
        Message::Authorize { endpoint, .. } => hides_of_url(endpoint),
        Message::ReadFile { path, .. } => hides(path),
        Message::Exec { arguments, .. } => arguments.iter().any(|argument| hides(argument)),
        _ => false,
    })
}

fn hides_of_url(url: &str) -> bool {
    let url = Url::parse(url).expect("a URL is recorded as one");
    // The name of a person follows.
    let plain = url.path().split("/UserRealm/").next();
    plain.is_some_and(hides)
        || url
            .query_pairs()
            .any(|(name, value)| hides_of_field(&name, &value))
}

fn hides_of_field(name: &str, value: &str) -> bool {
    !SECRET_FIELDS.contains(&name) && hides(value)
}

/// Whether there is a placeholder in a text: its kind and its number.
fn hides(text: &str) -> bool {
    text.split("redacted-").skip(1).any(|rest| {
        let number = rest.trim_start_matches(|it: char| it.is_ascii_lowercase() || it == '-');
        number.len() < rest.len() && number.starts_with(|it: char| it.is_ascii_digit())
    })
}

/// The fields of forms and queries in which secrets are sent.
const SECRET_FIELDS: &[&str] = &[
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "device_code",
    "login_hint",
    "nonce",
    "password",
    "refresh_token",
    "state",
    "username",
];
