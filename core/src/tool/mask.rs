//! Keeps secrets out of what a tool says.
//!
//! Two things give a secret away: the name that stands before it, as in JSON, forms, header fields,
//! options of a command and connection strings; and its own shape. Rather too much is masked than
//! too little.

mod shape;

use self::shape::{is_everyday, without_broken, without_shaped, without_user_info};
use crate::secret::MASK;

/// Longer than any word that people read.
const MOST_WORD: usize = 100;

/// More bytes of a text than these are not looked at, and not shown.
const MOST_TEXT: usize = 4 * 1024;

/// A text without what is, or may be, secret in it.
pub(super) fn masked(text: &str) -> String {
    if text.to_ascii_lowercase().contains("private key-----") {
        return MASK.to_owned();
    }
    let whole = without_broken(whole_words(text));
    let words = whole.split_inclusive(char::is_whitespace);
    let named = without_named(&words.map(without_user_info).collect::<String>());
    let lines = named.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        match bare.chars().count() {
            0..=MOST_WORD => without_shaped(bare) + &word[bare.len()..],
            _ => format!("[…]{}", &word[bare.len()..]),
        }
    });
    lines.collect()
}

/// As many words of a text as there is time for.
fn whole_words(text: &str) -> &str {
    if text.len() <= MOST_TEXT {
        return text;
    }
    let blanks = text.match_indices(char::is_whitespace).map(|(at, _)| at);
    let end = blanks.take_while(|at| *at <= MOST_TEXT).last();
    &text[..end.unwrap_or_default()]
}

/// Masks the values that stand behind the name of a secret.
fn without_named(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_in_name) {
        let end = match rest[start..].starts_with(PASSWORD_OPTION) {
            true => PASSWORD_OPTION.len() + start, // its value may be attached to it
            false => end_of(&rest[start..], is_in_name) + start,
        };
        let (name, behind) = (&rest[start..end], &rest[end..]);
        match Secrecy::of(name).and_then(|secrecy| secrecy.value(behind)) {
            Some((from, to)) => {
                shown.push_str(&rest[..end + from]);
                shown.push_str(MASK);
                rest = &behind[to..];
            }
            None => {
                shown.push_str(&rest[..end]);
                rest = behind;
            }
        }
    }
    shown + rest
}

fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// How tools name the option for a password in short.
const PASSWORD_OPTION: &str = "-p";

/// What a name says about the word behind it.
#[derive(Clone, Copy, PartialEq)]
enum Secrecy {
    /// The value behind `=` or `:` is secret, and so is one behind a blank that is no word of a
    /// sentence.
    Field,
    /// The value is, and there may be only a blank before it, as behind an option.
    Blank,
    /// The same, or nothing is between.
    Attached,
    /// The value behind a blank is, if it is no word of a sentence.
    Scheme,
    /// The rest of the line is.
    Line,
    /// The value behind `=` is, and what stands behind `:` if it is no word or number.
    Code,
}

