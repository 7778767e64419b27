//! X.509 certificates of applications: as Entra registers them, and as their owner holds them.

use crate::jwt::{PublicKey, encode};
use crate::keys::SigningKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, date_time_ymd,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rsa::pkcs8::der::asn1::{GeneralizedTime, ObjectIdentifier, UtcTime};
use rsa::pkcs8::der::{AnyRef, Decode, NestedReader, Reader, SliceReader, Tag};
use rsa::pkcs8::{DecodePublicKey, der};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use std::fmt;
use std::ops::RangeInclusive;

/// A certificate with an RSA key, as its owner uploads it: no private key is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    parts: Parts,
}

/// What the emulator reads out of a certificate (RFC 5280 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    common_name: Option<String>,
    not_before: u64,
    not_after: u64,
    key: PublicKey,
}

impl Certificate {
    /// Reads a certificate; nothing if it does not parse or has another key than RSA.
    pub fn from_der(der: &[u8]) -> Option<Certificate> {
        Some(Certificate {
            parts: read(der).ok()?,
            der: der.to_vec(),
        })
    }

    /// The encoded certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The common name of the subject.
    pub fn common_name(&self) -> Option<&str> {
        self.parts.common_name.as_deref()
    }

    /// The end of its validity in Unix seconds; that second is still in it.
    pub fn not_after(&self) -> u64 {
        self.parts.not_after
    }

    /// The SHA-1 hash, `x5t` in a token's header (RFC 7515 section 4.1.7).
    pub fn sha1_thumbprint(&self) -> Vec<u8> {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        hash.as_ref().to_vec()
    }

    /// The SHA-256 hash, `x5t#S256` in a token's header (RFC 7515 section 4.1.8).
    pub fn sha256_thumbprint(&self) -> Vec<u8> {
        digest(&SHA256, &self.der).as_ref().to_vec()
    }

    pub(crate) fn validity(&self) -> RangeInclusive<u64> {
        self.parts.not_before..=self.parts.not_after
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.parts.key
    }
}

/// A certificate with its private key and the authority that issued it: the application's side.
#[derive(Clone)]
pub struct ClientCertificate {
    key: SigningKey,
    certificate: Certificate,
    authority: Vec<u8>,
    pem: String,
}

impl ClientCertificate {
    /// Makes a fresh key of 2048 bits and a certificate that is valid from 2020 to 2099.
    pub fn generate(common_name: &str) -> ClientCertificate {
        ClientCertificate::issue(SigningKey::generate(), common_name, 2020, 2099)
    }

    /// Another certificate for the same key and name, valid from the start of one year to the end of
    /// another.
    pub fn reissue(&self, first_year: i32, last_year: i32) -> ClientCertificate {
        let name = self.certificate.common_name().unwrap_or_default();
        ClientCertificate::issue(self.key.clone(), name, first_year, last_year)
    }

    /// What its owner uploads.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificate of the authority that issued it.
    pub fn authority_der(&self) -> &[u8] {
        &self.authority
    }

    /// The private key as PKCS#8, the certificate and its authority's, in one PEM text.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The private key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// An assertion as Entra's documentation wants it: PS256, `x5t#S256`, valid for ten minutes. `id`
    /// tells it from every other.
    pub fn assertion(&self, client_id: &str, audience: &str, id: &str, now: u64) -> String {
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": id,
            "nbf": now,
            "exp": now.saturating_add(600),
        });
        self.key.sign_with_header(&self.assertion_header(), &claims)
    }

    /// The header of such an assertion.
    pub fn assertion_header(&self) -> Value {
        let thumbprint = encode(self.certificate.sha256_thumbprint());
        json!({"typ": "JWT", "alg": "PS256", "x5t#S256": thumbprint})
    }

    /// The member `x5c` of a header: this certificate and its authority's (RFC 7515 section 4.1.6).
    pub fn chain(&self) -> Value {
        json!([
            STANDARD.encode(self.certificate.der()),
            STANDARD.encode(&self.authority)
        ])
    }

    fn issue(key: SigningKey, name: &str, first_year: i32, last_year: i32) -> ClientCertificate {
        let issued = certify(&key, name, first_year, last_year);
        let (pem, leaf, authority) = issued.expect("an RSA key of 2048 bits can be certified");
        ClientCertificate {
            key,
            certificate: Certificate::from_der(&leaf).expect("a certificate just made parses"),
            authority,
            pem,
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("common_name", &self.certificate.common_name())
            .finish_non_exhaustive()
    }
}

