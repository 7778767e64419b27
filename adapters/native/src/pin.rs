//! A server that is known by its certificate alone.

use std::fmt;
use std::sync::Arc;

use azid_core::effect::Thumbprint;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

/// Accepts one certificate, whoever vouches for it, whatever its names are and however old it is;
/// and of the server that presents it, the proof that it holds the key.
///
/// It is asked in the handshake, hence before a byte of a request is sent.
#[derive(Debug)]
pub(crate) struct Pinned {
    pin: Thumbprint,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    pub(crate) fn new(pin: Thumbprint, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { pin, algorithms }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen = digest(&SHA1_FOR_LEGACY_USE_ONLY, end_entity);
        if is_same(seen.as_ref(), &self.pin.0) {
            return Ok(ServerCertVerified::assertion());
        }
        let another = Another(seen.as_ref().to_vec());
        Err(CertificateError::Other(OtherError(Arc::new(another))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Compares in a time that depends on the lengths alone.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |seen, (a, b)| seen | (a ^ b));
    one.len() == other.len() && differences == 0
}

/// Another certificate than the one that was pinned, by its thumbprint, which is no secret.
#[derive(Debug)]
struct Another(Vec<u8>);

impl fmt::Display for Another {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's certificate is not the pinned one: its thumbprint is ")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl std::error::Error for Another {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_the_same_only_if_every_byte_is() {
        assert!(is_same(&[7; 20], &[7; 20]));
        for place in 0..20 {
            let mut other = [7; 20];
            other[place] = 8;
            assert!(!is_same(&[7; 20], &other), "{place}");
        }
        assert!(!is_same(&[7; 19], &[7; 20]));
    }
}
