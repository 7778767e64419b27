//! Keeps secrets out of what a tool says.
//!
//! Two things give a secret away: the name that stands before it, as in JSON, forms, header fields,
//! options of a command and connection strings; and its own shape. Rather too much is masked than
//! too little.

/// What stands in the place of a secret.
const MASK: &str = "[secret]";

/// Longer than any word that people read.
const MOST_WORD: usize = 100;

/// A text without what is, or may be, secret in it.
pub(super) fn masked(text: &str) -> String {
    if text.to_ascii_lowercase().contains("private key-----") {
        return MASK.to_owned();
    }
    let named = without_named(text);
    let lines = named.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        match bare.chars().count() {
            0..=MOST_WORD => without_shaped(bare) + &word[bare.len()..],
            _ => format!("[…]{}", &word[bare.len()..]),
        }
    });
    lines.collect()
}

/// Masks the values that stand behind the name of a secret.
fn without_named(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_in_name) {
        let end = end_of(&rest[start..], is_in_name) + start;
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

/// What a name says about the word behind it.
#[derive(Clone, Copy, PartialEq)]
enum Secrecy {
    /// The value behind `=` or `:` is secret.
    Field,
    /// The value is, and there may be only a blank before it, as behind an option or a scheme.
    Blank,
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
        if name == "-p" || plain == "bearer" || (is_secret && name.starts_with('-')) {
            Some(Self::Blank)
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
        let rest = behind.trim_start_matches(['\\', '"', '\'', '`']);
        let rest = rest.strip_prefix("%22").unwrap_or(rest);
        let (rest, is_assigned) = match separated(rest.trim_start()) {
            Some((value, is_assigned)) => (value, is_assigned),
            None if self == Self::Blank && rest.starts_with([' ', '\t', '\n', ',']) => {
                (rest.trim_start_matches([' ', '\t', '\n', ',']), true)
            }
            None => return None,
        };
        let from = behind.len() - rest.len();
        let (opening, length) = extent(rest, self);
        let value = &rest[opening..opening + length];
        let is_told = match self {
            Self::Code if !is_assigned => {
                let value = value.trim_end_matches([',', '.', ';', ')']);
                let is_word = value.chars().all(|c| c.is_ascii_alphabetic());
                let is_number = value.chars().all(|c| c.is_ascii_digit());
                !(is_word && value.len() <= 64 || is_number)
            }
            // "the bearer token" is a word of everyday.
            Self::Blank if is_assigned => !matches!(value, "token" | "tokens" | "authentication"),
            _ => true,
        };
        (is_told && !value.is_empty()).then_some((from + opening, from + opening + length))
    }
}

/// What stands behind the sign between a name and its value, and whether that is `=`.
fn separated(text: &str) -> Option<(&str, bool)> {
    const SIGNS: [(&str, bool); 6] = [
        ("=", true),
        (":", false),
        ("%3d", true),
        ("%3D", true),
        ("%3a", false),
        ("%3A", false),
    ];
    let behind = |text| {
        SIGNS
            .iter()
            .find_map(|(sign, assigns)| Some((str::strip_prefix(text, sign)?, *assigns)))
    };
    let (mut rest, mut is_assigned) = behind(text)?;
    while let Some((more, assigns)) = behind(rest) {
        (rest, is_assigned) = (more, assigns);
    }
    Some((rest.trim_start(), is_assigned))
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
        return (opening, value.find(&closing).unwrap_or(value.len()));
    }
    let mut is_escaped = false;
    let closing = value.find(|c| {
        let closes = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        closes
    });
    (opening, closing.unwrap_or(value.len()))
}

fn end_of(text: &str, goes_on: impl Fn(char) -> bool) -> usize {
    text.find(|c| !goes_on(c)).unwrap_or(text.len())
}

/// Masks what has the shape of a secret, whatever stands before it.
fn without_shaped(word: &str) -> String {
    let in_run = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(start) = rest.find(in_run) {
        let end = end_of(&rest[start..], in_run) + start;
        let run = &rest[start..end];
        shown.push_str(&rest[..start]);
        shown.push_str(if looks_secret(run) { MASK } else { run });
        rest = &rest[end..];
    }
    shown + rest
}

