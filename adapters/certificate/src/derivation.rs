//! Keys out of passwords: PBKDF2, scrypt and PKCS#12's own way, each within a bound on its work.

use azid_core::Invalid;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, SliceReader};
use hmac::digest::Digest;
use hmac::digest::core_api::BlockSizeUser;
use pbkdf2::pbkdf2_hmac;
use pkcs8::AlgorithmIdentifierRef;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::{Zeroize as _, Zeroizing};

use crate::password::Password;
use crate::{damaged, refuse};

/// How many rounds of hashing it may take to derive all keys of one content: about a second's work.
///
/// A file as OpenSSL or Windows writes it has some 2000 iterations, and one that follows today's
/// advice for PBKDF2 has 600 000, each time for the MAC, the certificates and the key. That is 1.8
/// million rounds, and this is the next round number.
pub const MAX_ROUNDS: u64 = 2_000_000;

/// How many bytes of memory scrypt may use.
pub const MAX_SCRYPT_MEMORY: u64 = 64 << 20;

/// The rounds of hashing that a content may still ask for.
pub(crate) struct Work(u64);

impl Default for Work {
    fn default() -> Self {
        Self(MAX_ROUNDS)
    }
}

impl Work {
    /// Takes what it costs to derive so many bytes, a digest's worth at a time.
    fn spend(&mut self, rounds: u64, bytes: usize, digest: usize) -> Result<(), Invalid> {
        let cost = rounds.saturating_mul(bytes.div_ceil(digest) as u64);
        self.0 = self.0.checked_sub(cost).ok_or_else(|| {
            refuse(format!(
                "opening it takes more than {MAX_ROUNDS} rounds of hashing, the most that is \
                 allowed; export it again with fewer iterations"
            ))
        })?;
        Ok(())
    }
}

/// A key as PBES2 derives it (RFC 8018 section 6.2).
pub(crate) fn derive(
    algorithm: &AlgorithmIdentifierRef<'_>,
    password: &Password,
    work: &mut Work,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Invalid> {
    let parameters = algorithm.parameters.ok_or_else(damaged)?;
    let mut key = Zeroizing::new(vec![0; length]);
    match algorithm.oid {
        PBKDF2 => {
            let parameters = Pbkdf2::parse(parameters).map_err(|_| damaged())?;
            parameters.derive(password.utf_8(), work, &mut key)?;
        }
        SCRYPT => {
            let parameters = Scrypt::parse(parameters).map_err(|_| damaged())?;
            parameters.derive(password.utf_8(), work, &mut key)?;
        }
        oid => {
            return Err(refuse(format!(
                "its key derivation {oid} is not known here; export it again with PBKDF2"
            )));
        }
    }
    Ok(key)
}

struct Pbkdf2<'a> {
    salt: &'a [u8],
    rounds: u32,
    hash: Option<ObjectIdentifier>,
}

impl<'a> Pbkdf2<'a> {
    fn parse(parameters: AnyRef<'a>) -> der::Result<Self> {
        parameters.sequence(|reader| {
            let salt = reader.decode::<OctetStringRef<'_>>()?.as_bytes();
            let rounds = reader.decode()?;
            let _key_length: Option<u32> = reader.decode()?;
            let hash: Option<AlgorithmIdentifierRef<'_>> = reader.decode()?;
            Ok(Self {
                salt,
                rounds,
                hash: hash.map(|hash| hash.oid),
            })
        })
    }

    fn derive(&self, password: &[u8], work: &mut Work, key: &mut [u8]) -> Result<(), Invalid> {
        let (derive, digest): (Pbkdf2Hmac, usize) = match self.hash.unwrap_or(HMAC_SHA_1) {
            HMAC_SHA_1 => (pbkdf2_hmac::<Sha1>, 20),
            HMAC_SHA_224 => (pbkdf2_hmac::<Sha224>, 28),
            HMAC_SHA_256 => (pbkdf2_hmac::<Sha256>, 32),
            HMAC_SHA_384 => (pbkdf2_hmac::<Sha384>, 48),
            HMAC_SHA_512 => (pbkdf2_hmac::<Sha512>, 64),
            oid => {
                return Err(refuse(format!(
                    "its key derivation uses the hash {oid}, which is not known here; export \
                         it again with SHA-256"
                )));
            }
        };
        work.spend(self.rounds.into(), key.len(), digest)?;
        derive(password, self.salt, self.rounds, key);
        Ok(())
    }
}

/// Takes the password, the salt and the rounds, and fills the key.
type Pbkdf2Hmac = fn(&[u8], &[u8], u32, &mut [u8]);

