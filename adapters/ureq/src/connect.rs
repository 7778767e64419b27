//! How connections are made.
//!
//! resolve ─► TCP ─► [TLS to the proxy] ─► [tunnel] ─► [TLS to the server]
//!
//! What a request requires of TLS holds for the server. A proxy proves itself to the roots of the
//! system, and is told the host and the port of the URL, whatever name the server must have.
//!
//! Whatever goes wrong here went wrong before a byte of the request was sent, and is turned into a
//! failure that says so.

use azid_core::effect::{Detail, HttpFailure, Tls};
use azid_native::{Phase, Proxy, Route, http_failure};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

use crate::secure::secure;
use crate::tunnel::tunnel;

/// Finds the address to connect to: the server's, or the proxy's.
#[derive(Debug)]
struct FirstHop {
    proxy: Option<(Uri, Proxy)>,
}

impl FirstHop {
    fn new(route: &Route) -> Result<Self, HttpFailure> {
        let proxy = match route {
            Route::Direct => None,
            Route::Proxy(proxy) => Some((uri(proxy)?, proxy.clone())),
        };
        Ok(Self { proxy })
    }

    fn resolve(&self, details: &ConnectionDetails<'_>) -> Result<ResolvedSocketAddrs, Error> {
        let uri = self.proxy.as_ref().map_or(details.uri, |(uri, _)| uri);
        let found = DefaultResolver::default().resolve(uri, details.config, details.timeout);
        found.map_err(|error| match (error, &self.proxy) {
            (timeout @ Error::Timeout(_), _) => timeout,
            (error, None) => failed(HttpFailure::Resolve(Detail::new(error))),
            (error, Some((_, proxy))) => {
                failed(proxy.failed(HttpFailure::Resolve(Detail::new(error))))
            }
        })
    }
}

/// Finds no address: ureq asks for one before it looks for a kept connection, at the price of a
/// thread where there is a time limit.
#[derive(Debug)]
pub(crate) struct Unresolved;

impl Resolver for Unresolved {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Makes connections of one kind.
#[derive(Debug)]
pub(crate) struct Connect {
    tls: Tls,
    route: Route,
    first_hop: FirstHop,
}

impl Connect {
    pub(crate) fn new(tls: Tls, route: Route) -> Result<Self, HttpFailure> {
        Ok(Self {
            first_hop: FirstHop::new(&route)?,
            tls,
            route,
        })
    }

    fn connect(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, Error> {
        let mut transport = match &self.route {
            Route::Direct => self.reach(details)?,
            Route::Proxy(proxy) => self.pass(proxy, details).map_err(|error| {
                failure(error).map_or_else(|error| error, |it| failed(proxy.failed(it)))
            })?,
        };
        if details.needs_tls() {
            transport = secure(transport, details.uri, &self.tls, details)?;
        }
        Ok(transport)
    }

    /// Connects to the first hop.
    fn reach(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, Error> {
        let addrs = self.first_hop.resolve(details)?;
        let found = ConnectionDetails {
            addrs,
            uri: details.uri,
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: (details.current_time)(),
            timeout: time_left(details),
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let tcp = TcpConnector::default().connect(&found, None::<()>)?;
        Ok(tcp.ok_or(Error::ConnectionFailed)?.boxed())
    }

    /// Connects to the server through a proxy.
    fn pass(
        &self,
        proxy: &Proxy,
        details: &ConnectionDetails<'_>,
    ) -> Result<Box<dyn Transport>, Error> {
        let mut transport = self.reach(details)?;
        let uri = uri(proxy).map_err(failed)?;
        if uri.scheme_str() == Some("https") {
            transport = secure(transport, &uri, &Tls::default(), details)?;
        }
        tunnel(transport, proxy, details)
    }
}

impl Connector for Connect {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        self.connect(details)
            .map(Some)
            .map_err(|error| failure(error).map_or_else(|error| error, failed))
    }
}

/// The failure that an error means, unless it is a time limit, which ureq tells of itself.
fn failure(error: Error) -> Result<HttpFailure, Error> {
    match error {
        Error::Timeout(_) => Err(error),
        Error::Other(error) => Ok(http_failure(&*error, Phase::Connecting)),
        Error::Io(error) => Ok(http_failure(&error, Phase::Connecting)),
        error => Ok(http_failure(&error, Phase::Connecting)),
    }
}

/// A failure, as ureq carries it through.
pub(crate) fn failed(failure: HttpFailure) -> Error {
    Error::Other(Box::new(failure))
}

/// What is left of the time to connect after the steps that are done.
pub(crate) fn time_left(details: &ConnectionDetails<'_>) -> NextTimeout {
    let spent = match ((details.current_time)(), details.now) {
        (Instant::Exact(now), Instant::Exact(start)) => now.saturating_duration_since(start),
        _ => std::time::Duration::ZERO,
    };
    let after = match details.timeout.after {
        Duration::Exact(allowed) => Duration::Exact(allowed.saturating_sub(spent)),
        never @ Duration::NotHappening => never,
    };
    NextTimeout {
        after,
        ..details.timeout
    }
}

/// The proxy's address, without the user.
fn uri(proxy: &Proxy) -> Result<Uri, HttpFailure> {
    let origin = proxy.expose_url().origin().ascii_serialization();
    origin
        .parse()
        .map_err(|_| HttpFailure::Unsendable(Detail::new("the proxy's URL has no usable host")))
}
