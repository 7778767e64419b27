//! Values that must not be seen: each hides itself when shown and is zeroed when dropped.

use std::fmt;
use std::mem;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::optimization_barrier;

use crate::transcript::placeholder_in;

/// What is written in the place of a secret where one is stored.
const LEFT_OUT: &str = "redacted";

/// What stands in the place of a secret in texts that are shown.
pub(crate) const MASK: &str = "[secret]";

/// A secret text: a client secret, an assertion, a token.
///
/// Clones share one allocation, which is zeroed when the last of them is dropped. `Debug` shows
/// `[secret]`, there is no `Display`, and serialising writes `redacted`. The one way to the text
/// is [`expose`](Secret::expose).
#[derive(Clone)]
pub struct Secret(Arc<Text>);

impl Secret {
    /// Takes ownership of a text that must not be seen.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Text(text.into())))
    }

    /// The text itself. Whoever calls this answers for where the text goes.
    pub fn expose(&self) -> &str {
        &self.0.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

/// What clones of a [`Secret`] share.
struct Text(String);

impl Drop for Text {
    fn drop(&mut self) {
        erase(mem::take(&mut self.0).into_bytes());
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Compares in a time that depends on the lengths alone.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Writes `redacted`, or the text where it is a transcript's placeholder and so no secret.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = if placeholder_in(self.expose()).is_some() {
            self.expose()
        } else {
            LEFT_OUT
        };
        serializer.serialize_str(shown)
    }
}

/// Refuses `redacted`, which is no secret but stands for one that was not written.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = String::deserialize(deserializer).map(Self::new)?;
        if secret.expose() == LEFT_OUT {
            return Err(D::Error::custom(
                "a secret was left out when this was written; put it in the place of `redacted`",
            ));
        }
        Ok(secret)
    }
}

/// Secret bytes: a request's body, a file's content, what a program printed.
///
/// Shares, hides and zeroes like [`Secret`].
#[derive(Clone)]
pub struct SecretBytes(Arc<Bytes>);

impl SecretBytes {
    /// Takes ownership of bytes that must not be seen.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(Bytes(bytes.into())))
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// The bytes as a secret text without the white space around it, and without the byte order mark
    /// that some editors put before it, if they are UTF-8.
    pub fn trimmed_text(&self) -> Option<Secret> {
        std::str::from_utf8(self.expose())
            .ok()
            .map(|text| Secret::from(trimmed(text)))
    }
}

/// A text of a file without what editors leave around it: white space, and a byte order mark.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// What clones of [`SecretBytes`] share.
struct Bytes(Vec<u8>);

impl Drop for Bytes {
    fn drop(&mut self) {
        erase(mem::take(&mut self.0));
    }
}

/// Zeroes all that was allocated for the bytes, in one go: a volatile write would do it byte by
/// byte. The barrier keeps the compiler from leaving out what nobody reads.
fn erase(mut bytes: Vec<u8>) {
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    optimization_barrier(bytes.as_slice());
}

impl Default for SecretBytes {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

/// Compares in a time that depends on the lengths alone.
impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.expose(), other.expose())
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} secret bytes]", self.len())
    }
}

fn same_bytes(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_shows_a_secret_shows_its_text() {
        let secret = Secret::new("canary");
        assert_eq!(
            format!("{secret:?} {:?}", SecretBytes::from(&b"canary"[..])),
            "[secret] [6 secret bytes]"
        );
        assert_eq!(
            serde_json::to_string(&secret).expect("a string serialises"),
            "\"redacted\""
        );
    }

    #[test]
    fn secrets_are_equal_when_their_texts_are() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
