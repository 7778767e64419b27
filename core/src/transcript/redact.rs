//! Redaction: what may be shown is listed here; all else becomes a placeholder.

use http::HeaderMap;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Map, Value};
use url::Url;

use self::fields::{SHOWN_FIELDS, SHOWN_IN_ERRORS, is_secret, kind_of, means_the_same};
use self::fit::{in_whole_seconds, shallow};
use super::record::{Content, Headers};
use crate::effect::{fits_header, is_word};
use crate::environment::may_hold_secret;
use crate::json::Erased;
use crate::oauth::{SecretSearch, marks_error, safe_text};
use crate::pem::certificates;
use crate::secret::{Secret, trimmed};
use crate::sorted::Sorted;

/// Header fields whose values are shown.
const SHOWN_HEADERS: &[&str] = &[
    "accept",
    "content-type",
    "date",
    "metadata",
    "retry-after",
    "retry-after-ms",
    "return-client-request-id",
    "www-authenticate",
    "x-client-os",
    "x-client-sku",
    "x-ms-retry-after-ms",
    "x-msedge-ref",
    "x-tfs-fedauthredirect",
    "x-vss-e2eid",
];

/// The ends of paths that are this crate's own words, whatever secret is a part of them by chance.
const OWN_PATHS: &[&str] = &[
    "/oauth2/authorize",
    "/oauth2/devicecode",
    "/oauth2/token",
    "/oauth2/v2.0/authorize",
    "/oauth2/v2.0/devicecode",
    "/oauth2/v2.0/token",
];

/// How many characters of a text are shown at most.
const LONGEST: usize = 2048;

/// Words that decisions rest on, kept of texts that are otherwise hidden.
const KEPT_WORDS: &[&str] = &["unreachable"];

/// After the placeholder of a text with certificates.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----";

/// Before the placeholder of a page.
const PAGE: &str = "<html>";

/// After the placeholder of a text that is not one word.
const SEVERAL_WORDS: &str = "words";

/// The members of an answer that are opened to be shown.
const OPENED: [&str; 2] = ["id_token", "client_info"];

/// Behind the placeholder of an input that is unfit for something, and so is the placeholder.
const MARKS: [char; 5] = ['\u{fffd}', '\n', '…', ' ', '\u{1}'];

