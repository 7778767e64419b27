//! What is encrypted with a password: PBES2 (RFC 8018) and the schemes of PKCS#12 itself
//! (RFC 7292 appendix C).

use aes::{Aes128, Aes192, Aes256};
use azid_core::Invalid;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit as _};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Reader as _};
use des::{TdesEde2, TdesEde3};
use pkcs8::AlgorithmIdentifierRef;
use rc2::Rc2;
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::derivation::{Purpose, Salted, Work, derive};
use crate::password::Password;
use crate::{damaged, refuse};

/// A private key that only a password opens (RFC 5958 section 3).
pub(crate) struct EncryptedKey<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    data: &'a [u8],
}

impl<'a> EncryptedKey<'a> {
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Invalid> {
        let parsed = AnyRef::from_der(der).and_then(|any| {
            any.sequence(|reader| {
                Ok(Self {
                    algorithm: reader.decode()?,
                    data: reader.decode::<OctetStringRef<'_>>()?.as_bytes(),
                })
            })
        });
        parsed.map_err(|_| damaged())
    }

    pub(crate) fn decrypt(
        &self,
        password: &Password,
        work: &mut Work,
    ) -> Result<Zeroizing<Vec<u8>>, Invalid> {
        decrypt(&self.algorithm, self.data, password, work)
    }
}

/// Decrypts one DER value. That it is none tells a wrong password where nothing else does.
pub(crate) fn decrypt(
    algorithm: &AlgorithmIdentifierRef<'_>,
    data: &[u8],
    password: &Password,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Invalid> {
    let parameters = algorithm.parameters.ok_or_else(damaged)?;
    let decrypted = match algorithm.oid {
        PBES2 => pbes2(parameters, data, password, work),
        SHA_1_TRIPLE_DES => pkcs12::<TdesEde3>(parameters, data, password, work, 24),
        SHA_1_DOUBLE_DES => pkcs12::<TdesEde2>(parameters, data, password, work, 16),
        SHA_1_RC2_128 => pkcs12::<Rc2>(parameters, data, password, work, 16),
        SHA_1_RC2_40 => pkcs12::<Rc2>(parameters, data, password, work, 5),
        oid => Err(unknown(oid)),
    }?;
    decrypted
        .filter(|der| AnyRef::from_der(der).is_ok())
        .ok_or_else(|| password.refusal())
}

type Decrypted = Result<Option<Zeroizing<Vec<u8>>>, Invalid>;

fn pbes2(parameters: AnyRef<'_>, data: &[u8], password: &Password, work: &mut Work) -> Decrypted {
    let parsed = parameters.sequence(|reader| {
        let derivation: AlgorithmIdentifierRef<'_> = reader.decode()?;
        let cipher: AlgorithmIdentifierRef<'_> = reader.decode()?;
        Ok((derivation, cipher))
    });
    let (derivation, cipher) = parsed.map_err(|_| damaged())?;
    let (open, length): (Open, usize) = match cipher.oid {
        AES_128 => (cbc::<Aes128>, 16),
        AES_192 => (cbc::<Aes192>, 24),
        AES_256 => (cbc::<Aes256>, 32),
        TRIPLE_DES => (cbc::<TdesEde3>, 24),
        oid => return Err(unknown(oid)),
    };
    let iv = cipher.parameters.ok_or_else(damaged)?;
    let iv = iv
        .decode_as::<OctetStringRef<'_>>()
        .map_err(|_| damaged())?;
    let key = derive(&derivation, password, work, length)?;
    open(&key, iv.as_bytes(), data)
}

fn pkcs12<C: BlockDecryptMut + BlockCipher + KeyInit>(
    parameters: AnyRef<'_>,
    data: &[u8],
    password: &Password,
    work: &mut Work,
    length: usize,
) -> Decrypted {
    let salted = Salted::parse(parameters).map_err(|_| damaged())?;
    let key = salted.derive::<Sha1>(Purpose::Key, password, work, length)?;
    let iv = salted.derive::<Sha1>(Purpose::Iv, password, work, 8)?;
    cbc::<C>(&key, &iv, data)
}

type Open = fn(&[u8], &[u8], &[u8]) -> Decrypted;

/// Nothing where the padding is wrong.
fn cbc<C: BlockDecryptMut + BlockCipher + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &[u8],
) -> Decrypted {
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| damaged())?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let length = decryptor.decrypt_padded_mut::<Pkcs7>(&mut buffer);
    let Ok(length) = length.map(<[u8]>::len) else {
        return Ok(None);
    };
    buffer.truncate(length);
    Ok(Some(buffer))
}

fn unknown(oid: ObjectIdentifier) -> Invalid {
    refuse(format!(
        "its encryption {oid} is not known here; export it again with AES-256"
    ))
}

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const SHA_1_TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA_1_DOUBLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4");
const SHA_1_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const SHA_1_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const AES_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
const AES_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");
