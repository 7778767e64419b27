//! A connection: to the server itself or through a proxy's tunnel, and TLS on it where it is for that.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use azid_async::BoxFuture;
use azid_core::effect::{Detail, HttpFailure, Tls};
use azid_native::{Proxy, Route, server_name};
use http::{HeaderValue, Uri};
use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, MaybeHttpsStream,
};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tower_service::Service;

use crate::way::Way;

/// Connects by one way.
pub(crate) type Connector = HttpsConnector<Hop>;

type Sockets = HttpConnector<Names>;

/// What connects by this way.
///
/// # Errors
///
/// There is no configuration of TLS for it, or the proxy's URL is of no use.
pub(crate) async fn connector(way: &Way) -> Result<Connector, HttpFailure> {
    let hop = match &way.route {
        Route::Direct => Hop::Server(sockets()),
        Route::Proxy(proxy) => Hop::Proxy(Box::new(tunnel(proxy).await?)),
    };
    let config = config(way.is_secure.then_some(&way.tls)).await?;
    let force_https = way.is_secure;
    Ok(match server_name(&way.tls)? {
        None => {
            let names = Arc::new(DefaultServerNameResolver::default());
            HttpsConnector::new(hop, config, force_https, names)
        }
        Some(name) => {
            let names = Arc::new(FixedServerNameResolver::new(name));
            HttpsConnector::new(hop, config, force_https, names)
        }
    })
}

async fn tunnel(proxy: &Proxy) -> Result<Tunnel<HttpsConnector<Sockets>>, HttpFailure> {
    let unfit = || {
        let why = format!("the URL of the proxy {proxy} is of no use");
        HttpFailure::Unsendable(Detail::new(why))
    };
    let mut url = proxy.expose_url().clone();
    let is_secure = url.scheme() == "https";
    url.set_username("").map_err(|()| unfit())?; // it goes into a header field
    url.set_password(None).map_err(|()| unfit())?;
    let uri = Uri::try_from(String::from(url)).map_err(|_| unfit())?;
    let tls = is_secure.then(Tls::default);
    let to_proxy = HttpsConnector::from((sockets(), config(tls.as_ref()).await?));
    let tunnel = Tunnel::new(uri, to_proxy);
    Ok(match proxy.authorization() {
        None => tunnel,
        Some(secret) => {
            let value = HeaderValue::from_str(secret.expose()).map_err(|_| unfit())?;
            tunnel.with_auth(value)
        }
    })
}

async fn config(tls: Option<&Tls>) -> Result<Arc<ClientConfig>, HttpFailure> {
    let Some(tls) = tls.cloned() else {
        return Ok(Arc::new(azid_native::nobody_trusted()));
    };
    let config = spawn_blocking(move || azid_native::client_config(&tls)); // it may read files
    match config.await {
        Ok(config) => config,
        Err(error) => Err(HttpFailure::Tls(Detail::new(error))),
    }
}

fn sockets() -> Sockets {
    let mut sockets = HttpConnector::new_with_resolver(Names(GaiResolver::new()));
    sockets.enforce_http(false); // TLS comes on top
    sockets.set_nodelay(true);
    sockets.set_keepalive(Some(PROBE));
    sockets.set_keepalive_interval(Some(PROBE));
    sockets.set_keepalive_retries(Some(MOST_PROBES));
    sockets
}

/// To whom the socket is connected.
#[derive(Clone)]
pub(crate) enum Hop {
    Server(Sockets),
    Proxy(Box<Tunnel<HttpsConnector<Sockets>>>),
}

impl Service<Uri> for Hop {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Self::Server(sockets) => sockets.poll_ready(cx).map_err(Into::into),
            Self::Proxy(tunnel) => tunnel.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match self {
            Self::Server(sockets) => {
                let connected = sockets.call(server);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connected.await?)) })
            }
            Self::Proxy(tunnel) => {
                let opened = tunnel.call(with_port(server));
                Box::pin(async move { Ok(opened.await?) })
            }
        }
    }
}

/// Says the port of a server in clear, which a tunnel otherwise takes for one of TLS.
fn with_port(server: Uri) -> Uri {
    let (Some("http"), Some(host), None) = (server.scheme_str(), server.host(), server.port())
    else {
        return server;
    };
    let full = Uri::builder().scheme("http").path_and_query("/");
    full.authority(format!("{host}:80"))
        .build()
        .unwrap_or(server)
}

/// Finds addresses as the system does. That there are none is told apart from other failures.
#[derive(Clone)]
pub(crate) struct Names(GaiResolver);

impl Service<Name> for Names {
    type Response = GaiAddrs;
    type Error = HttpFailure;
    type Future = BoxFuture<Result<GaiAddrs, HttpFailure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.0.call(name);
        Box::pin(async move {
            let unknown = |error| HttpFailure::Resolve(Detail::new(error));
            found.await.map_err(unknown)
        })
    }
}

/// How long a connection that is kept may be silent before the system asks whether the other side is
/// still there, and how long it waits for each answer.
const PROBE: Duration = Duration::from_secs(15);

/// How often the system asks.
const MOST_PROBES: u32 = 3;
