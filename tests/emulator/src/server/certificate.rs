//! A certificate authority for one server's life; its key never leaves the process.

use crate::time::Moment;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::io;
use std::sync::Arc;

const DAY_SECONDS: u64 = 86_400;

/// The authority's certificate, and TLS with a certificate that it signed.
pub(super) struct Certificates {
    pub(super) ca_pem: String,
    pub(super) config: Arc<ServerConfig>,
}

impl Certificates {
    /// Valid for thirty days, with the extensions that the strictest clients ask for.
    pub(super) fn generate() -> io::Result<Certificates> {
        let authority = authority().map_err(io::Error::other)?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = server()
            .and_then(|it| it.signed_by(&key, &authority))
            .map_err(io::Error::other)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Certificates {
            ca_pem: authority.pem(),
            config: Arc::new(config),
        })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params("azid emulator CA", Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server() -> Result<CertificateParams, rcgen::Error> {
    let mut params = params(
        "localhost",
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
    )?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Clients judge the dates by the true time, whatever clock the emulator has.
fn params(name: &str, alternatives: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(alternatives)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = super::Clock::system().now();
    let date = |unix_seconds| {
        let Moment {
            year, month, day, ..
        } = Moment::new(unix_seconds);
        date_time_ymd(year as i32, month as u8, day as u8)
    };
    params.not_before = date(now.saturating_sub(DAY_SECONDS));
    params.not_after = date(now + 30 * DAY_SECONDS);
    Ok(params)
}
