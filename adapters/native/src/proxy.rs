//! By which way a request leaves: directly, or through a proxy that the environment names.

use std::fmt;
use std::net::IpAddr;

use azid_core::Secret;
use azid_core::effect::{Detail, HttpFailure, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::no_proxy::NoProxy;

/// The proxies that the environment names.
///
/// * `https_proxy` and `http_proxy` name the proxy for URLs of those schemes, `all_proxy` the one
///   for both where these are not set. Each may also be written in capitals; the small letters win.
/// * `HTTP_PROXY` is ignored where `REQUEST_METHOD` is set: in a CGI program it may come from a
///   header of the request that the program answers.
/// * `no_proxy` lists whom to ask directly, separated by commas: `*`, a host (and its subdomains),
///   an address, a network such as `10.0.0.0/8`; a host or an address may be followed by a port.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Named>,
    http: Option<Named>,
    exceptions: NoProxy,
}

/// By which way a request leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To the server itself.
    Direct,
    /// Through this proxy.
    Proxy(Proxy),
}

/// A proxy that tunnels (`CONNECT`, RFC 9110 section 9.3.6).
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(Url);

/// What a variable names: a proxy, or something that is none.
type Named = Result<Proxy, &'static str>;

impl Proxies {
    /// No proxies, whatever the environment says.
    pub fn none() -> Self {
        Self::default()
    }

    /// The proxies that this process's environment names now.
    pub fn from_environment() -> Self {
        // What is no Unicode is no name of a proxy either, and is found to be none.
        Self::from_lookup(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// The proxies that an environment names. An empty variable counts as absent.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &'static str| {
            let value = lookup(name).filter(|value| !value.trim().is_empty())?;
            Some((name, value))
        };
        let named = |names: &[&'static str]| {
            let (name, value) = names.iter().copied().find_map(value)?;
            Some(Proxy::parse(&value).ok_or(name))
        };
        let is_cgi = lookup("REQUEST_METHOD").is_some();
        let http = match (is_cgi, cfg!(windows)) {
            (false, _) => named(&["http_proxy", "HTTP_PROXY"]),
            (true, false) => named(&["http_proxy"]),
            (true, true) => None, // there the two are one variable
        };
        let all = named(&["all_proxy", "ALL_PROXY"]);
        let exceptions = value("no_proxy").or_else(|| value("NO_PROXY"));
        Self {
            https: named(&["https_proxy", "HTTPS_PROXY"]).or_else(|| all.clone()),
            http: http.or(all),
            exceptions: NoProxy::parse(exceptions.as_ref().map_or("", |(_, list)| list)),
        }
    }

    /// By which way a request leaves.
    ///
    /// # Errors
    ///
    /// The variable that decides names no `http` or `https` proxy. Asking the server directly
    /// could go against whoever set it.
    pub fn route(&self, request: &HttpRequest) -> Result<Route, HttpFailure> {
        let named = match request.url.scheme() {
            "https" => &self.https,
            _ => &self.http,
        };
        let Some(named) = named else {
            return Ok(Route::Direct);
        };
        if bypasses_proxies(request) || self.exceptions.matches(&request.url) {
            return Ok(Route::Direct);
        }
        match named {
            Ok(proxy) => Ok(Route::Proxy(proxy.clone())),
            Err(name) => {
                let why = format!("the variable {name} names no http or https proxy");
                Err(HttpFailure::Unsendable(Detail::new(why)))
            }
        }
    }
}

/// Whether no proxy may see a request, whatever the environment says: it requires so, or its host
/// is on this machine or on the same link, which a proxy would look for at its own place.
pub fn bypasses_proxies(request: &HttpRequest) -> bool {
    request.requirements.no_proxy || request.url.host().is_some_and(|host| is_near(&host))
}

fn is_near(host: &Host<&str>) -> bool {
    let address = match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            return name == "localhost" || name.ends_with(".localhost");
        }
        Host::Ipv4(address) => IpAddr::V4(*address),
        Host::Ipv6(address) => IpAddr::V6(*address).to_canonical(),
    };
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

impl Proxy {
    /// A proxy by its URL; without a scheme it is an `http` one.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        let url = match text.contains("://") {
            true => Url::parse(text),
            false => Url::parse(&format!("http://{text}")),
        };
        let url = url.ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(Self(url))
    }

    /// The proxy's URL, which may hold a password: for whoever connects to it, not for showing.
    pub fn expose_url(&self) -> &Url {
        &self.0
    }

    /// A failure on the way to or at this proxy, which it then names.
    pub fn failed(&self, failure: HttpFailure) -> HttpFailure {
        let why = match failure {
            HttpFailure::Resolve(detail) => format!("its name could not be resolved: {detail}"),
            HttpFailure::Connect(detail) => detail.to_string(),
            HttpFailure::Lost { .. } => "the connection was lost".to_owned(),
            HttpFailure::Tls(detail) => {
                let why = format!("with the proxy {self}: {detail}");
                return HttpFailure::Tls(Detail::new(why));
            }
            other => return other,
        };
        HttpFailure::Proxy(Detail::new(format!("{self}: {why}")))
    }

    /// The value of the header field `Proxy-Authorization` (RFC 7617), if the URL holds a user.
    pub fn authorization(&self) -> Option<Secret> {
        let (user, password) = (self.0.username(), self.0.password().unwrap_or_default());
        if user.is_empty() && password.is_empty() {
            return None;
        }
        let mut pair = Zeroizing::new(Vec::with_capacity(user.len() + password.len() + 1));
        pair.extend(percent_decode_str(user));
        pair.push(b':');
        pair.extend(percent_decode_str(password));
        let encoded = Zeroizing::new(STANDARD.encode(&*pair));
        Some(Secret::new(format!("Basic {}", *encoded)))
    }
}

