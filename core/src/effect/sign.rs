//! The effect `Sign`: a signature over a message, by a key in memory or by one that has a name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::{Detail, Refusal, can_be_refused};
use super::{CallbackId, Effect, effect_step, sealed::Sealed};
use crate::secret::SecretBytes;
use crate::transcript::Recording;

/// Signing one message.
#[derive(Debug)]
pub enum Sign {}

/// What to sign, with which key and how.
#[derive(Clone, Debug)]
pub struct SignRequest {
    /// The algorithm.
    pub algorithm: SignatureAlgorithm,
    /// The message itself, not its digest.
    pub message: SecretBytes,
    /// The key.
    pub key: KeyHandle,
    /// How long it may take. An async host gives up on a signer of the user's own after that; a
    /// blocking one cannot, so there the signer itself must come to an end.
    pub timeout: Duration,
}

impl SignRequest {
    /// A message to be signed within 10 s, which is long for a vault on a slow network.
    pub fn new(algorithm: SignatureAlgorithm, message: SecretBytes, key: KeyHandle) -> Self {
        Self {
            algorithm,
            message,
            key,
            timeout: Duration::from_secs(10),
        }
    }
}

/// A signature algorithm by its JWA name (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256, as the 64 bytes of r and s.
    #[serde(rename = "ES256")]
    Es256,
}

/// A private key, in memory or somewhere that only a signer of the user's knows.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyHandle {
    /// A PKCS#8 document in DER form. Clones are the same key, so a host parses it once.
    InMemory(Arc<SecretBytes>),
    /// A key that never leaves an HSM, a vault or a browser: the signer registered under this
    /// name uses it.
    Named(CallbackId),
}

impl KeyHandle {
    /// A key held in memory, given as a PKCS#8 document in DER form.
    pub fn in_memory(pkcs8: SecretBytes) -> Self {
        Self::InMemory(Arc::new(pkcs8))
    }
}

impl fmt::Debug for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InMemory(_) => f.write_str("InMemory([secret])"),
            Self::Named(name) => write!(f, "Named({name})"),
        }
    }
}

/// How signing can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignFailure {
    /// The key is not one that this algorithm can be used with.
    UnusableKey(Detail),
    /// The signer is there but did not sign, in its own words.
    Other(Detail),
    /// The signer did not answer within the time limit.
    TimedOut,
    /// The host did not try.
    Refused(Refusal),
}

impl fmt::Display for SignFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnusableKey(detail) => write!(f, "the key cannot be used: {detail}"),
            Self::Other(detail) => write!(f, "the signer did not sign: {detail}"),
            Self::TimedOut => f.write_str("the signer did not answer within the time limit"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

can_be_refused!(SignFailure, UnusableKey, Other);

impl Sealed for Sign {}

impl Effect for Sign {
    type Request = SignRequest;
    type Output = Vec<u8>;
    type Failure = SignFailure;
    const NAME: &'static str = "sign";
    effect_step!(Sign);

    fn time_limit(request: &SignRequest) -> Option<Duration> {
        Some(request.timeout)
    }

    fn limit_time(request: &mut SignRequest, at_most: Duration) {
        request.timeout = request.timeout.min(at_most);
    }

    fn record(
        request: &SignRequest,
        reply: &Result<Vec<u8>, SignFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.sign(request, reply);
    }
}
