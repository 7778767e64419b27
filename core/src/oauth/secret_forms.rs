//! The forms in which a secret may come to light. Each is made in a buffer as long as it can get, since
//! one that grows leaves copies behind.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::secret::longest_first;

/// A shorter secret is a part of innocent words, as is what it looks like encoded.
const SHORTEST: usize = 4;

/// A secret as it is, percent- or form-encoded, in JSON, in base64: the longest first.
pub(crate) fn forms_of(secret: &str) -> Vec<Zeroizing<String>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let form = text_of(3 * secret.len(), byte_serialize(secret.as_bytes()));
    let percent = form.split('+').flat_map(|part| ["%20", part]).skip(1);
    let percent = text_of(3 * secret.len(), percent);
    let forms = [
        Zeroizing::new(secret.to_owned()),
        lower_escapes(&form),
        lower_escapes(&percent),
        form,
        percent,
        in_json(secret),
        Zeroizing::new(STANDARD_NO_PAD.encode(secret)),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(secret)),
    ];
    let mut forms = longest_first(forms, |form| form.len());
    forms.dedup();
    forms
}

fn text_of<'a>(longest: usize, parts: impl Iterator<Item = &'a str>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(longest));
    parts.for_each(|part| text.push_str(part));
    text
}

/// As a JSON text holds it, without the quotation marks.
fn in_json(secret: &str) -> Zeroizing<String> {
    let mut json = Zeroizing::new(Vec::with_capacity(6 * secret.len() + 2));
    serde_json::to_writer(&mut *json, secret).expect("memory takes everything");
    let text = std::str::from_utf8(&json).expect("JSON is UTF-8");
    Zeroizing::new(text.trim_matches('"').to_owned())
}

/// Percent-encoding with lower-case digits, which some servers write.
fn lower_escapes(encoded: &str) -> Zeroizing<String> {
    let mut lower = Zeroizing::new(encoded.to_owned());
    let escapes: Vec<_> = encoded.match_indices('%').map(|(place, _)| place).collect();
    for place in escapes {
        if let Some(digits) = lower.get_mut(place..place + 3) {
            digits.make_ascii_lowercase();
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::forms_of;

    #[test]
    fn a_secret_is_known_in_every_form_in_which_it_may_come_back() {
        let forms = forms_of("a+ \"/ü");
        for form in [
            "a+ \"/ü",
            "a%2B+%22%2F%C3%BC",
            "a%2B%20%22%2F%C3%BC",
            "a%2b+%22%2f%c3%bc",
            "a%2b%20%22%2f%c3%bc",
            "a+ \\\"/ü",
            "YSsgIi/DvA",
            "YSsgIi_DvA",
        ] {
            assert!(forms.iter().any(|it| **it == form), "{form}");
        }
        assert_eq!(forms.len(), 8);
    }

    #[test]
    fn what_is_too_short_to_tell_is_looked_for_in_no_form() {
        assert!(forms_of("7\0\u{1}").is_empty());
    }
}
