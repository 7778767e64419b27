//! HTTP by hyper, with TLS by rustls.

use std::error::Error;
use std::io;
use std::iter::successors;

use azid_async::HttpClient;
use azid_core::SecretBytes;
use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpRequest, HttpResponse, Requirement};
use azid_native::{Phase, Proxies, Recent, Route};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, HeaderValue, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connect::{Connector, connector};
use crate::way::Way;

type Client = legacy::Client<Connector, Full<Bytes>>;

/// One client for each way to connect, made when it is first needed and kept, so that connections
/// are used again and none carries a request that asks for another way.
pub(crate) struct Hyper {
    proxies: Proxies,
    clients: Recent<Way, Client>,
}

impl Hyper {
    pub(crate) fn new(proxies: Proxies) -> Self {
        Self {
            proxies,
            clients: Recent::new(MOST_CLIENTS),
        }
    }

    async fn client(&self, way: Way) -> Result<Client, HttpFailure> {
        if let Some(client) = self.clients.get(&way) {
            return Ok(client);
        }
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(MOST_IDLE)
            .http1_max_buf_size(MOST_READ)
            .build(connector(&way).await?);
        Ok(self.clients.keep(way, client))
    }
}

impl HttpClient for Hyper {
    async fn send(&self, mut request: HttpRequest) -> HttpReply {
        azid_native::check(&request).map_err(HttpFailure::Refused)?;
        let route = self.proxies.route(&request)?;
        let client = self.client(Way::of(&mut request, route.clone())).await?;
        let most = request.requirements.max_body;
        let sent = client.request(outgoing(request)?).await;
        let (head, body) = sent
            .map_err(|error| on_way(&route, failure(&error, phase(&error))))?
            .into_parts();
        let mut answer = HttpResponse::new(head.status.as_u16(), read(body, most).await?);
        answer.headers = head.headers;
        Ok(answer)
    }

    /// All that can be required of TLS, by the configuration of the client.
    fn honours(&self, requirement: Requirement) -> bool {
        use Requirement::{ExclusiveRoots, ServerName, TlsPin};
        matches!(requirement, TlsPin | ExclusiveRoots | ServerName)
    }
}

fn outgoing(request: HttpRequest) -> Result<Request<Full<Bytes>>, HttpFailure> {
    let uri = Uri::try_from(String::from(request.url)).map_err(|_| {
        let why = "the URL is too long or of no use";
        HttpFailure::Unsendable(Detail::new(why))
    })?;
    let mut headers = request.headers;
    if request.method == Method::POST && request.body.is_empty() {
        // Left to itself the client says nothing, and some servers then answer 411.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    for (name, value) in [(ACCEPT, "*/*"), (USER_AGENT, OURSELVES)] {
        headers
            .entry(name)
            .or_insert_with(|| HeaderValue::from_static(value));
    }
    let body = Bytes::from_owner(Zeroed(request.body));
    let mut outgoing = Request::new(Full::new(body));
    *outgoing.method_mut() = request.method;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = headers;
    Ok(outgoing)
}

/// Reads a body, and no more than it may be long.
async fn read(mut body: Incoming, limit: usize) -> Result<SecretBytes, HttpFailure> {
    let too_large = HttpFailure::BodyTooLarge { limit };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large);
    }
    let mut whole = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failure(&error, Phase::Connected))?;
        let Ok(chunk) = frame.into_data() else {
            continue; // it is a field after the body
        };
        if chunk.len() > limit - whole.len() {
            return Err(too_large);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(SecretBytes::new(whole))
}

/// Bytes that are zeroed when the last who uses them lets go.
struct Zeroed(SecretBytes);

impl AsRef<[u8]> for Zeroed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

/// A failure before there was a tunnel is one of the proxy.
fn on_way(route: &Route, failure: HttpFailure) -> HttpFailure {
    match (route, failure) {
        (Route::Proxy(proxy), failure @ (HttpFailure::Resolve(_) | HttpFailure::Connect(_))) => {
            proxy.failed(failure)
        }
        (_, failure) => failure,
    }
}

fn phase(error: &legacy::Error) -> Phase {
    match error.is_connect() {
        true => Phase::Connecting,
        false => Phase::Connected,
    }
}

fn failure(error: &(dyn Error + 'static), phase: Phase) -> HttpFailure {
    match azid_native::http_failure(error, phase) {
        HttpFailure::Connect(_) => HttpFailure::Connect(Detail::new(deepest(error))),
        failure => failure,
    }
}

/// What an error came from in the end, as the ones around it say less.
fn deepest<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    successors(Some(error), |&error| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
    .last()
    .expect("there is a first")
}

/// How many ways are kept.
const MOST_CLIENTS: usize = 8;

/// How many bytes are read at once, and may be before an answer's body. What comes in a flood before
/// it, `100 Continue` for ever, keeps nobody from looking at the time in between.
const MOST_READ: usize = 64 * 1024;

/// How many connections to a host are kept for later.
const MOST_IDLE: usize = 8;

/// What requests say of the program that sends them.
const OURSELVES: &str = concat!("azid/", env!("CARGO_PKG_VERSION"));
