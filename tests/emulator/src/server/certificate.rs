//! Certificates for one server's life; their keys never leave the process.

use crate::time::Moment;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

const DAY_SECONDS: u64 = 86_400;

/// A certificate authority.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn generate(name: &str) -> io::Result<Authority> {
        authority(name).map(Authority).map_err(io::Error::other)
    }

    /// Its certificate as PEM.
    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server certificate for `names`, with the extensions that the strictest clients ask for.
    pub(super) fn issue(&self, names: &[&str]) -> io::Result<Arc<CertifiedKey>> {
        let issue = || {
            let mut params = server(names)?;
            params.use_authority_key_identifier_extension = true;
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &self.0)?;
            Ok((certificate, key))
        };
        certified(issue().map_err(|error: rcgen::Error| io::Error::other(error))?)
    }
}

/// A server certificate that vouches for itself alone.
pub(super) fn self_signed(names: &[&str]) -> io::Result<Arc<CertifiedKey>> {
    let make = || {
        let key = KeyPair::generate()?;
        let certificate = server(names)?.self_signed(&key)?;
        Ok((certificate, key))
    };
    certified(make().map_err(|error: rcgen::Error| io::Error::other(error))?)
}

/// The SHA-1 of the certificate in upper-case hexadecimal, as Windows shows it.
pub(super) fn thumbprint(key: &CertifiedKey) -> String {
    let certificate = key.cert.first().map_or(&[][..], |it| it.as_ref());
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate);
    hash.as_ref().iter().map(|it| format!("{it:02X}")).collect()
}

/// The certificate that a listener shows, which can change between two handshakes.
#[derive(Debug)]
pub(super) struct Shown {
    key: Mutex<Arc<CertifiedKey>>,
    only_for: Option<&'static str>,
}

impl Shown {
    /// Shown to every client or, with `only_for`, to those alone that ask for that name.
    pub(super) fn new(key: Arc<CertifiedKey>, only_for: Option<&'static str>) -> Arc<Shown> {
        Arc::new(Shown {
            key: Mutex::new(key),
            only_for,
        })
    }

    pub(super) fn change(&self, key: Arc<CertifiedKey>) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Every connection has a whole handshake, so that a change is seen by the next one.
    pub(super) fn config(self: &Arc<Shown>) -> io::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_meant = self.only_for.is_none_or(|name| {
            hello
                .server_name()
                .is_some_and(|it| it.eq_ignore_ascii_case(name))
        });
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        is_meant.then(|| Arc::clone(&key))
    }
}

fn certified((certificate, key): (rcgen::Certificate, KeyPair)) -> io::Result<Arc<CertifiedKey>> {
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let key = any_ecdsa_type(&private).map_err(io::Error::other)?;
    let chain = vec![certificate.der().clone()];
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params(name, Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server(names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let alternatives = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = params(names.first().copied().unwrap_or_default(), alternatives)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Valid for thirty days. Clients judge the dates by the true time, whatever clock the emulator has.
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
