//! How a connection is made secure.

use std::sync::{Arc, Mutex, PoisonError};

use azid_core::effect::{Detail, HttpFailure, Tls};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::requirements::check_tls;

/// What secures connections to servers that prove who they are in this way.
///
/// The system's roots are read when they are first needed, and then kept for the life of the
/// process.
///
/// # Errors
///
/// The way is not offered, or no root certificate can be read. The next call tries again.
pub fn client_config(tls: &Tls) -> Result<Arc<ClientConfig>, HttpFailure> {
    check_tls(tls).map_err(HttpFailure::Refused)?;
    static SYSTEM: Mutex<Option<Arc<ClientConfig>>> = Mutex::new(None);
    let mut system = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(config) = &*system {
        return Ok(Arc::clone(config));
    }
    let config = Arc::new(config(system_roots()?));
    Ok(Arc::clone(system.insert(config)))
}

fn config(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The system's roots. A store that can be read in part is good enough: what is missing can only
/// make a server fail to prove who it is.
fn system_roots() -> Result<RootCertStore, HttpFailure> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    let why = match found.errors.first() {
        Some(error) => format!("the system's root certificates cannot be read: {error}"),
        None => "the system has no root certificates".to_owned(),
    };
    Err(HttpFailure::Tls(Detail::new(why)))
}
