//! Assertions that an application signs itself: JWTs by RFC 7519 and RFC 7523, section 3.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::certificate::{Chain, ClientCertificate};
use super::exchange::Client;
use crate::effect::SignatureAlgorithm;
use crate::secret::{Secret, SecretBytes};
use crate::time::Timestamp;

/// How far this clock and Entra's may be apart: an assertion counts from so long before it is made
/// until so long after. The two together are the ten minutes that Microsoft advises as the most.
const DRIFT: Duration = Duration::from_secs(5 * 60);

/// The JOSE header (RFC 7515 section 4.1).
#[derive(Serialize)]
pub(super) struct Header<'a> {
    typ: &'static str,
    alg: SignatureAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5t: Option<String>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    x5t_s256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5c: Option<&'a Chain>,
}

/// Who says so, to whom, when. There is no `iat`: it would be in the future of a server whose
/// clock is behind.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    exp: i64,
}

impl<'a> Header<'a> {
    /// The header that Entra wants, with the thumbprint of the certificate by SHA-256.
    pub(super) fn ps256(certificate: &ClientCertificate) -> Self {
        Self {
            x5t_s256: Some(URL_SAFE_NO_PAD.encode(Sha256::digest(certificate.leaf()))),
            ..Self::new(SignatureAlgorithm::Ps256)
        }
    }

    /// The header that AD FS and others of its age know, with the thumbprint by SHA-1.
    pub(super) fn rs256(certificate: &ClientCertificate) -> Self {
        Self {
            x5t: Some(URL_SAFE_NO_PAD.encode(Sha1::digest(certificate.leaf()))),
            ..Self::new(SignatureAlgorithm::Rs256)
        }
    }

    fn new(algorithm: SignatureAlgorithm) -> Self {
        Self {
            typ: "JWT",
            alg: algorithm,
            x5t: None,
            x5t_s256: None,
            x5c: None,
        }
    }

    /// Adds the certificates themselves.
    pub(super) fn with_chain(mut self, chain: &'a Chain) -> Self {
        self.x5c = Some(chain);
        self
    }

    pub(super) fn algorithm(&self) -> SignatureAlgorithm {
        self.alg
    }

    /// What is to be signed: the client's word to its token endpoint, under an id of its own.
    pub(super) fn signing_input(&self, client: &Client, id: String, now: Timestamp) -> SecretBytes {
        let claims = Claims {
            aud: client.token_endpoint.as_str(),
            iss: client.client_id.as_str(),
            sub: client.client_id.as_str(),
            jti: id,
            nbf: now.before(DRIFT).unix_seconds(),
            exp: now.after(DRIFT).unix_seconds(),
        };
        SecretBytes::new(format!("{}.{}", encoded(self), encoded(&claims)))
    }
}

/// The assertion of a signing input and its signature. The text is built in place: a buffer that
/// grows leaves copies behind, and unlike its parts the whole is as good as a password.
pub(super) fn signed(input: &SecretBytes, signature: &[u8]) -> Secret {
    let input = std::str::from_utf8(input.expose()).expect("a signing input is ASCII");
    let mut text = String::with_capacity(input.len() + 1 + signature.len().div_ceil(3) * 4);
    text.push_str(input);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Secret::new(text)
}

fn encoded(part: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("texts and numbers serialise"))
}
