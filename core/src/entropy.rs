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
/// Whoever knows the seed knows every random value of the run, so it is as secret as they are. The ids
/// of requests, which others see, give its first half away, so the second one is to be as hard to
/// guess by itself.
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

/// The random values of one run. Those that are secret are SHA-256 of the seed and a counter; ids,
/// which everybody may see, are mixed from the seed's first half and leave its other half unknown.
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

    /// A UUID (version 4, RFC 9562) that no other run has: a `jti`, a correlation id. Who gets it
    /// may learn the first half of the seed, so it is no secret.
    pub fn uuid(&mut self) -> String {
        String::from_utf8(self.uuid_digits().to_vec()).expect("hex digits and dashes are ASCII")
    }

    /// The same, as it is written.
    pub(crate) fn uuid_digits(&mut self) -> [u8; 36] {
        let [high, low] = self.words();
        let high = hex_digits(high & !0xf000 | 0x4000); // the version
        let low = hex_digits(low << 2 >> 2 | 1 << 63); // the variant
        let mut text = [b'-'; 36];
        text[..8].copy_from_slice(&high[..8]);
        text[9..13].copy_from_slice(&high[8..12]);
        text[14..18].copy_from_slice(&high[12..]);
        text[19..23].copy_from_slice(&low[..4]);
        text[24..].copy_from_slice(&low[4..]);
        text
    }

    /// A share from 0 to 1 that is no secret either.
    pub(crate) fn share(&mut self) -> f64 {
        let [high, _] = self.words();
        (high >> 11) as f64 / (u64::MAX >> 11) as f64
    }

    /// What ids are made of.
    fn words(&mut self) -> [u64; 2] {
        self.drawn += 1;
        [0, 8].map(|start| {
            let bytes = self.seed.0[start..start + 8].try_into();
            let word = u64::from_be_bytes(bytes.expect("the range has eight bytes"));
            split_mix(word, self.drawn)
        })
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

/// SplitMix64 (Steele, Lea and Flood 2014): the output of so many steps from this seed. It differs
/// for each number of steps, and hides nothing.
fn split_mix(seed: u64, steps: u64) -> u64 {
    let state = seed.wrapping_add(steps.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn hex_digits(word: u64) -> [u8; 16] {
    std::array::from_fn(|place| b"0123456789abcdef"[(word >> (60 - 4 * place)) as usize & 0xf])
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
    fn the_mixer_is_the_one_that_is_known_by_its_name() {
        // The first outputs from the seed 1234567, as other implementations have them.
        let outputs = [1, 2, 3].map(|steps| split_mix(1_234_567, steps));
        let known = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(outputs, known);
    }

    #[test]
    fn ids_of_different_seeds_and_draws_differ() {
        let mut ids: Vec<String> = (0..=255)
            .flat_map(|byte| {
                let mut seed = [0; 32];
                seed[usize::from(byte) % 16] = byte;
                let mut entropy = Entropy::new(Seed::new(seed));
                [(); 4].map(|()| entropy.uuid())
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 1024);
        for id in ids {
            let is_version_4 = &id[14..15] == "4" && "89ab".contains(&id[19..20]);
            assert!(id.len() == 36 && is_version_4, "{id}");
        }
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