/// What makes a placeholder as unfit for a header field as the text that it stands for, and gives it
/// white space around it where that has some.
pub(super) fn mark_of(text: &str) -> &'static str {
    match (fits_header(text), text.trim() != text) {
        (_, false) if text.contains('\u{fffd}') => "\u{fffd}",
        (_, true) if text.contains('\u{fffd}') => "\u{fffd} ",
        (true, false) => "",
        (true, true) => " ",
        (false, false) if text.contains(is_control) => "\u{1}",
        (false, true) if text.contains(is_control) => "\n",
        (false, false) => "…",
        (false, true) => "… ",
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// Replaces secrets by placeholders: the same secret by the same one, numbered by first sight.
#[derive(Debug, Default)]
pub struct Redactor {
    known: Vec<(Secret, String)>,
    /// The secrets by their places in `known`.
    search: SecretSearch,
    counts: Sorted<&'static str, usize>,
}

/// Whether a text is a placeholder: `redacted-`, a kind, `-`, a number.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let Some((kind, number)) = text
        .strip_prefix("redacted-")
        .and_then(|rest| rest.rsplit_once('-'))
    else {
        return false;
    };
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    (1..=20).contains(&kind.len())
        && kind.bytes().all(lower)
        && (1..=6).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The placeholder in what a replay gives in the place of a secret, behind which a mark may stand.
pub(crate) fn placeholder_in(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(MARKS);
    is_placeholder(bare).then_some(bare)
}

impl Redactor {
    /// The placeholder of a secret, as a secret text of the same kind, which no header field can hold
    /// if the secret is such a one.
    pub fn secret(&mut self, kind: &'static str, secret: &Secret) -> Secret {
        let mark = mark_of(secret.expose());
        Secret::new(self.placeholder(kind, secret.expose()) + mark)
    }

    /// The placeholder of a text, which is looked for in all that is shown from now on. Nothing stays
    /// nothing.
    pub(super) fn placeholder(&mut self, kind: &'static str, text: &str) -> String {
        self.hide(kind, text, true)
    }

    fn hide(&mut self, kind: &'static str, text: &str, is_secret: bool) -> String {
        if text.is_empty() {
            return String::new();
        }
        if let Some((_, placeholder)) = self.known.iter().find(|(known, _)| known.expose() == text)
        {
            return placeholder.clone();
        }
        if let Some(bare) = placeholder_in(text).filter(|bare| *bare != text) {
            let placeholder = self.hide(kind, bare, is_secret);
            self.know(text, &placeholder, is_secret);
            return placeholder;
        }
        let count = self.counts.get(kind).map_or(1, |count| count + 1);
        self.counts.insert(kind, count);
        let placeholder = format!("redacted-{kind}-{count}");
        self.know(text, &placeholder, is_secret);
        placeholder
    }

    fn know(&mut self, text: &str, placeholder: &str, is_secret: bool) {
        // What a program printed is hidden where it stands; its words may be anybody's. What is a
        // placeholder already is no secret in any form, and with a mark it is one as it is written.
        if is_secret && !placeholder.starts_with("redacted-output-") && !is_hidden(text) {
            let which = self.known.len();
            match placeholder_in(text) {
                Some(_) => self.search.add_escaped(which, text),
                None => self.search.add(which, text),
            }
        }
        self.known.push((text.into(), placeholder.to_owned()));
    }

    /// The placeholder of what should be one word, marked where it is none, so that whatever
    /// refuses it refuses it in a replay too.
    pub(super) fn one_secret(&mut self, kind: &'static str, text: &str) -> String {
        let placeholder = self.placeholder(kind, text);
        match is_word(text) {
            true => placeholder,
            false => format!("{placeholder} {SEVERAL_WORDS}"),
        }
    }

    /// A text that is shown, with every known secret in it replaced, in whatever form it is there.
    pub(crate) fn text(&self, text: &str) -> String {
        let shown = self.search.masked(text, |which| &self.known[which].1);
        safe_text(&shown, LONGEST, &[])
    }

    pub(super) fn url(&mut self, url: &Url) -> String {
        let query = self.form(
            url.query_pairs()
                .map(|(name, value)| (name.into_owned(), value.into_owned())),
        );
        let mut shown = url.clone();
        shown.set_fragment(None);
        // The fields can be cleared wherever there can be any.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let path = url.path();
        let own = OWN_PATHS.iter().find(|own| path.ends_with(*own));
        let (before, own) = path.split_at(path.len() - own.map_or(0, |own| own.len()));
        shown.set_path(&(self.text(before) + own));
        shown.set_query(None);
        if !query.is_empty() {
            shown.query_pairs_mut().extend_pairs(query);
        }
        shown.into()
    }

    /// The value of a variable that is no secret as a whole, but may be a URL with passwords in it;
    /// of a query the names of its parameters are kept.
    pub(super) fn variable(&mut self, value: &str) -> String {
        // What was hidden before keeps its place among the numbers.
        let was_hidden = value.split(' ').any(is_placeholder);
        if !may_hold_secret(value) && !was_hidden {
            return value.to_owned();
        }
        match Url::parse(value) {
            Ok(url) if !value.contains('@') && url.query() != Some("") => {
                let fragment = url.fragment().map_or("", |_| "#redacted");
                let is_named = |url: &Url| url.query_pairs().all(|(_, value)| !value.is_empty());
                match url.query() {
                    Some(query) if !is_named(&url) => {
                        let mut shown = url.clone();
                        shown.set_query(Some(&self.placeholder("variable", query)));
                        shown.set_fragment(None);
                        String::from(shown) + fragment
                    }
                    _ => self.url(&url) + fragment,
                }
            }
            _ => self.hidden_text("variable", value),
        }
    }

    pub(super) fn headers(&mut self, headers: &HeaderMap, keep_hidden: bool) -> Headers {
        let mut shown = Headers::new();
        for name in headers.keys() {
            // The first of several and no value that is not text: as they are read. Of challenges it
            // is the one that a credential answers.
            let values = headers.get_all(name);
            let is_basic = |value: &&HeaderValue| {
                let scheme = value.as_bytes().get(..5).unwrap_or_default();
                name == WWW_AUTHENTICATE && scheme.eq_ignore_ascii_case(b"Basic")
            };
            let value = values.iter().find(is_basic).unwrap_or(&headers[name]);
            let Ok(text) = value.to_str() else { continue };
            if SHOWN_HEADERS.contains(&name.as_str()) && !value.is_sensitive() {
                // What is sent in these fields are words of this crate's own.
                let text = if keep_hidden {
                    text.to_owned()
                } else {
                    self.text(text)
                };
                shown.insert(name.as_str().to_owned(), text);
            } else if keep_hidden {
                // What is no secret, such as a version, may be a part of any text.
                let placeholder = self.hide("header", text, value.is_sensitive());
                shown.insert(name.as_str().to_owned(), placeholder);
            }
        }
        shown
    }

    /// The fields of a form, in order. What is shown of them are this crate's own words and what is
    /// plain in the configuration: a secret that is such a word by chance is not meant there.
    pub(super) fn form(
        &mut self,
        fields: impl Iterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        let fields = fields.map(|(name, value)| {
            let shown = if SHOWN_FIELDS.contains(&name.as_str()) {
                safe_text(&value, LONGEST, &[])
            } else {
                self.placeholder(kind_of(&name), &value)
            };
            (name, shown)
        });
        fields.collect()
    }

    /// A body, a file or an output: as JSON where it is an object, else as text.
    pub(super) fn content(&mut self, kind: &'static str, bytes: &[u8]) -> Content {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Content::Binary;
        };
        // Of a file what is around its text is not read; of an answer it is.
        let bare = trimmed(text);
        let read = if kind == "file" { bare } else { text };
        match serde_json::from_str::<Value>(read).map(Erased::from) {
            Ok(value) if value.is_object() => Content::Json(shallow(self.answer(&value))),
            _ if bare.is_empty() => Content::Empty,
            _ => Content::Text(self.hidden_text(kind, bare)),
        }
    }

    /// The placeholder of a text, with the words that decisions rest on.
    pub(super) fn hidden_text(&mut self, kind: &'static str, text: &str) -> String {
        // What is replayed is a placeholder among its marks, and stays that one.
        let mut shown = match text.split(' ').find(|word| is_placeholder(word)) {
            Some(placeholder) if is_hidden(text) => {
                let shown = self.placeholder(kind, placeholder);
                self.know(text, &shown, true);
                shown
            }
            _ => self.placeholder(kind, text),
        };
        // Of a file that is one word nothing else matters, and it stays one.
        if is_placeholder(text) || (kind == "file" && is_word(text)) {
            return shown;
        }
        if text.starts_with('<') {
            shown.insert(0, ' ');
            shown.insert_str(0, PAGE);
        }
        for word in KEPT_WORDS.iter().filter(|word| text.contains(*word)) {
            shown.push(' ');
            shown.push_str(word);
        }
        if certificates(text).is_some() {
            shown.push(' ');
            shown.push_str(CERTIFICATE);
        }
        if !is_word(text) && is_word(&shown) {
            shown.push(' ');
            shown.push_str(SEVERAL_WORDS);
        }
        shown
    }

    pub(super) fn json(&mut self, name: &str, value: &Value) -> Value {
        match value {
            // Read as texts alone; what else is in them takes no place among the numbers.
            _ if OPENED.contains(&name) && !value.is_string() => Value::Null,
            Value::Object(members) => {
                let in_error = name == "error" || marks_error(members);
                Value::Object(self.members(members, in_error))
            }
            Value::Array(items) => items.iter().map(|item| self.json(name, item)).collect(),
            // What has no meaning must not get one by being made fit to show.
            Value::String(text) if !means_the_same(name, text, || self.text(text)) => {
                Value::String(self.hidden_text(kind_of(name), text))
            }
            Value::String(text) if SHOWN_FIELDS.contains(&name) => Value::String(self.text(text)),
            Value::String(text) => Value::String(self.one_secret(kind_of(name), text)),
            Value::Number(_) if !SHOWN_FIELDS.contains(&name) => Value::from(0),
            Value::Number(number) if number.is_f64() => {
                Value::from(number.as_f64().map(in_whole_seconds))
            }
            plain => plain.clone(),
        }
    }

    /// The members that are known. The others are left out: nothing reads them.
    fn members(&mut self, members: &Map<String, Value>, in_error: bool) -> Map<String, Value> {
        let is_shown = |name: &str| {
            SHOWN_FIELDS.contains(&name) || (in_error && SHOWN_IN_ERRORS.contains(&name))
        };
        // Secrets first, so that a text beside one that repeats it is known to hold one.
        let (shown, hidden): (Vec<_>, Vec<_>) = members
            .iter()
            .filter(|(name, _)| is_shown(name) || is_secret(name))
            .partition(|(name, _)| is_shown(name));
        let mut redacted = Map::new();
        for (name, value) in hidden.into_iter().chain(shown) {
            let value = match value {
                Value::String(text) if in_error && SHOWN_IN_ERRORS.contains(&name.as_str()) => {
                    Value::String(self.text(text))
                }
                value => self.json(name, value),
            };
            redacted.insert(name.clone(), value);
        }
        redacted
    }
}

/// Whether a text is what a replay gives in the place of a secret: a placeholder, perhaps with marks.
fn is_hidden(text: &str) -> bool {
    let placeholder = text.split(' ').find(|word| is_placeholder(word));
    placeholder.is_some_and(|placeholder| text.split(' ').all(|word| is_mark(word, placeholder)))
}

/// Whether a word is this placeholder or stands beside one.
fn is_mark(word: &str, placeholder: &str) -> bool {
    let kept = KEPT_WORDS.iter().copied().chain(CERTIFICATE.split(' '));
    let mut marks = kept.chain([placeholder, PAGE, SEVERAL_WORDS]);
    marks.any(|mark| mark == word)
}

mod fields;
mod fit;
#[cfg(test)]
mod tests;
