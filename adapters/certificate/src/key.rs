//! The private key: RSA, out of PKCS#8 (RFC 5958) or PKCS#1 (RFC 8017).

use azid_core::effect::KeyHandle;
use azid_core::{Invalid, SecretBytes};
use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _, SecretDocument};
use pkcs1::{RsaPrivateKey, RsaPublicKey};
use pkcs8::PrivateKeyInfo;

use crate::certificate::Certificate;
use crate::{damaged, refuse};

/// An RSA key that Entra takes.
#[derive(PartialEq)]
pub(crate) struct Key {
    pkcs8: SecretBytes,
    public: Vec<u8>,
}

impl Key {
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, Invalid> {
        let key = PrivateKeyInfo::from_der(der).map_err(|_| damaged())?;
        match key.algorithm.oid {
            RSA => Self::from_pkcs1(key.private_key),
            RSA_PSS => Err(Self::wrong_kind("an RSA key for PSS alone")),
            ELLIPTIC_CURVE => Err(Self::wrong_kind("an elliptic curve key")),
            ED25519 => Err(Self::wrong_kind("an Ed25519 key")),
            ED448 => Err(Self::wrong_kind("an Ed448 key")),
            DSA => Err(Self::wrong_kind("a DSA key")),
            oid => Err(Self::wrong_kind(&format!("of the kind {oid}"))),
        }
    }

    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, Invalid> {
        let key = RsaPrivateKey::from_der(der).map_err(|_| damaged())?;
        let bits = bits(key.modulus.as_bytes());
        if bits < MIN_BITS {
            return Err(refuse(format!(
                "its RSA key has {bits} bits, which is too short; make a certificate with a key \
                 of {MIN_BITS} bits or more"
            )));
        }
        let public = key.public_key().to_der().map_err(|_| damaged())?;
        // Written anew, so that what a host parses has no attributes and no second public key.
        let document = PrivateKeyInfo::new(pkcs1::ALGORITHM_ID, der);
        let document = SecretDocument::encode_msg(&document).map_err(|_| damaged())?;
        Ok(Self {
            pkcs8: SecretBytes::new(document.as_bytes()),
            public,
        })
    }

    pub(crate) fn wrong_kind(kind: &str) -> Invalid {
        refuse(format!(
            "its key is {kind}, and Entra takes only RSA certificates from applications; make one \
             with an RSA key of {MIN_BITS} bits or more"
        ))
    }

    pub(crate) fn is_of(&self, certificate: &Certificate) -> bool {
        certificate.rsa_key.as_ref() == Some(&self.public)
    }

    pub(crate) fn into_handle(self) -> KeyHandle {
        KeyHandle::in_memory(self.pkcs8)
    }
}

/// An RSA public key in its one DER form (RFC 8017 appendix A.1.1).
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<Vec<u8>> {
    RsaPublicKey::from_der(der)
        .and_then(|key| key.to_der())
        .ok()
}

/// The length of a big-endian number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |byte| byte.leading_zeros());
    number.len() * 8 - zeros as usize
}

const MIN_BITS: usize = 2048;
pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
