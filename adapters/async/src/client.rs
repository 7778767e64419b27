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
///         if request.requirements.no_proxy {
///             return Err(HttpFailure::Refused(Refusal::Requirement(Requirement::NoProxy)));
///         }
///         // Here it is sent, and `request.requirements.max_body` bytes are read at most.
///         // This example has no network, and says so.
///         Err(HttpFailure::Refused(Refusal::NoSuchEffect))
///     }
/// }
/// ```
pub trait HttpClient: Send + Sync + 'static {
    /// Sends a request once, without following a redirect, and honours the request's
    /// [`Requirements`](azid_core::effect::Requirements) or refuses.
    ///
    /// Some of that is the host's business: it refuses a URL in clear that is not allowed, and what
    /// this client does not [honour](Self::honours), before it gets here; and it drops this future
    /// when the time limit has passed.
    fn send(&self, request: HttpRequest) -> impl Future<Output = HttpReply> + Send;

    /// Whether this client knows how to honour a requirement that not every client does: a pinned
    /// certificate, exclusive roots, another server name. Requests with one that it does not
    /// honour are refused by its name and never reach it.
    ///
    /// The answer is no unless the client says otherwise, so that one which has never heard of a
    /// requirement does not ignore it.
    fn honours(&self, requirement: Requirement) -> bool {
        let _ = requirement;
        false
    }
}

/// Any [`HttpClient`]. Clones share it.
#[derive(Clone)]
pub struct AnyClient(Arc<dyn Erased>);

impl AnyClient {
    /// Takes a client.
    pub fn new(client: impl HttpClient) -> Self {
        Self(Arc::new(client))
    }

    /// Sends a request by the client, unless the client does not honour what the request requires,
    /// or its URL is in clear and that is not allowed, or cannot be since the server is to prove
    /// who it is.
    pub fn send(&self, request: HttpRequest) -> BoxFuture<HttpReply> {
        if let Some(unmet) = self.unmet(&request) {
            return Box::pin(async move { Err(HttpFailure::Refused(Refusal::Requirement(unmet))) });
        }
        self.0.clone().send_boxed(request)
    }

    fn unmet(&self, request: &HttpRequest) -> Option<Requirement> {
        let mut special = request.requirements.tls.special_requirements();
        match request.url.scheme() {
            "https" => special.find(|&requirement| !self.0.honours_boxed(requirement)),
            "http" if request.requirements.plain_http => special.next(),
            _ => Some(Requirement::Https),
        }
    }
}

impl fmt::Debug for AnyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyClient")
    }
}

trait Erased: Send + Sync {
    fn send_boxed(self: Arc<Self>, request: HttpRequest) -> BoxFuture<HttpReply>;
    fn honours_boxed(&self, requirement: Requirement) -> bool;
}

impl<C: HttpClient> Erased for C {
    fn send_boxed(self: Arc<Self>, request: HttpRequest) -> BoxFuture<HttpReply> {
        Box::pin(async move { self.send(request).await })
    }

    fn honours_boxed(&self, requirement: Requirement) -> bool {
        self.honours(requirement)
    }
}
