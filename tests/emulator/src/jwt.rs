//! JSON Web Tokens in compact form (RFC 7515), read strictly and checked with RS256 or PS256.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, Engine};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use serde_json::{Map, Value};

const MAX_BYTES: usize = 32 * 1024;

/// Base64url with padding or without.
const URL_SAFE_ANY_PAD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A token whose parts are well-formed; nothing in it is trusted before [`Jwt::is_signed_by`].
pub(crate) struct Jwt<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Jwt<'a>> {
        Jwt::parse_padded(text).filter(|_| !text.contains('='))
    }

    /// Takes parts with padding too, which one of the official clients sends.
    pub(crate) fn parse_padded(text: &'a str) -> Option<Jwt<'a>> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Jwt {
            header: decode_object(header)?,
            claims: decode_object(claims)?,
            signed,
            signature: URL_SAFE_ANY_PAD.decode(signature).ok()?,
        })
    }

    pub(crate) fn algorithm(&self) -> Option<&str> {
        self.header.get("alg")?.as_str()
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A claim that is a time in Unix seconds; some clients write fractions, which are dropped
    /// (RFC 7519 section 2 has them in a `NumericDate`).
    pub(crate) fn time(&self, claim: &str) -> Option<u64> {
        let number = self.claims.get(claim)?;
        let fraction = || number.as_f64().filter(|it| it.is_sign_positive());
        number
            .as_u64()
            .or_else(|| fraction().map(|seconds| seconds as u64))
    }

    /// Checks the signature with the algorithm that the header names, of the two that there are;
    /// which of them is allowed is the caller's question.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        let parameters: &RsaParameters = match self.algorithm() {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        RsaPublicKeyComponents {
            n: &key.modulus,
            e: &key.exponent,
        }
        .verify(parameters, self.signed.as_bytes(), &self.signature)
        .is_ok()
    }
}

/// An RSA public key as big-endian numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl PublicKey {
    pub(crate) fn new(modulus: Vec<u8>, exponent: Vec<u8>) -> PublicKey {
        PublicKey { modulus, exponent }
    }

    /// Reads the members `n` and `e` of a JSON Web Key (RFC 7518 section 6.3.1).
    pub(crate) fn from_jwk(key: &Value) -> Option<PublicKey> {
        let number = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
        (key.get("kty")?.as_str()? == "RSA").then_some(())?;
        Some(PublicKey {
            modulus: number("n")?,
            exponent: number("e")?,
        })
    }

    /// Modulus and exponent as a JSON Web Key writes them.
    pub(crate) fn encoded(&self) -> (String, String) {
        (encode(&self.modulus), encode(&self.exponent))
    }
}

/// Base64url without padding, the one encoding of tokens and keys.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode_object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&URL_SAFE_ANY_PAD.decode(part).ok()?).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}
