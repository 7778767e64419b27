//! Randomness as a value: everything random in a run comes from one seed.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::time::scaled;

/// 32 bytes from a cryptographic source, fresh for each run.
///
/// Whoever knows the seed knows every random value of the run, so it is as secret as they are.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Takes 32 bytes that nobody else has seen or will see.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[seed]")
    }
}

/// The random values of one run: SHA-256 of the seed and a counter.
#[derive(Debug)]
pub struct Entropy {
    seed: Seed,
    drawn: u64,
}

impl Entropy {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { seed, drawn: 0 }
    }

    /// The next 32 random bytes.
    pub fn bytes(&mut self) -> Zeroizing<[u8; 32]> {
        self.drawn += 1;
        let digest = Sha256::new()
            .chain_update(*self.seed.0)
            .chain_update(self.drawn.to_be_bytes());
        Zeroizing::new(digest.finalize().into())
    }

    /// A random UUID (version 4, RFC 9562): a `jti`, a correlation id.
    pub fn uuid(&mut self) -> String {
        let bytes = self.bytes();
        let mut uuid: [u8; 16] = bytes[..16].try_into().expect("32 bytes hold 16");
        uuid[6] = uuid[6] & 0x0f | 0x40;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in uuid.into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        text
    }

    /// 43 random characters that need no escape in a URL: a PKCE verifier (RFC 7636), a state, a nonce.
    pub fn url_safe(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(*self.bytes())
    }

    /// A duration drawn evenly from the shortest to the longest.
    pub fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let bytes = self.bytes();
        let draw = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let unit = f64::from(draw) / f64::from(u32::MAX);
        shortest.saturating_add(scaled(longest.saturating_sub(shortest), unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy() -> Entropy {
        Entropy::new(Seed::new([7; 32]))
    }

    #[test]
    fn one_seed_gives_one_sequence_without_repeats() {
        let draw = || {
            let mut entropy = entropy();
            [entropy.uuid(), entropy.uuid(), entropy.url_safe()]
        };
        assert_eq!(draw(), draw());
        let [one, two, verifier] = draw();
        assert_ne!(one, two);
        assert_eq!((one.len(), &one[14..15], verifier.len()), (36, "4", 43));
    }

    #[test]
    fn what_is_drawn_between_two_durations_lies_between_them() {
        let mut entropy = entropy();
        for _ in 0..1000 {
            let drawn = entropy.between(Duration::from_secs(3), Duration::from_secs(5));
            assert!(
                drawn >= Duration::from_secs(3) && drawn <= Duration::from_secs(5),
                "{drawn:?}"
            );
        }
    }
}
