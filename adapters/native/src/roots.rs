//! The root certificates that count.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use azid_core::effect::{Detail, HttpFailure};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The system's roots, read when they are first needed and then kept for the life of the process.
///
/// A store that can be read in part is good enough: what is missing can only make a server fail to
/// prove who it is. Where nothing can be read the next call tries again.
pub(crate) fn system() -> Result<Arc<RootCertStore>, HttpFailure> {
    static SYSTEM: Mutex<Option<Arc<RootCertStore>>> = Mutex::new(None);
    let mut system = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(roots) = &*system {
        return Ok(Arc::clone(roots));
    }
    let roots = Arc::new(read_system()?);
    Ok(Arc::clone(system.insert(roots)))
}

/// The roots in a PEM text, and no others. One that cannot be used makes the whole text unusable:
/// it may be half of what was meant.
pub(crate) fn exclusive(pem: &str) -> Result<Arc<RootCertStore>, HttpFailure> {
    let mut roots = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem.as_bytes())) {
        let unusable = |why| unusable(format!("certificate {number} of the PEM text {why}"));
        let certificate = certificate.map_err(|_| unusable("is not well-formed PEM"))?;
        roots
            .add(certificate)
            .map_err(|_| unusable("is no X.509 certificate that can be a root"))?;
    }
    match roots.is_empty() {
        true => Err(unusable(
            "the PEM text of the only roots that count holds no certificate",
        )),
        false => Ok(Arc::new(roots)),
    }
}

fn read_system() -> Result<RootCertStore, HttpFailure> {
    if let Some(path) = std::env::var_os("SSL_CERT_FILE") {
        can_be_read(Path::new(&path))?;
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
    let whose = match named.map(|value| value.is_some()) {
        [false, false] => "of the system",
        [true, false] => "that SSL_CERT_FILE names",
        [false, true] => "that SSL_CERT_DIR names",
        [true, true] => "that SSL_CERT_FILE and SSL_CERT_DIR name",
    };
    Err(match found.errors.first() {
        Some(error) => failure(format!(
            "the root certificates {whose} cannot be read: {error}"
        )),
        None => failure(format!("of the root certificates {whose} there are none")),
    })
}

/// Whether the file that `SSL_CERT_FILE` names is there to be read: one that is not would else be
/// passed over where `SSL_CERT_DIR` names roots as well.
fn can_be_read(path: &Path) -> Result<(), HttpFailure> {
    if path.as_os_str().is_empty() {
        let why = "SSL_CERT_FILE is set and empty: unset it, or name a PEM file";
        return Err(failure(why.to_owned()));
    }
    let shown = path.display();
    let unread = |error| failure(format!("SSL_CERT_FILE: {shown} cannot be read: {error}"));
    // Of a device or a pipe there is no end, and perhaps no beginning: it is not even opened.
    if !path.metadata().map_err(unread)?.is_file() {
        return Err(failure(format!(
            "SSL_CERT_FILE: {shown} is no regular file"
        )));
    }
    File::open(path).map_err(unread).map(drop)
}

fn unusable(why: impl std::fmt::Display) -> HttpFailure {
    HttpFailure::UnusableRoots(Detail::new(why))
}

fn failure(why: impl std::fmt::Display) -> HttpFailure {
    HttpFailure::Tls(Detail::new(why))
}
