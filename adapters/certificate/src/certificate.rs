//! What there is to know of a certificate (RFC 5280 section 4.1) in order to put a chain together.

use azid_core::{Invalid, Timestamp};
use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode as _, Reader, SliceReader, Tag, TagNumber, Tagged as _};
use pkcs8::SubjectPublicKeyInfoRef;

use crate::key::{RSA, rsa_public_key};
use crate::refuse;

/// A certificate, with the fields that the chain depends on.
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) expires_on: Timestamp,
    /// Its public key, if that is RSA.
    pub(crate) rsa_key: Option<Vec<u8>>,
}

const VERSION: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber::N0,
};

impl Certificate {
    pub(crate) fn parse(der: &[u8]) -> Result<Self, Invalid> {
        Self::fields(der).map_err(|_| {
            refuse("a certificate in it cannot be read; copy the file again, or export it anew")
        })
    }

    fn fields(der: &[u8]) -> der::Result<Self> {
        let mut certificate = inside(AnyRef::from_der(der)?)?;
        let mut fields = inside(certificate.decode()?)?;
        // The version, where it is not the first.
        if fields.peek_tag()? == VERSION {
            fields.decode::<AnyRef<'_>>()?;
        }
        let _serial_number: AnyRef<'_> = fields.decode()?;
        let _signature_algorithm: AnyRef<'_> = fields.decode()?;
        let issuer: AnyRef<'_> = fields.decode()?;
        let mut validity = inside(fields.decode()?)?;
        let subject: AnyRef<'_> = fields.decode()?;
        let key: SubjectPublicKeyInfoRef<'_> = fields.decode()?;
        let _not_before: AnyRef<'_> = validity.decode()?;
        // None where they are no whole bytes.
        let bits = key.subject_public_key.as_bytes();
        let rsa_key = bits
            .filter(|_| key.algorithm.oid == RSA)
            .and_then(rsa_public_key);
        Ok(Self {
            der: der.to_vec(),
            subject: subject.value().to_vec(),
            issuer: issuer.value().to_vec(),
            expires_on: moment(validity.decode()?)?,
            rsa_key,
        })
    }
}

fn inside(sequence: AnyRef<'_>) -> der::Result<SliceReader<'_>> {
    sequence.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(sequence.value())
}

fn moment(time: AnyRef<'_>) -> der::Result<Timestamp> {
    let since_1970 = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    Ok(Timestamp::from_unix_seconds(seconds))
}
