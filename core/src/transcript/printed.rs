//! What a program printed, as it is recorded.

use serde_json::Value;

use super::record::Content;
use super::redact::{Redactor, is_placeholder};
use crate::tool::{Printed, signs_in, without_mark};

impl Redactor {
    /// Standard output. Where a token says itself when it expires, and its placeholder cannot, the
    /// moment is put beside it, so that a replay finds it.
    pub(super) fn stdout(&mut self, bytes: &[u8]) -> Content {
        let mut content = self.content("output", without_mark(bytes));
        let from_token = Printed::read(bytes).filter(|printed| printed.from_token);
        let moment = from_token.and_then(|printed| printed.expires_on);
        if let (Content::Json(Value::Object(members)), Some(moment)) = (&mut content, moment) {
            members.insert("expires_on".to_owned(), moment.unix_seconds().into());
        }
        content
    }

    /// Standard error: a placeholder, and behind it the signs that decisions rest on.
    pub(super) fn stderr(&mut self, bytes: &[u8]) -> Content {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim();
        if text.is_empty() {
            return Content::Empty;
        }
        // What is replayed is a placeholder before its signs, and stays that one.
        let hidden = match text.split_once(' ') {
            Some((first, _)) if is_placeholder(first) => first,
            _ => text,
        };
        let mut words = vec![self.placeholder("output", hidden)];
        words.extend(signs_in(text));
        Content::Text(words.join(" "))
    }
}
