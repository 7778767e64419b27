//! Clients that judge a certificate without any authority.

use crate::wire::tls_builder;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{ring::default_provider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;

/// Believes in nothing but this SHA-1 thumbprint.
pub(crate) fn pinned(thumbprint: &str) -> ClientConfig {
    judging(Some(thumbprint.to_owned()))
}

/// Takes any certificate, so that a refusal can only be the server's.
pub(crate) fn gullible() -> ClientConfig {
    judging(None)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn judging(thumbprint: Option<String>) -> ClientConfig {
    tls_builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Judge { thumbprint }))
        .with_no_client_auth()
}

#[derive(Debug)]
struct Judge {
    thumbprint: Option<String>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let hash = hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref());
        let wanted = self.thumbprint.as_deref();
        if wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&hash)) {
            Ok(ServerCertVerified::assertion())
        } else {
            let rejected = CertificateError::ApplicationVerificationFailure;
            Err(Error::InvalidCertificate(rejected))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = default_provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
