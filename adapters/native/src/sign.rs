//! The effect `Sign` with a key in memory.

use std::fmt;
use std::sync::{Arc, Weak};

use azid_core::SecretBytes;
use azid_core::effect::{Detail, KeyHandle, Refusal, SignFailure, SignRequest, SignatureAlgorithm};
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair,
};

use crate::recent::Recent;

/// How many parsed keys are kept.
const MOST: usize = 8;

/// Signs with RSA keys of 2048, 3072 or 4096 bits (RS256, PS256) and with EC keys on P-256
/// (ES256), given as PKCS#8 documents.
///
/// A key is parsed and checked once: clones of a [`KeyHandle`] are the same key. The parsed form
/// is kept for the keys that were used last, and goes at the next new key once the handle is gone.
#[derive(Debug)]
pub struct Signer {
    /// A weak handle keeps nobody's key alive, and no other handle can have its address.
    keys: Recent<Handle, Arc<Key>>,
    randomness: SystemRandom,
}

impl Signer {
    /// A signer that knows no key yet.
    pub fn new() -> Self {
        Self {
            keys: Recent::new(MOST),
            randomness: SystemRandom::new(),
        }
    }

    /// Signs a message. An RSA signature takes a few milliseconds at most, in which the thread does
    /// nothing else.
    ///
    /// # Errors
    ///
    /// The key cannot be used with this algorithm: the failure says what it is and what to do, and
    /// shows nothing of it. A key that has a name is refused as one that nobody registered.
    pub fn sign(&self, request: &SignRequest) -> Result<Vec<u8>, SignFailure> {
        let key = match &request.key {
            KeyHandle::InMemory(document) => self.key(document)?,
            KeyHandle::Named(name) => {
                return Err(SignFailure::Refused(Refusal::NotRegistered(name.clone())));
            }
            _ => return Err(SignFailure::Refused(Refusal::NoSuchEffect)),
        };
        let message = request.message.expose();
        match (request.algorithm, &*key) {
            (SignatureAlgorithm::Rs256, Key::Rsa(key)) => {
                self.sign_rsa(key, &RSA_PKCS1_SHA256, message)
            }
            (SignatureAlgorithm::Ps256, Key::Rsa(key)) => {
                self.sign_rsa(key, &RSA_PSS_SHA256, message)
            }
            (SignatureAlgorithm::Es256, Key::P256(key)) => {
                match key.sign(&self.randomness, message) {
                    Ok(signature) => Ok(signature.as_ref().to_vec()),
                    Err(_) => Err(no_signature()),
                }
            }
            (SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256, Key::P256(_)) => Err(unusable(
                "it is an EC key, and this signature takes an RSA key; \
                 use a certificate that was made with an RSA key of 2048, 3072 or 4096 bits",
            )),
            (SignatureAlgorithm::Es256, Key::Rsa(_)) => Err(unusable(
                "it is an RSA key, and ES256 takes an EC key on P-256",
            )),
            _ => Err(SignFailure::Refused(Refusal::NoSuchEffect)),
        }
    }

    fn key(&self, document: &Arc<SecretBytes>) -> Result<Arc<Key>, SignFailure> {
        let handle = Handle(Arc::downgrade(document));
        if let Some(key) = self.keys.get(&handle) {
            return Ok(key);
        }
        let key = Key::parse(document.expose(), &self.randomness)?;
        self.keys.retain(|known| known.0.strong_count() > 0);
        Ok(self.keys.keep(handle, Arc::new(key)))
    }

    fn sign_rsa(
        &self,
        key: &RsaKeyPair,
        padding: &'static dyn RsaEncoding,
        message: &[u8],
    ) -> Result<Vec<u8>, SignFailure> {
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(padding, &self.randomness, message, &mut signature)
            .map_err(|_| no_signature())?;
        Ok(signature)
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

/// Which key it is: the allocation, not the content.
struct Handle(Weak<SecretBytes>);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

enum Key {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl Key {
    fn parse(pkcs8: &[u8], randomness: &SystemRandom) -> Result<Self, SignFailure> {
        let rejected = match RsaKeyPair::from_pkcs8(pkcs8) {
            Ok(key) => return Ok(Self::Rsa(key)),
            Err(rejected) => rejected,
        };
        if words(&rejected) != OF_ANOTHER_KIND {
            return Err(unusable(words(&rejected)));
        }
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, randomness)
            .map(Self::P256)
            .map_err(|_| unusable(OF_ANOTHER_KIND))
    }
}

const OF_ANOTHER_KIND: &str = "it is neither an RSA key nor an EC key on P-256; \
     use a certificate that was made with an RSA key of 2048, 3072 or 4096 bits";

/// What is wrong with an RSA key, from the word that ring has for it.
fn words(rejected: &KeyRejected) -> &'static str {
    match rejected.to_string().as_str() {
        "WrongAlgorithm" => OF_ANOTHER_KIND,
        "TooSmall" => "it is an RSA key of less than 2048 bits, which is not safe; make a new one",
        "TooLarge" => "it is an RSA key of more than 4096 bits; make one of at most so many",
        "PrivateModulusLenNotMultipleOf512Bits" => {
            "it is an RSA key of an odd size; make one of 2048, 3072 or 4096 bits"
        }
        "InvalidComponent" | "InconsistentComponents" => {
            "it is an RSA key whose numbers do not fit together; the file may be damaged"
        }
        "VersionNotSupported" => "it is a PKCS#8 document of an unknown version; use version 1",
        _ => "it is no unencrypted PKCS#8 document in DER form",
    }
}

fn unusable(why: &str) -> SignFailure {
    SignFailure::UnusableKey(Detail::new(why))
}

fn no_signature() -> SignFailure {
    SignFailure::Other(Detail::new(
        "the system gave no randomness, or the key is damaged",
    ))
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
