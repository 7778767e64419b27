//! HTTP by reqwest, with TLS by rustls.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::mem::take;

use azid_async::HttpClient;
use azid_core::SecretBytes;
use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpRequest, HttpResponse, Requirement};
use azid_native::{Phase, Proxies, Recent, Route};
use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Proxy, Request, Response, redirect, retry};
use rustls::ClientConfig;
use tokio::task::spawn_blocking;

use crate::way::{AddressesOf, Way};

/// One client for each way to connect, made when it is first needed and kept, so that connections
/// are used again and none carries a request that asks for another way.
pub(crate) struct Reqwest {
    proxies: Proxies,
    clients: Recent<Way, Client>,
}

impl Reqwest {
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
        let client = build(&way, config(&way).await?)?;
        Ok(self.clients.keep(way, client))
    }
}

impl HttpClient for Reqwest {
    async fn send(&self, mut request: HttpRequest) -> HttpReply {
        azid_native::check(&request).map_err(HttpFailure::Refused)?;
        let route = self.proxies.route(&request)?;
        let way = Way::of(&mut request, route.clone())?;
        let client = self.client(way).await?;
        let mut headers = request.headers;
        if request.method == Method::POST && request.body.is_empty() {
            // Left to itself the client says nothing, and some servers then answer 411.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut outgoing = Request::new(request.method, request.url);
        *outgoing.headers_mut() = headers;
        *outgoing.body_mut() = Some(Bytes::from_owner(Zeroed(request.body)).into());
        let sent = client.execute(outgoing).await;
        let mut response = sent.map_err(|error| on_way(&route, failure(error)))?;
        let (status, headers) = (response.status().as_u16(), take(response.headers_mut()));
        let body = read(response, request.requirements.max_body).await?;
        let mut answer = HttpResponse::new(status, body);
        answer.headers = headers;
        Ok(answer)
    }

    /// All that can be required of TLS, by the configuration of the client.
    fn honours(&self, requirement: Requirement) -> bool {
        use Requirement::{ExclusiveRoots, ServerName, TlsPin};
        matches!(requirement, TlsPin | ExclusiveRoots | ServerName)
    }
}

async fn config(way: &Way) -> Result<ClientConfig, HttpFailure> {
    if !way.is_secure {
        return Ok(azid_native::nobody_trusted());
    }
    let tls = way.tls.clone();
    let config = spawn_blocking(move || azid_native::client_config(&tls)); // it may read files
    match config.await {
        Ok(config) => config.map(|config| ClientConfig::clone(&config)),
        Err(error) => Err(HttpFailure::Tls(Detail::new(error))),
    }
}

fn build(way: &Way, tls: ClientConfig) -> Result<Client, HttpFailure> {
    let mut builder = ClientBuilder::new()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("azid/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .pool_max_idle_per_host(MOST_IDLE)
        .no_proxy(); // of its own finding
    if let Some(host) = &way.host {
        builder = builder.dns_resolver(AddressesOf(host.clone()));
    }
    let built = match &way.route {
        Route::Direct => builder.build(),
        Route::Proxy(proxy) => {
            Proxy::all(proxy.expose_url().clone()).and_then(|proxy| builder.proxy(proxy).build())
        }
    };
    built.map_err(|error| HttpFailure::Connect(Detail::new(deepest(&error))))
}

/// Reads a body, and no more than it may be long.
async fn read(mut response: Response, limit: usize) -> Result<SecretBytes, HttpFailure> {
    let too_large = HttpFailure::BodyTooLarge { limit };
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large);
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if chunk.len() > limit - body.len() {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(SecretBytes::new(body))
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

fn failure(error: reqwest::Error) -> HttpFailure {
    if error.is_builder() {
        let why = "the URL or a header field is too long or of no use";
        return HttpFailure::Unsendable(Detail::new(why));
    }
    if error.is_dns() {
        return HttpFailure::Resolve(Detail::new(deepest(&error)));
    }
    let phase = match error.is_connect() {
        true => Phase::Connecting,
        false => Phase::Connected,
    };
    match azid_native::http_failure(&error, phase) {
        HttpFailure::Connect(_) => HttpFailure::Connect(Detail::new(deepest(&error))),
        failure => failure,
    }
}

/// What an error came from in the end. The ones around it say less, and some name the URL, whose
/// query may identify somebody.
fn deepest(error: &reqwest::Error) -> &(dyn Error + 'static) {
    let first: &(dyn Error + 'static) = error;
    successors(Some(first), |&error| {
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

/// How many connections to a host are kept for later.
const MOST_IDLE: usize = 8;