/// Refresh tokens and codes of Entra begin with a digit and `.A`, or with `M.` for accounts of
/// consumers; the secrets that it makes have `Q~` in them. Else a long run of letters of both cases
/// and digits is no word.
fn looks_secret(run: &str) -> bool {
    const LEAST: usize = 20;
    let opens = |at: usize| {
        let text = &run.as_bytes()[at..];
        text.len() >= LEAST
            && matches!(
                text,
                [b'0'..=b'9', b'.', b'A', ..] | [b'M', b'.', b'C' | b'R', ..]
            )
    };
    let is_random = |part: &str| {
        part.len() >= 40
            && part.bytes().any(|byte| byte.is_ascii_lowercase())
            && part.bytes().any(|byte| byte.is_ascii_uppercase())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    };
    (run.contains("Q~") && run.len() >= LEAST)
        || (0..run.len()).any(opens)
        || run.split('.').any(is_random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_by_its_name_in_whatever_form_and_case() {
        for (text, expected) in [
            (
                r#"{"token":"S","a":"b"}"#,
                r#"{"token":"[secret]","a":"b"}"#,
            ),
            (
                r#"{"refreshToken" : "S\"S" , "a":1}"#,
                r#"{"refreshToken" : "[secret]" , "a":1}"#,
            ),
            (
                r#"{\"ID_TOKEN\":\"S\",\"a\":1}"#,
                r#"{\"ID_TOKEN\":\"[secret]\",\"a\":1}"#,
            ),
            (
                "{'Assertion': 'S', 'a': 1}",
                "{'Assertion': '[secret]', 'a': 1}",
            ),
            (
                "\"accessToken\":\n  \"S\"",
                "\"accessToken\":\n  \"[secret]\"",
            ),
            ("grant=x&code=S&state=y seen", "grant=x&code=[secret] seen"),
            ("code%3DS seen", "code%3D[secret] seen"),
            (
                "az login --password S -u me",
                "az login --password [secret] -u me",
            ),
            ("az login -p 'S S' -u me", "az login -p '[secret]' -u me"),
            (
                "['login', '-p', 'S', '-u']",
                "['login', '-p', '[secret]', '-u']",
            ),
            ("--client-secret=S on", "--client-secret=[secret] on"),
            (
                "Endpoint=x;SharedAccessKey=S= on",
                "Endpoint=x;SharedAccessKey=[secret] on",
            ),
            ("AccountKey=S==;End=x on", "AccountKey=[secret] on"),
            (
                "https://x/y?sv=1&sig=S%3D on",
                "https://x/y?sv=1&sig=[secret] on",
            ),
            (
                "AUTHORIZATION: Basic S T\nnext",
                "AUTHORIZATION: [secret]\nnext",
            ),
            ("with BEARER S on", "with BEARER [secret] on"),
            (
                "AZURE_CLIENT_SECRET=S on",
                "AZURE_CLIENT_SECRET=[secret] on",
            ),
            (r#""tokens": ["S", "S"]"#, r#""tokens": [secret]"#),
            ("-----BEGIN RSA PRIVATE KEY-----\nS", "[secret]"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn a_secret_is_masked_by_its_shape_whatever_stands_before_it() {
        let word = "abcdefghijklmnopqrstuvwxyz";
        for secret in [
            format!("0.A{word}"),
            format!("1.AXoA.{word}"),
            format!("M.C5_{word}"),
            format!("x1~8Q~{word}"),
            format!("Zz0{word}{word}"),
        ] {
            assert_eq!(
                masked(&format!("got ({secret}) here")),
                "got ([secret]) here"
            );
        }
        let long = "x".repeat(101);
        assert_eq!(masked(&format!("got {long}\nhere")), "got […]\nhere");
    }

    #[test]
    fn what_tools_usually_say_stays_as_it_is() {
        for text in [
            "ERROR: Please run 'az login' to setup account.",
            "ERROR: Subscription 'My subscription' not found. Check the spelling and casing and try again.",
            "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01T10:00:00.0000000Z and was inactive for 90.00:00:00. Trace ID: 00000000-0000-0000-0000-000000000000",
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
            "AADSTS50126: Error validating credentials due to invalid username or password.",
            "AADSTS65001: The user or administrator has not consented to use the application with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46' named 'Microsoft Azure CLI'. Send an interactive authorization request for this user and resource.",
            "az login: error: the following arguments are required: --username/-u, --password/-p",
            "az login --tenant contoso.com --scope https://vault.azure.net/.default",
            r#"{"code":"AuthorizationFailed","message":"no"} with error code: 50076, exit code 1"#,
            "the bearer token is not valid any more",
            "Get-AzAccessToken: Run Connect-AzAccount to login.",
            "/opt/az/lib/python3.11/site-packages/azure/cli/core/auth/identity.py",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
