//! A model of the token proxy of a Kubernetes cluster with identity bindings.
//!
//! It takes the exchange of a service account token under a path of its own and passes it on to
//! Entra as it is: path and query behind its own path, headers and body unchanged. Who may talk to it
//! is settled in the handshake, by the name that the client asks for.

use super::problem;
use crate::answer;
use crate::entra::Entra;
use http::{Request, Response};

/// The token proxy of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct TokenProxy;

impl TokenProxy {
    /// The path in front of Entra's.
    pub const BASE_PATH: &str = "/identity-binding";
    /// The name that a client must ask for in the handshake, and the only one in the certificate.
    pub const SERVER_NAME: &str = "proxy.aks.example";

    /// Answers one request, as `entra` answers what is passed on to it.
    pub fn handle(
        entra: &mut Entra,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        if let Err(problem) = problem::stray_secret(request, None) {
            return problem.answer();
        }
        match forwarded(request) {
            Some(forwarded) => entra.handle(&forwarded, now_unix_seconds),
            None => answer::not_found(),
        }
    }
}

/// The request that Entra gets, if this one is under the proxy's path.
fn forwarded(request: &Request<Vec<u8>>) -> Option<Request<Vec<u8>>> {
    let target = request.uri().path_and_query()?.as_str();
    let behind = target.strip_prefix(TokenProxy::BASE_PATH)?;
    if !behind.starts_with('/') || behind.starts_with("//") {
        return None;
    }
    let mut forwarded = Request::new(request.body().clone());
    *forwarded.method_mut() = request.method().clone();
    *forwarded.headers_mut() = request.headers().clone();
    *forwarded.uri_mut() = behind.parse().ok()?;
    Some(forwarded)
}
