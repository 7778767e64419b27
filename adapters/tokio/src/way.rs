//! How a request reaches its server: what a client of reqwest is made for.
//!
//! reqwest sends and verifies the host of a URL. So where another name is required, the URL gets
//! that name for a host, the client finds the address of the one that it had, and the field `Host`
//! says what it would have said.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use azid_core::effect::{Detail, HttpFailure, HttpRequest, Tls};
use azid_native::{Route, server_name};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HOST, HeaderValue};
use tokio::task::spawn_blocking;

/// Two requests may share connections only if their ways are equal.
#[derive(PartialEq)]
pub(crate) struct Way {
    pub(crate) route: Route,
    pub(crate) tls: Tls,
    /// Whom to connect to, where that is not the URL's host any more.
    pub(crate) host: Option<String>,
    /// Whether there is TLS on it, to the server or to a proxy: what goes in clear must not need
    /// root certificates, which a machine need not have.
    pub(crate) is_secure: bool,
}

impl Way {
    /// The way of a request, which is changed to be sent that way.
    ///
    /// # Errors
    ///
    /// The server name cannot be one, or the way leads through a proxy that cannot be used so.
    pub(crate) fn of(request: &mut HttpRequest, route: Route) -> Result<Self, HttpFailure> {
        let tls = request.requirements.tls.clone();
        check_proxy(&route, &tls)?;
        let mut host = None;
        if server_name(&tls)?.is_some() {
            host = Some(rename(request, tls.server_name.as_deref())?);
        }
        let is_secure = request.url.scheme() == "https" || is_secure(&route);
        Ok(Self {
            route,
            tls,
            host,
            is_secure,
        })
    }
}

/// Through a tunnel reqwest connects to the name that it verifies, and a proxy's own certificate
/// it verifies as it does the server's.
fn check_proxy(route: &Route, tls: &Tls) -> Result<(), HttpFailure> {
    let cannot = if *route != Route::Direct && tls.server_name.is_some() {
        "a server under another name through a proxy"
    } else if is_secure(route) && *tls != Tls::default() {
        "a server that proves itself in a special way through an https proxy"
    } else {
        return Ok(());
    };
    let why = format!("this client cannot reach {cannot}; name the server in no_proxy");
    Err(HttpFailure::Unsendable(Detail::new(why)))
}

/// Whether the first hop is a proxy that speaks TLS.
fn is_secure(route: &Route) -> bool {
    matches!(route, Route::Proxy(proxy) if proxy.expose_url().scheme() == "https")
}

/// Puts the name in the place of the URL's host, and answers the host.
fn rename(request: &mut HttpRequest, name: Option<&str>) -> Result<String, HttpFailure> {
    let unfit = || HttpFailure::Unsendable(Detail::new("the URL is of no use"));
    let url = &mut request.url;
    let host = url.host_str().unwrap_or_default().to_owned();
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.clone(),
    };
    let authority = HeaderValue::from_str(&authority).map_err(|_| unfit())?;
    url.set_host(name).map_err(|_| unfit())?;
    request.headers.entry(HOST).or_insert(authority);
    let bare = host.trim_start_matches('[').trim_end_matches(']'); // of an IPv6 address
    Ok(bare.to_owned())
}

/// Finds the addresses of one host, whatever name is asked for.
pub(crate) struct AddressesOf(pub(crate) String);

impl Resolve for AddressesOf {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.0.clone();
        Box::pin(async move {
            let found = spawn_blocking(move || addresses(&host)).await??;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Port 0 stands for that of the URL.
fn addresses(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}