/// Shows where the proxy is, but not as whom it is asked.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// Where the proxy is: scheme, host and port, but not as whom it is asked.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azid_core::effect::Requirements;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_lookup(|name| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        })
    }

    fn request(url: &str) -> HttpRequest {
        HttpRequest::get(url.parse().expect("the URLs of the tests are valid"))
    }

    /// The proxy's URL, or `direct`.
    fn route(variables: &[(&str, &str)], url: &str) -> String {
        match proxies(variables).route(&request(url)) {
            Ok(Route::Direct) => "direct".to_owned(),
            Ok(Route::Proxy(proxy)) => proxy.expose_url().to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn each_scheme_has_its_proxy_and_one_may_serve_both() {
        let both = [("HTTPS_PROXY", "http://s:1"), ("HTTP_PROXY", "http://p:2")];
        assert_eq!(route(&both, "https://a/"), "http://s:1/");
        assert_eq!(route(&both, "http://a/"), "http://p:2/");
        let all = [("ALL_PROXY", "http://all:3"), ("https_proxy", "http://s:1")];
        assert_eq!(route(&all, "https://a/"), "http://s:1/");
        assert_eq!(route(&all, "http://a/"), "http://all:3/");
        assert_eq!(route(&[], "https://a/"), "direct");
    }

    #[test]
    fn small_letters_win_and_an_empty_variable_is_absent() {
        let both = [
            ("HTTPS_PROXY", "http://big"),
            ("https_proxy", "http://small"),
        ];
        assert_eq!(route(&both, "https://a/"), "http://small/");
        let empty = [("HTTPS_PROXY", "http://big"), ("https_proxy", " ")];
        assert_eq!(route(&empty, "https://a/"), "http://big/");
    }

    #[cfg(not(windows))]
    #[test]
    fn a_header_of_a_cgi_request_names_no_proxy() {
        let header = [("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")];
        assert_eq!(route(&header, "http://a/"), "direct");
        let own = [("http_proxy", "http://own"), ("REQUEST_METHOD", "GET")];
        assert_eq!(route(&own, "http://a/"), "http://own/");
    }

    #[test]
    fn a_proxy_needs_no_scheme() {
        let bare = [("HTTPS_PROXY", "proxy.corp:3128")];
        assert_eq!(route(&bare, "https://a/"), "http://proxy.corp:3128/");
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_an_error_without_its_value() {
        for bad in [
            "socks5://user:canary@s",
            "http://",
            "http://:canary@",
            "ca nary",
            "http://u\u{fffd}:canary@proxy", // as what is no Unicode is read
        ] {
            let failure = route(&[("HTTPS_PROXY", bad)], "https://a/");
            assert!(failure.contains("HTTPS_PROXY"), "{failure}");
            assert!(!failure.contains("canary"), "{failure}");
        }
    }

    #[test]
    fn what_is_near_is_never_asked_through_a_proxy() {
        let all = [("ALL_PROXY", "http://proxy")];
        for near in [
            "http://169.254.169.254/metadata",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://127.0.0.1:40342/",
            "http://127.8.9.1/",
            "http://[::1]/",
            "http://localhost:50342/",
            "http://LOCALHOST./",
            "https://a.localhost/",
            "http://0x7f.1/",
        ] {
            assert_eq!(route(&all, near), "direct", "{near}");
        }
        for far in [
            "http://169.253.0.1/",
            "http://128.0.0.1/",
            "http://[fec0::1]/",
            "http://localhost.example/",
            "http://notlocalhost/",
        ] {
            assert_eq!(route(&all, far), "http://proxy/", "{far}");
        }
    }

    #[test]
    fn a_request_may_require_to_go_directly() {
        let proxies = proxies(&[("ALL_PROXY", "http://proxy")]);
        let requirements = Requirements {
            no_proxy: true,
            ..Requirements::default()
        };
        let request = request("https://a/").requirements(requirements);
        assert_eq!(proxies.route(&request), Ok(Route::Direct));
    }

    #[test]
    fn exceptions_are_asked_directly() {
        let variables = [("ALL_PROXY", "http://proxy"), ("NO_PROXY", "a.example")];
        assert_eq!(route(&variables, "https://a.example/"), "direct");
        assert_eq!(route(&variables, "https://b.example/"), "http://proxy/");
    }

    #[test]
    fn a_proxys_password_is_sent_decoded_and_never_shown() {
        let proxies = proxies(&[("HTTPS_PROXY", "http://us%65r:p%40ss@proxy:8080")]);
        let Ok(Route::Proxy(proxy)) = proxies.route(&request("https://a/")) else {
            panic!("there is a proxy");
        };
        let authorization = proxy.authorization().expect("there is a user");
        assert_eq!(authorization.expose(), "Basic dXNlcjpwQHNz");
        let shown = format!("{proxies:?} {proxy:?}");
        assert!(shown.contains("http://proxy:8080"), "{shown}");
        assert!(
            !shown.contains("p%40ss") && !shown.contains("us%65r"),
            "{shown}"
        );
    }
}
