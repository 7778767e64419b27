//! PKCS#12 (RFC 7292): a safe of bags, each with a key or a certificate, under a MAC.
//!
//! ```text
//! PFX ─ authSafe ─┬─ data ──────────── bags
//!     └ macData   └─ encryptedData ─── bags, once decrypted
//! ```

use azid_core::{Invalid, Secret};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};
use hmac::SimpleHmac;
use hmac::digest::core_api::BlockSizeUser;
use hmac::digest::{Digest, Mac as _};
use pkcs8::AlgorithmIdentifierRef;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::contents::Contents;
use crate::derivation::{Purpose, Salted, Work};
use crate::encryption::{EncryptedKey, decrypt};
use crate::key::Key;
use crate::password::Password;
use crate::{damaged, refuse};

pub(crate) fn read(content: &[u8], password: Option<&Secret>) -> Result<Contents, Invalid> {
    let file = File::parse(content)?;
    let mut work = Work::default();
    let mut refusal = damaged();
    for password in Password::candidates(password) {
        match file.open(&password, &mut work) {
            Err(refused) if refused == password.refusal() => refusal = refused,
            opened => return opened,
        }
    }
    Err(refusal)
}

struct File<'a> {
    safe: &'a [u8],
    mac: Option<AuthenticationCode<'a>>,
}

impl<'a> File<'a> {
    fn parse(content: &'a [u8]) -> Result<Self, Invalid> {
        if content.get(1) == Some(&0x80) {
            return Err(refuse(
                "it is written in BER with indefinite lengths, and not in DER; export it again, \
                 for example with `openssl pkcs12`",
            ));
        }
        let outer = AnyRef::from_der(content).map_err(|_| damaged())?;
        let mut fields = inside(outer).map_err(|_| damaged())?;
        if !matches!(fields.decode::<u8>(), Ok(3)) {
            return Err(refuse(
                "it is binary and not PKCS#12, perhaps a certificate or a key alone; put the \
                 certificate and its key into one PEM or PKCS#12 file",
            ));
        }
        let content = fields
            .decode()
            .and_then(Content::parse)
            .map_err(|_| damaged())?;
        if content.kind != DATA {
            return Err(refuse(
                "it is PKCS#12 under a public key; export it again with a password",
            ));
        }
        let safe = octets(content.value).map_err(|_| damaged())?;
        let mac: Option<AnyRef<'_>> = fields.decode().map_err(|_| damaged())?;
        let mac = mac.map(AuthenticationCode::parse).transpose();
        Ok(Self {
            safe,
            mac: mac.map_err(|_| damaged())?,
        })
    }

    /// What is in it. A password that does not fit shows in the MAC, and without one only when
    /// something is decrypted.
    fn open(&self, password: &Password, work: &mut Work) -> Result<Contents, Invalid> {
        match &self.mac {
            Some(mac) if !mac.vouches(self.safe, password, work)? => {
                return Err(password.refusal());
            }
            _ => {}
        }
        let mut contents = Contents::default();
        for part in members(self.safe).map_err(|_| damaged())? {
            match Part::parse(part).map_err(|_| damaged())? {
                Part::Plain(bags) => add_bags(bags, password, &mut contents, work)?,
                Part::Encrypted(algorithm, data) => {
                    let bags = decrypt(&algorithm, data, password, work)?;
                    add_bags(&bags, password, &mut contents, work)?;
                }
                Part::Other => {}
            }
        }
        Ok(contents)
    }
}

/// The MAC over the safe, which a wrong password does not verify (RFC 7292 section 4).
struct AuthenticationCode<'a> {
    hash: ObjectIdentifier,
    code: &'a [u8],
    salted: Salted<'a>,
}

impl<'a> AuthenticationCode<'a> {
    fn parse(any: AnyRef<'a>) -> der::Result<Self> {
        let mut fields = inside(any)?;
        let mut digest = inside(fields.decode()?)?;
        Ok(Self {
            hash: digest.decode::<AlgorithmIdentifierRef<'_>>()?.oid,
            code: octets(digest.decode()?)?,
            salted: Salted {
                salt: octets(fields.decode()?)?,
                rounds: fields.decode::<Option<u32>>()?.unwrap_or(1),
            },
        })
    }

