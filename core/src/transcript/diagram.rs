//! The sequence diagram of a transcript, in the language of Mermaid.
//!
//! Whatever stands in a transcript is text in a diagram, and no part of its language: every
//! character but a few is written as its number.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::record::{Answer, Content, Message, Printed, Reply};
use super::{Ending, Transcript};

/// The program that asks for a token, whose callbacks are called too.
const PROGRAM: &str = "your program";
const PERSON: &str = "a person";
const FILES: &str = "files";

/// How many characters of one text are shown.
const LONGEST: usize = 160;

/// A line is broken here.
const BREAK: &str = "<br/>";

impl Transcript {
    /// Who said what to whom, as a sequence diagram of [Mermaid](https://mermaid.js.org), which
    /// many viewers of Markdown draw.
    pub fn diagram(&self) -> String {
        let mut diagram = Diagram::default();
        diagram.others.push(PROGRAM.to_owned());
        let scopes = format!("a token for {}", self.request.scopes().join(" "));
        diagram.arrow("P0", "->>", "A", &text(&scopes));
        for exchange in &self.exchanges {
            diagram.message(&exchange.message);
        }
        diagram.arrow("A", "-->>", "P0", &ending(&self.ending));
        diagram.with_participants(&self.credential)
    }
}

/// The lines of the messages, and who is in them beside the credential.
#[derive(Default)]
struct Diagram {
    others: Vec<String>,
    lines: String,
}

impl Diagram {
    fn message(&mut self, message: &Message) {
        let (whom, asked, answered) = match message {
            Message::Sleep {
                reason, nominal, ..
            } => {
                let why = name_of(reason);
                let wait = text(&format!("waits {} s: {why}", nominal.as_secs_f64()));
                let _ = writeln!(self.lines, "    Note over A: {wait}");
                return;
            }
            Message::Http {
                method,
                url,
                body,
                reply,
                ..
            } => {
                let (host, path) = host_and_path(url);
                let asked = two_lines(&format!("{method} {path}"), &said(body));
                (host, asked, reply_of(reply, answer))
            }
            Message::ReadFile { path, reply, .. } => {
                let answered = reply_of(reply, |content| text(&said(content)));
                (FILES.to_owned(), text(&format!("read {path}")), answered)
            }
            Message::Exec {
                program,
                arguments,
                reply,
            } => {
                let program = program.rsplit(['/', '\\']).next().unwrap_or_default();
                let asked = text(&arguments.join(" "));
                (program.to_owned(), asked, reply_of(reply, printed))
            }
            Message::Sign {
                algorithm,
                signer,
                reply,
            } => {
                let key = signer.as_deref().unwrap_or("private key");
                let asked = text(&format!("sign by {}", name_of(algorithm)));
                (key.to_owned(), asked, reply_of(reply, |shown| text(shown)))
            }
            Message::Assertion {
                kind,
                callback,
                reply,
                ..
            } => {
                let asked = text(&format!("callback {callback}: {}", name_of(kind)));
                (
                    PROGRAM.to_owned(),
                    asked,
                    reply_of(reply, |shown| text(shown)),
                )
            }
            Message::Token { callback, reply } => {
                let asked = text(&format!("callback {callback}: token"));
                let answered = reply_of(reply, |granted| text(&granted.token));
                (PROGRAM.to_owned(), asked, answered)
            }
            Message::Prompt {
                verification_uri,
                reply,
                ..
            } => {
                let asked = text(&format!("the code, and the page {verification_uri}"));
                (PERSON.to_owned(), asked, reply_of(reply, |()| text("seen")))
            }
            Message::Authorize { endpoint, reply } => {
                let (host, path) = host_and_path(endpoint);
                let page = path.split('?').next().unwrap_or_default();
                let asked = two_lines(
                    &format!("sign in at {host}{page}"),
                    &names_in_query(endpoint),
                );
                let answered = reply_of(reply, |place| match (&place.code, &place.error) {
                    (Some(code), _) => text(&format!("{code}, to port {}", place.port)),
                    (None, error) => text(error.as_deref().unwrap_or("denied")),
                });
                (PERSON.to_owned(), asked, answered)
            }
        };
        let other = self.participant(whom);
        self.arrow("A", "->>", &other, &asked);
        self.arrow(&other, "-->>", "A", &answered);
    }

    fn participant(&mut self, name: String) -> String {
        let known = self.others.iter().position(|it| *it == name);
        let number = known.unwrap_or_else(|| {
            self.others.push(name);
            self.others.len() - 1
        });
        format!("P{number}")
    }

    fn arrow(&mut self, from: &str, arrow: &str, to: &str, words: &str) {
        let _ = writeln!(self.lines, "    {from}{arrow}{to}: {words}");
    }

    fn with_participants(&self, credential: &str) -> String {
        let mut whole = "sequenceDiagram\n".to_owned();
        for (number, name) in self.others.iter().enumerate() {
            let kind = if name == PERSON {
                "actor"
            } else {
                "participant"
            };
            let _ = writeln!(whole, "    {kind} P{number} as {}", text(name));
            if number == 0 {
                let _ = writeln!(whole, "    participant A as {}", text(credential));
            }
        }
        whole + &self.lines
    }
}

