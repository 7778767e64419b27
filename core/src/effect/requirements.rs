//! What a host must honour when it sends a request.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::tls::Tls;

/// What a host must honour when it sends a request. A host that cannot, refuses.
///
/// Two more hold for every request and so are no fields: redirects are never followed, and a host
/// does not retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// How long the exchange may take in all, from the connection to the last byte of the answer.
    pub timeout: Duration,
    /// How many bytes of body to read at most. A longer one is [`HttpFailure::BodyTooLarge`](super::HttpFailure::BodyTooLarge).
    pub max_body: usize,
    /// Whether to connect directly, whatever proxies are configured: link-local metadata
    /// endpoints must not be asked through a proxy, which could read and answer the request.
    pub no_proxy: bool,
    /// Whether a URL with the scheme `http` is in order. Only metadata endpoints have one.
    pub plain_http: bool,
    /// How the server proves who it is.
    pub tls: Tls,
}

impl Requirements {
    /// The longest answer that any endpoint has a reason to give.
    pub const MAX_BODY: usize = 1024 * 1024;

    /// For the endpoints on a host itself: no proxy, plain HTTP allowed.
    pub fn metadata_endpoint(timeout: Duration) -> Self {
        Self {
            timeout,
            no_proxy: true,
            plain_http: true,
            ..Self::default()
        }
    }
}

impl Default for Requirements {
    /// 30 seconds, 1 MiB, https, the system's roots, and proxies as configured on the host.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            max_body: Self::MAX_BODY,
            no_proxy: false,
            plain_http: false,
            tls: Tls::default(),
        }
    }
}

/// A requirement by its name, for a host that cannot honour it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Requirement {
    /// [`Requirements::timeout`].
    Timeout,
    /// [`Requirements::max_body`].
    MaxBody,
    /// [`Requirements::no_proxy`].
    NoProxy,
    /// A URL with the scheme `http` without [`Requirements::plain_http`], or one that the host
    /// will not send in clear at all.
    Https,
    /// [`Requirements::plain_http`].
    PlainHttp,
    /// [`Tls::pin`].
    TlsPin,
    /// [`Tls::roots`].
    ExclusiveRoots,
    /// [`Tls::server_name`].
    ServerName,
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
