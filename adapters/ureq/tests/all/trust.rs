//! An authority that a whole process trusts.
//!
//! The system's roots are read once for each process, from where `SSL_CERT_FILE` says. So a test
//! that needs an authority of its own runs again in a process of its own.

use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const NAME: &str = "AZID_TEST_IN_OWN_PROCESS";

/// Signs the certificates of servers.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Runs the test of this name in a process that trusts the authority which it is given, and no
/// other.
pub(crate) fn in_own_process(name: &str, test: impl FnOnce(&Authority)) {
    let is_own = std::env::var(NAME).is_ok_and(|own| own == name);
    if is_own {
        let authority = Authority::new("trusted");
        let roots = std::env::var("SSL_CERT_FILE").expect("the first process sets it");
        std::fs::write(roots, authority.0.pem()).expect("the folder can be written to");
        return test(&authority);
    }
    let file = format!(
        "azid-{}-{}.pem",
        std::process::id(),
        name.replace("::", "-")
    );
    let roots = std::env::temp_dir().join(file);
    let output = Command::new(std::env::current_exe().expect("a test is a program"))
        .args(["--exact", name, "--nocapture"])
        .env(NAME, name)
        .env("SSL_CERT_FILE", &roots)
        .env_remove("SSL_CERT_DIR")
        .output()
        .expect("a test can be run again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in its own process: {said}");
    std::fs::remove_file(roots).expect("the test of this name has run");
}

impl Authority {
    /// An authority of this name, which nobody trusts yet.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no name is a bad one");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("ring makes keys");
        Self(CertifiedIssuer::self_signed(params, key).expect("the parameters are valid"))
    }

    /// The authority's own certificate.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a server needs to prove that it has this name.
    pub(crate) fn vouches_for(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("ring makes keys");
        let certificate = CertificateParams::new([name.to_owned()])
            .and_then(|params| params.signed_by(&key, &self.0))
            .expect("the name is valid");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = rustls::crypto::ring::default_provider();
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .expect("ring has what TLS needs")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key is the certificate's");
        Arc::new(config)
    }
}
