//! Finding secrets in a foreign text, however they are written there.
//!
//! Nobody can list what an endpoint may make of what it was sent: percent-encoding by one of several
//! rules, JSON or HTML escapes, one in another, white space collapsed, the case of letters changed.
//! So it is the text that is decoded, again and again, as is the secret; of both what is left is
//! compared without blanks and without regard to case. Every byte knows its place in the text as it
//! came, so that the secret is found there. What hides a secret as a whole, base64 and hexadecimal
//! digits, is looked for as such.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use self::decode::Layer;
use crate::secret::{MASK, Secret};

/// A shorter secret is a part of innocent words, as is what it looks like encoded.
const SHORTEST: usize = 4;

/// How often one encoding may be inside another.
const DEEPEST: usize = 3;

/// Secrets to look for, in every way in which they are looked for.
pub(crate) struct SecretSearch {
    /// Each with the number of its secret, the longest first.
    needles: Vec<(Zeroizing<Vec<u8>>, usize)>,
    /// Which bytes a needle begins with.
    begins: [bool; 256],
}

impl SecretSearch {
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut search = Self::default();
        for (which, secret) in secrets.into_iter().enumerate() {
            search.add(which, secret.expose());
        }
        search
    }

    /// Looks for this secret too, under this number.
    pub(crate) fn add(&mut self, which: usize, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        self.add_escaped(which, secret);
        self.add_encoded(which, secret);
        if secret.trim() != secret {
            self.add_encoded(which, secret.trim());
        }
    }

    /// Looks for this secret too, but not for base64 or hexadecimal digits of it.
    pub(crate) fn add_escaped(&mut self, which: usize, secret: &str) {
        for layer in layers_of(secret.as_bytes()) {
            self.push(which, layer.squeezed().bytes);
        }
    }

    fn add_encoded(&mut self, which: usize, secret: &str) {
        let mut digits = Zeroizing::new(Vec::with_capacity(2 * secret.len()));
        for byte in secret.bytes() {
            let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
            digits.extend([digit(byte >> 4), digit(byte & 0xf)]);
        }
        self.push(which, digits);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            // Behind what is not known, such as the name before a password.
            for before in 0..3 {
                let mut whole = Zeroizing::new(Vec::with_capacity(before + secret.len()));
                whole.resize(before, 0);
                whole.extend_from_slice(secret.as_bytes());
                let encoded = Zeroizing::new(engine.encode(&*whole));
                // Those digits that are made of the secret alone, with and without the last one.
                let ours = (8 * before).div_ceil(6);
                for end in [encoded.len(), 8 * whole.len() / 6] {
                    if let Some(digits) = encoded.as_bytes().get(ours..end) {
                        self.push(which, Layer::new(digits).squeezed().bytes);
                    }
                }
            }
        }
    }

    fn push(&mut self, which: usize, needle: Zeroizing<Vec<u8>>) {
        if needle.len() < SHORTEST {
            return;
        }
        let longer = |(known, _): &(Zeroizing<Vec<u8>>, usize)| known.len() > needle.len();
        let place = self.needles.partition_point(longer);
        let mut as_long = self.needles[place..].iter().map(|(known, _)| known);
        if as_long
            .by_ref()
            .take_while(|known| known.len() == needle.len())
            .all(|known| *known != needle)
        {
            self.begins[usize::from(needle[0])] = true;
            self.needles.insert(place, (needle, which));
        }
    }

    /// Whether a text holds one of the secrets.
    pub(crate) fn is_met_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// A text with a mask in the place of every secret: that of the longest where they overlap.
    pub(crate) fn masked<'a>(
        &self,
        text: &str,
        mask: impl Fn(usize) -> &'a str,
    ) -> Zeroizing<String> {
        let mut masked = Zeroizing::new(String::with_capacity(text.len()));
        let mut end = 0;
        for found in self.find(text) {
            masked.push_str(&text[end..found.place.start]);
            masked.push_str(mask(found.which));
            end = found.place.end;
        }
        masked.push_str(&text[end..]);
        masked
    }

    /// The places of the secrets, in order and apart from each other.
    fn find(&self, text: &str) -> Vec<Found> {
        if self.needles.is_empty() || text.len() < SHORTEST {
            return Vec::new();
        }
        let mut found: Vec<_> = layers_of(text.as_bytes())
            .flat_map(|layer| self.find_in(&layer.squeezed()))
            .collect();
        // The mask of a secret is none, whatever word the secret is.
        let masks: Vec<_> = text.match_indices(MASK).map(|(start, _)| start).collect();
        found.retain(|found| {
            let after = masks.partition_point(|start| *start <= found.place.start);
            let mask = after.checked_sub(1).map(|before| masks[before]);
            mask.is_none_or(|start| found.place.end > start + MASK.len())
        });
        found.sort_by_key(|found| (found.place.start, std::cmp::Reverse(found.place.end)));
        let mut apart: Vec<Found> = Vec::with_capacity(found.len());
        for mut found in found {
            // In the middle of a character a place can be only where the text decodes to no text.
            while !text.is_char_boundary(found.place.start) {
                found.place.start -= 1;
            }
            while !text.is_char_boundary(found.place.end) {
                found.place.end += 1;
            }
            match apart.last_mut() {
                Some(last) if found.place.start < last.place.end => {
                    if found.place.len() > last.place.len() {
                        last.which = found.which;
                    }
                    last.place.end = last.place.end.max(found.place.end);
                }
                _ => apart.push(found),
            }
        }
        apart
    }

    /// The places in a squeezed text, of all that begin in one the longest.
    fn find_in(&self, text: &Layer) -> Vec<Found> {
        let mut found = Vec::new();
        for (start, first) in text.bytes.iter().enumerate() {
            if !self.begins[usize::from(*first)] {
                continue;
            }
            let rest = &text.bytes[start..];
            let mut needles = self.needles.iter();
            if let Some((needle, which)) = needles.find(|(needle, _)| rest.starts_with(needle)) {
                found.push(Found {
                    place: text.place_of(start..start + needle.len()),
                    which: *which,
                });
            }
        }
        found
    }
}