    fn vouches(&self, safe: &[u8], password: &Password, work: &mut Work) -> Result<bool, Invalid> {
        match self.hash {
            SHA_1 => self.vouches_with::<Sha1>(safe, password, work),
            SHA_224 => self.vouches_with::<Sha224>(safe, password, work),
            SHA_256 => self.vouches_with::<Sha256>(safe, password, work),
            SHA_384 => self.vouches_with::<Sha384>(safe, password, work),
            SHA_512 => self.vouches_with::<Sha512>(safe, password, work),
            oid => Err(refuse(format!(
                "its MAC {oid} is not known here; export it again with HMAC and SHA-256"
            ))),
        }
    }

    fn vouches_with<D: Digest + BlockSizeUser>(
        &self,
        safe: &[u8],
        password: &Password,
        work: &mut Work,
    ) -> Result<bool, Invalid> {
        let length = <D as Digest>::output_size();
        let key = self
            .salted
            .derive::<D>(Purpose::Mac, password, work, length)?;
        let mac = SimpleHmac::<D>::new_from_slice(&key).map_err(|_| damaged())?;
        Ok(mac.chain_update(safe).verify_slice(self.code).is_ok())
    }
}

enum Part<'a> {
    Plain(&'a [u8]),
    Encrypted(AlgorithmIdentifierRef<'a>, &'a [u8]),
    Other,
}

impl<'a> Part<'a> {
    fn parse(any: AnyRef<'a>) -> der::Result<Self> {
        let content = Content::parse(any)?;
        match content.kind {
            DATA => octets(content.value).map(Self::Plain),
            ENCRYPTED_DATA => {
                let mut fields = inside(content.value)?;
                let _version: AnyRef<'_> = fields.decode()?;
                let mut encrypted = inside(fields.decode()?)?;
                let _kind: ObjectIdentifier = encrypted.decode()?;
                let algorithm = encrypted.decode()?;
                // An octet string under a tag of its own, in one piece.
                let data: AnyRef<'_> = encrypted.decode()?;
                data.tag().assert_eq(Tag::ContextSpecific {
                    constructed: false,
                    number: TagNumber::N0,
                })?;
                Ok(Self::Encrypted(algorithm, data.value()))
            }
            _ => Ok(Self::Other),
        }
    }
}

fn add_bags(
    bags: &[u8],
    password: &Password,
    contents: &mut Contents,
    work: &mut Work,
) -> Result<(), Invalid> {
    for bag in members(bags).map_err(|_| damaged())? {
        let bag = Content::parse(bag).map_err(|_| damaged())?;
        match bag.kind {
            KEY_BAG => contents.add_key(Key::from_pkcs8(bag.der)?)?,
            SHROUDED_KEY_BAG => {
                let key = EncryptedKey::parse(bag.der)?.decrypt(password, work)?;
                contents.add_key(Key::from_pkcs8(&key)?)?;
            }
            CERTIFICATE_BAG => {
                let certificate = Content::parse(bag.value).map_err(|_| damaged())?;
                if certificate.kind == X509_CERTIFICATE {
                    let der = octets(certificate.value).map_err(|_| damaged())?;
                    contents.add_certificate(der)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A value and what kind it is of, as PKCS#12 writes contents, bags and certificates alike. What
/// follows, such as the attributes of a bag, is passed over.
struct Content<'a> {
    kind: ObjectIdentifier,
    value: AnyRef<'a>,
    /// The value with its tag and length.
    der: &'a [u8],
}

impl<'a> Content<'a> {
    fn parse(any: AnyRef<'a>) -> der::Result<Self> {
        let mut fields = inside(any)?;
        let kind = fields.decode()?;
        let wrapped: AnyRef<'_> = fields.decode()?;
        wrapped.tag().assert_eq(Tag::ContextSpecific {
            constructed: true,
            number: TagNumber::N0,
        })?;
        Ok(Self {
            kind,
            value: AnyRef::from_der(wrapped.value())?,
            der: wrapped.value(),
        })
    }
}

fn inside(sequence: AnyRef<'_>) -> der::Result<SliceReader<'_>> {
    sequence.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(sequence.value())
}

fn members(der: &[u8]) -> der::Result<Vec<AnyRef<'_>>> {
    let mut reader = inside(AnyRef::from_der(der)?)?;
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(reader.decode()?);
    }
    Ok(members)
}

fn octets(any: AnyRef<'_>) -> der::Result<&[u8]> {
    any.decode_as::<OctetStringRef<'_>>()
        .map(|octets| octets.as_bytes())
}

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
