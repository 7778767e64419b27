//! How a request reaches its server: what an HTTP client is made for.

use azid_core::effect::{HttpRequest, Tls};
use azid_native::Route;

/// Two requests may share connections only if their ways are equal.
#[derive(PartialEq)]
pub(crate) struct Way {
    pub(crate) route: Route,
    pub(crate) tls: Tls,
    /// Whether there is TLS to the server. What goes in clear must not need root certificates,
    /// which a machine need not have.
    pub(crate) is_secure: bool,
}

impl Way {
    /// The way of a request, which needs to know no more of it.
    pub(crate) fn of(request: &mut HttpRequest, route: Route) -> Self {
        Self {
            route,
            tls: std::mem::take(&mut request.requirements.tls),
            is_secure: request.url.scheme() == "https",
        }
    }
}
