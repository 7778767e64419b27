//! How a connection is made secure.

use std::sync::Arc;

use azid_core::effect::{Detail, HttpFailure, Roots, Tls};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{DnsName, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use url::Host;

use crate::pin::Pinned;
use crate::recent::Recent;
use crate::roots;

/// How many ways to be secure are kept. Programs have one or two; roots that are replaced from
/// time to time are a new one each time.
const MOST: usize = 8;

/// What secures connections to servers that prove who they are in this way.
///
/// The same way has the same configuration for as long as it is used now and then, so that TLS
/// sessions are resumed; two ways never share a session.
///
/// # Errors
///
/// [`HttpFailure::UnusableRoots`] if the PEM text of exclusive roots is unusable; else
/// [`HttpFailure::Tls`]: no root certificate of the system can be read (the next call tries again),
/// or the server name is no DNS name.
pub fn client_config(tls: &Tls) -> Result<Arc<ClientConfig>, HttpFailure> {
    static CONFIGS: Recent<Tls, Arc<ClientConfig>> = Recent::new(MOST);
    if let Some(config) = CONFIGS.get(tls) {
        return Ok(config);
    }
    server_name(tls)?;
    let config = Arc::new(config(tls)?);
    Ok(CONFIGS.keep(tls.clone(), config))
}

/// What secures no connection, since it trusts nobody: for a client that must have a configuration
/// to send in clear.
pub fn nobody_trusted() -> ClientConfig {
    builder(Arc::new(ring::default_provider()))
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

/// The name to send and to verify instead of the URL's host, if there is one.
///
/// # Errors
///
/// It is no DNS name. An address is none either: it cannot be sent (RFC 6066 section 3).
pub fn server_name(tls: &Tls) -> Result<Option<ServerName<'static>>, HttpFailure> {
    let Some(name) = &tls.server_name else {
        return Ok(None);
    };
    // A URL must take it as it is too: it reads `127.1` as an address.
    let in_url = Host::parse(name).ok();
    let is_name = matches!(&in_url, Some(Host::Domain(read)) if read.eq_ignore_ascii_case(name));
    match DnsName::try_from(name.clone()) {
        Ok(name) if is_name => Ok(Some(ServerName::DnsName(name))),
        _ => {
            let why = "the server name that is required is no DNS name";
            Err(HttpFailure::Tls(Detail::new(why)))
        }
    }
}

fn config(tls: &Tls) -> Result<ClientConfig, HttpFailure> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = builder(provider);
    let builder = match (tls.pin, &tls.roots) {
        (Some(pin), _) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned::new(pin, algorithms))),
        (None, Roots::System) => builder.with_root_certificates(roots::system()?),
        (None, Roots::Exclusive(pem)) => builder.with_root_certificates(roots::exclusive(pem)?),
    };
    Ok(builder.with_no_client_auth())
}

fn builder(provider: Arc<CryptoProvider>) -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Result<Option<ServerName<'static>>, HttpFailure> {
        server_name(&Tls {
            server_name: Some(name.to_owned()),
            ..Tls::default()
        })
    }

    #[test]
    fn a_server_name_is_a_dns_name_and_nothing_else() {
        for name in [
            "a.example",
            "A.example",
            "localhost",
            "my_pod.svc",
            "xn--bcher-kva.example",
        ] {
            assert!(
                matches!(named(name), Ok(Some(ServerName::DnsName(_)))),
                "{name}"
            );
        }
        let unfit = [
            "",
            " ",
            "a b",
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "::1",
            "[::1]",
            "a/b",
            "a:443",
        ];
        for name in unfit
            .into_iter()
            .chain(["bücher.example", "a%2eb", "a..b", "u@a"])
        {
            let failure = named(name).expect_err(name);
            assert!(failure.to_string().contains("no DNS name"), "{failure}");
        }
        assert_eq!(server_name(&Tls::default()), Ok(None));
    }
}