impl Secrecy {
    /// Parts of the names of secrets, and whole names, in lower case and without `_`, `-` and `.`.
    const PARTS: [&'static str; 12] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "assertion",
        "signature",
        "verifier",
        "bearer",
        "connectionstring",
        "identityheader",
    ];
    const WHOLE: [&'static str; 4] = ["sig", "pass", "pw", "cert"];

    fn of(name: &str) -> Option<Self> {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if name.to_ascii_lowercase().starts_with("get-") {
            return None; // a command of the Azure CLI, or of PowerShell
        }
        let is_secret = Self::PARTS.iter().any(|part| plain.contains(part))
            || Self::WHOLE.contains(&plain.as_str())
            || plain.ends_with("key");
        if name == PASSWORD_OPTION {
            Some(Self::Attached)
        } else if plain == "bearer" || (is_secret && name.starts_with('-')) {
            Some(Self::Blank)
        } else if plain == "basic" {
            Some(Self::Scheme)
        } else if plain.ends_with("authorization") || plain.ends_with("cookie") {
            Some(Self::Line)
        } else if is_secret {
            Some(Self::Field)
        } else if plain == "code" || plain.ends_with("authcode") || plain.ends_with("devicecode") {
            Some(Self::Code)
        } else {
            None
        }
    }

    /// Where the value begins and ends in what stands behind the name.
    fn value(self, behind: &str) -> Option<(usize, usize)> {
        const BLANKS: [char; 4] = [' ', '\t', '\n', ','];
        let rest = behind.trim_start_matches(['\\', '"', '\'', '`']);
        let rest = rest.strip_prefix("%22").unwrap_or(rest);
        let is_option = matches!(self, Self::Blank | Self::Attached);
        let (rest, sign) = match separated(rest) {
            Some((value, sign)) => (value, sign),
            None if is_option && rest.starts_with(BLANKS) => {
                (rest.trim_start_matches(BLANKS), Sign::Blank)
            }
            None if self == Self::Attached => (behind, Sign::Blank),
            None if rest.starts_with([' ', '\t']) => {
                (rest.trim_start_matches([' ', '\t']), Sign::Sentence)
            }
            None => return None,
        };
        let from = behind.len() - rest.len();
        let (opening, length) = extent(rest, self);
        let value = &rest[opening..opening + length];
        let is_told = match (self, sign) {
            _ if is_entras(value) => false,
            (Self::Line | Self::Code, Sign::Sentence) => false,
            (_, Sign::Sentence) => !(is_everyday(value) || is_reference(value)),
            (Self::Code, Sign::Colon) => {
                let value = value.trim_end_matches([',', '.', ';', ')']);
                let is_word = value.chars().all(|c| c.is_ascii_alphabetic());
                let is_number = value.chars().all(|c| c.is_ascii_digit());
                !(is_word && value.len() <= 64 || is_number)
            }
            // "the bearer token" is a word of everyday.
            (Self::Blank, Sign::Blank | Sign::Equals) => {
                !matches!(value, "token" | "tokens" | "authentication")
            }
            (Self::Attached, _) => value.contains(|c: char| c.is_ascii_alphanumeric()),
            _ => true,
        };
        (is_told && !value.is_empty()).then_some((from + opening, from + opening + length))
    }
}

/// Whether a value is one of Entra's numbers, of which nothing is secret.
fn is_entras(value: &str) -> bool {
    let number = value
        .strip_prefix("AADSTS")
        .map(|it| it.trim_end_matches([':', '.', ',']));
    number.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a word of a sentence names something else: an option, a URL, a small number, or what
/// stands in brackets.
fn is_reference(word: &str) -> bool {
    let is_small = word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let option = word.strip_prefix("--").unwrap_or_default();
    let is_option = option.starts_with(|c: char| c.is_ascii_alphabetic()) && is_everyday(option);
    let is_bracketed = word.starts_with(['<', '[', '{', '(', '=']);
    is_small || is_option || is_bracketed || word.contains("://")
}

/// What stands between a name and its value.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Equals,
    Colon,
    /// A blank, or nothing, behind an option.
    Blank,
    /// A blank, as between the words of a sentence.
    Sentence,
}

/// What stands behind the sign between a name and its value, and which that is. The value may be in
/// the next line if it is quoted, as in JSON.
fn separated(text: &str) -> Option<(&str, Sign)> {
    const SIGNS: [(&str, Sign); 6] = [
        ("=", Sign::Equals),
        (":", Sign::Colon),
        ("%3d", Sign::Equals),
        ("%3D", Sign::Equals),
        ("%3a", Sign::Colon),
        ("%3A", Sign::Colon),
    ];
    let behind = |text| {
        SIGNS
            .iter()
            .find_map(|(sign, kind)| Some((str::strip_prefix(text, sign)?, *kind)))
    };
    let (mut rest, mut sign) = behind(text.trim_start())?;
    while let Some((more, kind)) = behind(rest) {
        (rest, sign) = (more, kind);
    }
    let next = rest.trim_start();
    let is_near =
        next.starts_with(['"', '\'', '\\']) || !rest[..rest.len() - next.len()].contains('\n');
    is_near.then_some((next, sign))
}

/// How many bytes of quotes stand before a value, and how long it is.
fn extent(text: &str, secrecy: Secrecy) -> (usize, usize) {
    let escapes = end_of(text, |c| c == '\\');
    let Some(quote @ ('"' | '\'' | '`')) = text[escapes..].chars().next() else {
        let ends: fn(char) -> bool = match text.chars().next() {
            Some('{' | '[' | '(' | '$' | '@') => |c| c == '\n',
            _ if secrecy == Secrecy::Line => |c| c == '\n',
            _ => char::is_whitespace,
        };
        return (0, end_of(text, |c| !ends(c)));
    };
    let opening = escapes + 1;
    let value = &text[opening..];
    if escapes > 0 {
        let closing = format!("{}{quote}", &text[..escapes]);
        return (opening, value.find(&closing).unwrap_or(line(value)));
    }
    let mut is_escaped = false;
    let closing = value.find(|c| {
        let closes = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        closes
    });
    // Only what is broken over lines, and no quote of a later sentence, ends in another line.
    let closing = closing.filter(|end| {
        let lines = || value[..*end].lines();
        lines().count() <= 1 || lines().all(|line| !line.trim().contains(char::is_whitespace))
    });
    (opening, closing.unwrap_or(line(value)))
}

fn line(text: &str) -> usize {
    end_of(text, |c| c != '\n')
}

fn end_of(text: &str, goes_on: impl Fn(char) -> bool) -> usize {
    text.find(|c| !goes_on(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