impl Default for SecretSearch {
    fn default() -> Self {
        Self {
            needles: Vec::new(),
            begins: [false; 256],
        }
    }
}

impl fmt::Debug for SecretSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secrets]")
    }
}

/// A secret in a text: where, and the number of the secret.
struct Found {
    place: Range<usize>,
    which: usize,
}

/// A text as it is, and decoded once, twice, as long as there is something to decode.
fn layers_of(text: &[u8]) -> impl Iterator<Item = Layer> {
    std::iter::successors(Some(Layer::new(text)), Layer::decoded).take(1 + DEEPEST)
}

mod decode;

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, secret: &str) -> String {
        SecretSearch::of([&secret.into()])
            .masked(text, |_| "*")
            .to_string()
    }

    #[test]
    fn a_secret_is_found_in_whatever_way_it_is_written() {
        let secret = "a+ \"/ü~!";
        for written in [
            secret,
            "a%2B+%22%2F%C3%BC%7E%21",
            "a%2b%20%22/%c3%bc~!",
            "a%252B%2B%2522%252F%25C3%25BC~!",
            r#"a+ \"\/\u00fc~!"#,
            r"\u0061\u002b\u0020\u0022\u002f\u00fc\u007e\u0021",
            "a+ &quot;/&#252;~!",
            "a&#43;&#32;&#x22;/&#xfc;~!",
            "A+\r\n\"/ü~!",
            "612b20222fc3bc7e21",
            "612B20222FC3BC7E21",
            "YSsgIi/DvH4h",
            "YSsgIi_DvH4h",
            "YSsgIi%2FDvH4h",
        ] {
            assert_eq!(masked(&format!("<{written}>"), secret), "<*>", "{written}");
        }
        // `client:` and the secret
        assert_eq!(
            masked("Basic Y2xpZW50OmErICIvw7x+IQ==", secret),
            "Basic Y2xpZW50Om*=="
        );
    }

    #[test]
    fn what_is_around_a_secret_hides_it_from_nobody() {
        assert_eq!(
            masked(r"%ab12cd \ab12cd &ab12cd; 4%ab12cd", "ab12cd"),
            r"%* \* &*; 4%*"
        );
        assert_eq!(masked("ééab12cdéé", "ab12cd"), "éé*éé");
        assert_eq!(masked("(  pad ded )", " pad  ded\n"), "(  * )");
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        assert_eq!(
            masked("[secret] secret [secret]", "secret"),
            "[secret] * [secret]"
        );
        assert_eq!(masked("[secret] [secret] x", "cret] [se"), "[se*cret] x");
    }

    #[test]
    fn what_is_too_short_to_tell_is_not_looked_for() {
        assert_eq!(masked("7\0\u{1} abc", "7\0\u{1}"), "7\0\u{1} abc");
        assert!(!SecretSearch::of(&["abc".into(), "++++".into()]).is_met_in("abc ++++"));
    }

    #[test]
    fn where_secrets_overlap_all_of_them_is_masked_as_the_longest() {
        let text = "the abcdefgh";
        let search = SecretSearch::of(&["abcd".into(), "cdefgh".into()]);
        let masked = search.masked(text, |which| ["1", "2"][which]);
        assert_eq!(*masked, "the 2");
    }
}
