//! A model of the token proxy of a Kubernetes cluster with identity bindings.
//!
//! It takes the exchange of a service account token under a path of its own and passes it on to
//! Entra as it is: path and query behind its own path, headers and body unchanged. Who may talk to it
//! is settled in the handshake, by the name that the client asks for.

use super::problem;
use crate::answer;
use http::{Request, Response, Uri};

/// The token proxy of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct TokenProxy;

impl TokenProxy {
    /// The path in front of Entra's.
    pub const BASE_PATH: &str = "/identity-binding";
    /// The name that a client must ask for in the handshake, and the only one in the certificate.
    pub const SERVER_NAME: &str = "proxy.aks.example";

    /// What Entra is asked, or the answer to a request that is not passed on.
    ///
    /// # Errors
    ///
    /// The answer: 404 for a path outside of the proxy's, 400 for a header that belongs to a host of
    /// managed identities.
    pub fn forward(request: &Request<Vec<u8>>) -> Result<Request<Vec<u8>>, Response<Vec<u8>>> {
        problem::stray_secret(request, None).map_err(|problem| problem.answer())?;
        let target = request.uri().path_and_query().map_or("", |it| it.as_str());
        let behind = target
            .strip_prefix(TokenProxy::BASE_PATH)
            .filter(|rest| rest.starts_with('/') && !rest.starts_with("//"))
            .and_then(|rest| rest.parse::<Uri>().ok())
            .ok_or_else(answer::not_found)?;
        let mut forwarded = Request::new(request.body().clone());
        *forwarded.method_mut() = request.method().clone();
        *forwarded.headers_mut() = request.headers().clone();
        *forwarded.uri_mut() = behind;
        Ok(forwarded)
    }
}