fn reply_of<T, F: Serialize>(reply: &Reply<T, F>, shown: impl FnOnce(&T) -> String) -> String {
    match reply {
        Reply::Ok(output) => shown(output),
        Reply::Failure(failure) => text(&format!("failure: {}", name_of(failure))),
    }
}

fn answer(answer: &Answer) -> String {
    let mut first = answer.status.to_string();
    for name in ["retry-after", "retry-after-ms", "www-authenticate"] {
        if let Some(value) = answer.headers.get(name) {
            let _ = write!(first, ", {name} {value}");
        }
    }
    two_lines(&first, &said(&answer.body))
}

fn printed(printed: &Printed) -> String {
    let first = match printed.exit_code {
        Some(code) => format!("exit code {code}"),
        None => "ended by a signal".to_owned(),
    };
    let both = [&printed.stdout, &printed.stderr].map(said);
    let both: Vec<_> = both.into_iter().filter(|it| !it.is_empty()).collect();
    two_lines(&first, &both.join(" "))
}

/// What a content says, by the names of its members, and of an error by what it is.
fn said(content: &Content) -> String {
    match content {
        Content::Empty => String::new(),
        Content::Json(Value::Object(members)) => match &members.get("error") {
            Some(Value::String(error)) => match &members.get("error_codes") {
                Some(Value::Array(codes)) => {
                    let codes = codes.iter().map(|code| format!(" AADSTS{code}"));
                    error.clone() + &codes.collect::<String>()
                }
                _ => error.clone(),
            },
            Some(Value::Object(error)) => match error.get("code") {
                Some(Value::String(code)) => code.clone(),
                _ => "error".to_owned(),
            },
            _ => members.keys().cloned().collect::<Vec<_>>().join(", "),
        },
        Content::Json(_) => "JSON".to_owned(),
        Content::Form(fields) => {
            let fields = fields.iter().map(|(name, value)| match name.as_str() {
                "grant_type" | "requested_token_use" => format!("{name}={value}"),
                _ => name.clone(),
            });
            fields.collect::<Vec<_>>().join(", ")
        }
        Content::Text(text) => text.clone(),
        Content::Binary => "bytes".to_owned(),
    }
}

fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Token {
            token, token_type, ..
        } => text(&format!("{token}, a {token_type} token")),
        Ending::Error {
            kind,
            cause,
            error,
            codes,
            ..
        } => {
            let codes = codes.iter().map(|code| format!(" AADSTS{code}"));
            let why = format!("{error}{}", codes.collect::<String>());
            two_lines(&format!("{kind}: {cause}"), &why)
        }
    }
}

fn host_and_path(url: &str) -> (String, String) {
    let Ok(parsed) = Url::parse(url) else {
        return (url.to_owned(), String::new());
    };
    let mut host = parsed.host_str().unwrap_or_default().to_owned();
    if let Some(port) = parsed.port() {
        let _ = write!(host, ":{port}");
    }
    let query = parsed.query().map(|query| format!("?{query}"));
    (
        host,
        format!("{}{}", parsed.path(), query.unwrap_or_default()),
    )
}

fn names_in_query(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return String::new();
    };
    let names = url.query_pairs().map(|(name, _)| name.into_owned());
    names.collect::<Vec<_>>().join(", ")
}

/// The name of a value that is one of several kinds, as a transcript writes it.
fn name_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(members)) => members.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

fn two_lines(first: &str, second: &str) -> String {
    match second.is_empty() {
        true => text(first),
        false => text(first) + BREAK + &text(second),
    }
}

/// A text whose every character means itself: those that have a meaning in Mermaid or in HTML, or
/// might have one, are written as `#number;`. Nothing is shown as a dash, since a message must have
/// a text.
fn text(words: &str) -> String {
    let mut shown = String::new();
    let mut characters = words.chars();
    for character in characters.by_ref().take(LONGEST) {
        let is_plain =
            character.is_ascii_alphanumeric() || " ./_-=,?&'()+*!@$|".contains(character);
        if is_plain {
            shown.push(character);
        } else if character.is_control() || character.is_whitespace() {
            shown.push(' ');
        } else {
            let _ = write!(shown, "#{};", u32::from(character));
        }
    }
    if characters.next().is_some() {
        shown.push_str("#8230;");
    }
    match shown.trim() {
        "" => "-".to_owned(),
        shown => shown.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn what_has_a_meaning_in_mermaid_or_in_html_is_written_as_a_number() {
        assert_eq!(
            text("a;b#c\n%%{init: x}%%<br>"),
            "a#59;b#35;c #37;#37;#123;init#58; x#125;#37;#37;#60;br#62;"
        );
        assert_eq!(text("\u{202e}é"), "#8238;#233;");
        assert_eq!(text(" \r\n"), "-");
        assert_eq!(text(&"x".repeat(1000)), "x".repeat(160) + "#8230;");
    }
}
