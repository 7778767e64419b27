//! Tests whose environment matters run in a process of their own.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Runs the test `name` again in a process with these variables, and there the body of the test;
/// answers whether that was another process than this one.
pub(crate) fn in_its_own_process(
    name: &str,
    variables: &[(&str, &str)],
    body: impl Future<Output = ()>,
) -> bool {
    if env::var_os(MARK).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(body);
        return false;
    }
    let roots = env::temp_dir().join(format!(
        "azid-{}-{}.pem",
        std::process::id(),
        name.replace("::", "-")
    ));
    let mut command = Command::new(env::current_exe().expect("this test"));
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(proxy);
        command.env_remove(proxy.to_ascii_uppercase());
    }
    let output = command
        .args([name, "--exact", "--nocapture"])
        .envs(variables.iter().copied())
        .env(MARK, "")
        .env("SSL_CERT_FILE", &roots)
        .output()
        .expect("it can be run again");
    let _ = std::fs::remove_file(&roots);
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 passed"), "{said}\n{complained}");
    true
}

const MARK: &str = "AZID_TEST_PROCESS";

/// A certificate for a host name, by a root that this process trusts from now on: it is written to
/// the file that `SSL_CERT_FILE` names.
pub(crate) fn trusted_certificate(host: &str) -> TlsAcceptor {
    let root = root();
    let file = PathBuf::from(env::var_os("SSL_CERT_FILE").expect("in a process of its own"));
    std::fs::write(file, root.pem()).expect("a file in the temporary directory");
    certificate(host, &root)
}

/// A certificate for a host name, by a root that nobody trusts; another one is trusted.
pub(crate) fn untrusted_certificate(host: &str) -> TlsAcceptor {
    let _ = trusted_certificate(host);
    certificate(host, &root())
}

/// A certificate for a host name, and the root that vouches for it, as PEM: nobody trusts it yet.
pub(crate) fn private_certificate(host: &str) -> (TlsAcceptor, String) {
    let root = root();
    (certificate(host, &root), root.pem())
}

type Root = CertifiedIssuer<'static, KeyPair>;

fn root() -> Root {
    let mut params = CertificateParams::new([]).expect("no names, no mistakes");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a root")
}

fn certificate(host: &str, root: &Root) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([host.to_owned()]).expect("a host name");
    let leaf = params.signed_by(&key, root).expect("a certificate");
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let ring = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(ring.into())
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS needs")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key is the certificate's");
    TlsAcceptor::from(std::sync::Arc::new(config))
}
