//! JSON Web Tokens in compact form (RFC 7515), read strictly and checked with RS256 or PS256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use serde_json::{Map, Value};

const MAX_BYTES: usize = 32 * 1024;

/// A token whose parts are well-formed; nothing in it is trusted before [`Jwt::is_signed_by`].
pub(crate) struct Jwt<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Jwt<'a>> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Jwt {
            header: decode_object(header)?,
            claims: decode_object(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
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

    /// A claim that is a time in whole Unix seconds.
    pub(crate) fn time(&self, claim: &str) -> Option<u64> {
        self.claims.get(claim)?.as_u64()
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
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}