/// The parameters of RFC 7914 section 7.1, by their letters there.
struct Scrypt<'a> {
    salt: &'a [u8],
    n: u64,
    r: u32,
    p: u32,
}

impl<'a> Scrypt<'a> {
    fn parse(parameters: AnyRef<'a>) -> der::Result<Self> {
        parameters.sequence(|reader| {
            let parameters = Self {
                salt: reader.decode::<OctetStringRef<'_>>()?.as_bytes(),
                n: reader.decode()?,
                r: reader.decode()?,
                p: reader.decode()?,
            };
            let _key_length: Option<u32> = reader.decode()?;
            Ok(parameters)
        })
    }

    fn derive(&self, password: &[u8], work: &mut Work, key: &mut [u8]) -> Result<(), Invalid> {
        if !self.n.is_power_of_two() || self.n == 1 {
            return Err(damaged());
        }
        let (r, p) = (u64::from(self.r), u64::from(self.p));
        let memory = self
            .n
            .saturating_add(p)
            .saturating_mul(r)
            .saturating_mul(128);
        if memory > MAX_SCRYPT_MEMORY {
            return Err(refuse(format!(
                "opening it takes scrypt more than {MAX_SCRYPT_MEMORY} bytes of memory, the most \
                 that is allowed; export it again with a smaller cost"
            )));
        }
        // Two passes of 2 r steps, each about as dear as a round of hashing.
        let rounds = self.n.saturating_mul(r).saturating_mul(p).saturating_mul(4);
        work.spend(rounds, 1, 1)?;
        let log_n = u8::try_from(self.n.ilog2()).map_err(|_| damaged())?;
        let length = scrypt::Params::RECOMMENDED_LEN;
        let parameters = scrypt::Params::new(log_n, self.r, self.p, length);
        let parameters = parameters.map_err(|_| damaged())?;
        scrypt::scrypt(password, self.salt, &parameters, key).map_err(|_| damaged())
    }
}

/// What bytes that are derived PKCS#12's way are for (RFC 7292 appendix B.3).
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The salt and the iteration count of PKCS#12's own derivation.
pub(crate) struct Salted<'a> {
    pub(crate) salt: &'a [u8],
    pub(crate) rounds: u32,
}

impl<'a> Salted<'a> {
    pub(crate) fn parse(parameters: AnyRef<'a>) -> der::Result<Self> {
        let mut reader = SliceReader::new(parameters.value())?;
        Ok(Self {
            salt: OctetStringRef::decode(&mut reader)?.as_bytes(),
            rounds: reader.decode()?,
        })
    }

    /// Bytes derived as in RFC 7292 appendix B.2.
    pub(crate) fn derive<D: Digest + BlockSizeUser>(
        &self,
        purpose: Purpose,
        password: &Password,
        work: &mut Work,
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Invalid> {
        let digest = <D as Digest>::output_size();
        work.spend(self.rounds.into(), length, digest)?;
        let block = D::block_size();
        let diversifier = vec![purpose as u8; block];
        let mut input = filled(self.salt, block);
        input.extend_from_slice(&filled(password.utf_16(), block));
        let mut derived = Zeroizing::new(vec![0; length]);
        for part in derived.chunks_mut(digest) {
            let mut hash = D::new()
                .chain_update(&diversifier)
                .chain_update(&*input)
                .finalize();
            for _ in 1..self.rounds {
                hash = D::digest(&hash);
            }
            part.copy_from_slice(&hash[..part.len()]);
            for number in input.chunks_exact_mut(block) {
                add_one_more(number, &hash);
            }
            hash.as_mut_slice().zeroize();
        }
        Ok(derived)
    }
}

/// The bytes over and over until they fill whole blocks; none stay none.
fn filled(bytes: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = bytes.len().next_multiple_of(block);
    let mut filled = Zeroizing::new(Vec::with_capacity(length));
    filled.extend(bytes.iter().cycle().take(length));
    filled
}

/// Adds the hash, repeated to the same length, and one to a big-endian number.
fn add_one_more<T: AsRef<[u8]>>(number: &mut [u8], hash: &T) {
    let hash = hash.as_ref();
    let mut carry = 1;
    for (place, byte) in number.iter_mut().enumerate().rev() {
        let sum = u16::from(*byte) + u16::from(hash[place % hash.len()]) + carry;
        *byte = (sum & 0xFF) as u8;
        carry = sum >> 8;
    }
}

const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const HMAC_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.8");
const HMAC_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
