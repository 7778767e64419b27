//! Secrets that are known by their looks, whatever stands before them.

use super::end_of;
use crate::secret::MASK;

/// Masks what has the shape of a secret, whatever stands before it.
pub(super) fn without_shaped(word: &str) -> String {
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

/// Masks the user and the password of a URL, as those of proxies have them. A password may hold a `/`,
/// so behind a `:` all counts up to the last `@`.
pub(super) fn without_user_info(word: &str) -> String {
    const SIGN: &str = "://";
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(sign) = rest.find(SIGN) {
        let (before, behind) = rest.split_at(sign + SIGN.len());
        shown.push_str(before);
        let authority = end_of(behind, |c| !matches!(c, '/' | '?' | '#'));
        let whole = match behind[..authority].contains(':') {
            true => behind,
            false => &behind[..authority],
        };
        rest = match whole.rfind('@') {
            Some(at) => {
                shown.push_str(MASK);
                &behind[at..]
            }
            None => behind,
        };
    }
    shown + rest
}

/// A text in which a JWT that was broken over lines ends with its first one.
pub(super) fn without_broken(text: &str) -> String {
    const BREAKS: [&str; 4] = ["\r\n", "\n", r"\r\n", r"\n"];
    const LEAST: usize = 12; // `eyJ` and less may be anything
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("eyJ") {
        let end = end_of(&rest[start..], in_token) + start;
        shown.push_str(&rest[..end]);
        rest = &rest[end..];
        if end - start <= LEAST {
            continue;
        }
        while let Some(next) = BREAKS.iter().find_map(|it| rest.strip_prefix(it)) {
            let next = next.trim_start_matches([' ', '\t']);
            let part = end_of(next, in_token);
            let is_sentence = next[part..].starts_with([' ', ':']) && is_everyday(&next[..part]);
            if part == 0 || is_sentence {
                break;
            }
            rest = &next[part..];
        }
    }
    shown + rest
}

/// Whether a word is one of a sentence, and no secret: letters of one case, but for the first.
pub(super) fn is_everyday(word: &str) -> bool {
    let bare = word.trim_matches(['.', ',', ';', ':', '!', '?', '(', ')', '\'', '"', '`']);
    let of_letters = |text: &str| text.chars().all(|c| c.is_ascii_alphabetic());
    let mut parts = bare.split(['-', '\'', '/']);
    parts.all(|part| {
        let tail = part.get(1..).unwrap_or_default();
        let is_even = !tail.contains(|c: char| c.is_ascii_uppercase())
            || !part.contains(|c: char| c.is_ascii_lowercase());
        of_letters(part) && is_even
    })
}
