//! The HTTP client of a host with threads: the adapter's own or the user's.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use azid_core::effect::{HttpFailure, HttpReply, HttpRequest, Refusal, Requirement};

use crate::host::BoxFuture;

/// An HTTP client. Write `async fn send` to implement it.
///
/// ```
/// use azid_async::HttpClient;
/// use azid_core::effect::{HttpFailure, HttpReply, HttpRequest, Refusal, Requirement};
///
/// struct MyClient;
///
/// impl HttpClient for MyClient {
///     async fn send(&self, request: HttpRequest) -> HttpReply {
///         if request.requirements.tls.pin.is_some() {
///             return Err(HttpFailure::Refused(Refusal::Requirement(Requirement::TlsPin)));
///         }
///         // … send it, and read `request.requirements.max_body` bytes at most …
/// #       unimplemented!()
///     }
/// }
/// ```
pub trait HttpClient: Send + Sync + 'static {
    /// Sends a request once, without following a redirect, and honours the request's
    /// [`Requirements`](azid_core::effect::Requirements) or refuses.
    ///
    /// Two of them are the host's business: it refuses a URL in clear that is not allowed before
    /// it gets here, and drops this future when the time limit has passed.
    fn send(&self, request: HttpRequest) -> impl Future<Output = HttpReply> + Send;
}

/// Any [`HttpClient`]. Clones share it.
#[derive(Clone)]
pub struct AnyClient(Arc<dyn Erased>);

impl AnyClient {
    /// Takes a client.
    pub fn new(client: impl HttpClient) -> Self {
        Self(Arc::new(client))
    }

    /// Sends a request by the client, unless its URL is in clear and the request does not allow
    /// that.
    pub fn send(&self, request: HttpRequest) -> BoxFuture<HttpReply> {
        let in_order = match request.url.scheme() {
            "https" => true,
            "http" => request.requirements.plain_http,
            _ => false,
        };
        if !in_order {
            let refusal = Refusal::Requirement(Requirement::Https);
            return Box::pin(async { Err(HttpFailure::Refused(refusal)) });
        }
        self.0.clone().send_boxed(request)
    }
}

impl fmt::Debug for AnyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyClient")
    }
}

trait Erased: Send + Sync {
    fn send_boxed(self: Arc<Self>, request: HttpRequest) -> BoxFuture<HttpReply>;
}

impl<C: HttpClient> Erased for C {
    fn send_boxed(self: Arc<Self>, request: HttpRequest) -> BoxFuture<HttpReply> {
        Box::pin(async move { self.send(request).await })
    }
}