/// The PEM text of everything, the certificate, and its authority's.
fn certify(
    key: &SigningKey,
    name: &str,
    first_year: i32,
    last_year: i32,
) -> Result<(String, Vec<u8>, Vec<u8>), rcgen::Error> {
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(first_year, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        params
    };
    let mut authority = params("azid emulator client authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut leaf = params(name);
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let private = PrivatePkcs8KeyDer::from(key.private_der());
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&private, &PKCS_RSA_SHA256)?;
    let certificate = leaf.signed_by(&pair, &authority)?;
    let pem = pair.serialize_pem() + &certificate.pem() + &authority.pem();
    Ok((pem, certificate.der().to_vec(), authority.der().to_vec()))
}

fn read(bytes: &[u8]) -> der::Result<Parts> {
    let mut reader = SliceReader::new(bytes)?;
    let parts = reader.sequence(|certificate| {
        let parts = certificate.sequence(read_signed_part)?;
        skip(certificate, 2)?;
        Ok(parts)
    })?;
    reader.finish(parts)
}

fn read_signed_part<'r>(fields: &mut NestedReader<'_, impl Reader<'r>>) -> der::Result<Parts> {
    let has_version = fields.peek_tag()?.is_context_specific();
    let [serial, algorithm, issuer] = [1; 3];
    skip(
        fields,
        usize::from(has_version) + serial + algorithm + issuer,
    )?;
    let (not_before, not_after) = fields.sequence(|validity| {
        let start = read_time(validity)?;
        Ok((start, read_time(validity)?))
    })?;
    let common_name = common_name(fields.tlv_bytes()?)?;
    let key = RsaPublicKey::from_public_key_der(fields.tlv_bytes()?)
        .map_err(|_| der::ErrorKind::Failed)?;
    while !fields.is_finished() {
        skip(fields, 1)?;
    }
    let bytes = BigUint::to_bytes_be;
    Ok(Parts {
        common_name,
        not_before,
        not_after,
        key: PublicKey::new(bytes(key.n()), bytes(key.e())),
    })
}

fn read_time<'r>(reader: &mut impl Reader<'r>) -> der::Result<u64> {
    let since_1970 = match reader.peek_tag()? {
        Tag::UtcTime => UtcTime::decode(reader)?.to_unix_duration(),
        _ => GeneralizedTime::decode(reader)?.to_unix_duration(),
    };
    Ok(since_1970.as_secs())
}

/// The first common name in a distinguished name.
fn common_name(name: &[u8]) -> der::Result<Option<String>> {
    const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
    let mut found = None;
    for set in Vec::<AnyRef<'_>>::from_der(name)? {
        let mut attributes = SliceReader::new(set.value())?;
        while !attributes.is_finished() {
            let (kind, value) = attributes.sequence(|attribute| {
                let kind = ObjectIdentifier::decode(attribute)?;
                Ok((kind, AnyRef::decode(attribute)?))
            })?;
            if kind == COMMON_NAME && found.is_none() {
                found = Some(String::from_utf8_lossy(value.value()).into_owned());
            }
        }
    }
    Ok(found)
}

fn skip<'r>(reader: &mut impl Reader<'r>, fields: usize) -> der::Result<()> {
    (0..fields).try_for_each(|_| reader.tlv_bytes().map(drop))
}
