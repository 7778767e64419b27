//! The effect `Authorize`: a browser is sent to sign in, and a loopback listener hears the answer.
//!
//! The host binds a listener on 127.0.0.1 or ::1, opens [`AuthorizeRequest::authorize_url`] in a
//! browser, and hands the bytes of each connection to [`AuthorizeRequest::accept`], which says
//! what to answer and whether to go on listening.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::failure::{Detail, Refusal, can_be_refused};
use super::{Effect, effect_step, endpoint, sealed::Sealed};
use crate::error::{Invalid, What};
use crate::oauth::loopback;
use crate::secret::Secret;
use crate::transcript::Recording;

/// Signing a person in by a browser.
#[derive(Debug)]
pub enum Authorize {}

/// Which page to open and which answer to wait for. `Debug` shows nothing of what the page is told.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// The authorization endpoint with every parameter except `redirect_uri`, `state` and
    /// `response_mode` (RFC 6749 section 4.1.1).
    pub endpoint: Url,
    /// Where the answer goes.
    pub redirect: LoopbackRedirect,
    /// The value that ties the answer to this request (RFC 6749 section 10.12).
    pub state: Secret,
    /// How the answer must come back.
    pub response_mode: ResponseMode,
    /// How long to wait for the person.
    pub timeout: Duration,
}

/// How the authorization endpoint hands the answer to the listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the body of a `POST`, which leaves no trace in the browser's history.
    #[default]
    FormPost,
    /// In the query of a `GET`.
    Query,
}

impl ResponseMode {
    /// The parameter's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FormPost => "form_post",
            Self::Query => "query",
        }
    }
}

/// The redirect URI of a listener on this machine (RFC 8252 section 7.3): `http://localhost` with
/// whatever port it is bound to, unless the application is registered with another path or with
/// one port only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoopbackRedirect {
    port: Option<u16>,
    path: String,
}

impl LoopbackRedirect {
    /// A redirect URI as it is registered: `http://localhost`, with or without a port and a path.
    ///
    /// # Errors
    ///
    /// It is anything else.
    pub fn new(uri: impl AsRef<str>) -> Result<Self, Invalid> {
        let uri = uri.as_ref();
        let invalid = || {
            let why = "it is `http://localhost`, with or without a port and a path";
            Invalid::new(What::RedirectUri, why)
        };
        let url = Url::parse(uri).map_err(|_| invalid())?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && !uri.contains('@');
        if url.scheme() != "http" || url.host_str() != Some("localhost") || !is_plain {
            return Err(invalid());
        }
        let path = if url.path() == "/" && !uri.ends_with('/') {
            ""
        } else {
            url.path()
        };
        Ok(Self {
            port: url.port(),
            path: path.to_owned(),
        })
    }

    /// The one port that the listener may be bound to; none where any will do.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The redirect URI of a listener on this port.
    pub fn uri(&self, port: u16) -> String {
        format!("http://localhost:{port}{}", self.path)
    }
}

impl TryFrom<String> for LoopbackRedirect {
    type Error = Invalid;

    fn try_from(uri: String) -> Result<Self, Invalid> {
        Self::new(uri)
    }
}

impl From<LoopbackRedirect> for String {
    fn from(redirect: LoopbackRedirect) -> Self {
        let port = redirect.port.map(|port| format!(":{port}"));
        format!(
            "http://localhost{}{}",
            port.unwrap_or_default(),
            redirect.path
        )
    }
}

impl AuthorizeRequest {
    /// The page to open in the browser when the listener is bound to this port.
    pub fn authorize_url(&self, port: u16) -> Url {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut()
            .append_pair("redirect_uri", &self.redirect.uri(port))
            .append_pair("response_mode", self.response_mode.as_str())
            .append_pair("state", self.state.expose());
        url
    }

    /// What to do with the bytes that a connection to the listener has brought so far.
    pub fn accept(&self, bytes: &[u8]) -> Accepted {
        loopback::accept(self, bytes)
    }
}

impl fmt::Debug for AuthorizeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("endpoint", &endpoint(&self.endpoint))
            .field("redirect", &self.redirect)
            .field("response_mode", &self.response_mode)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// What the listener does next with one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The request is not complete: read on.
    Incomplete,
    /// This is not the answer: send these bytes, close, and go on listening.
    Refuse(Vec<u8>),
    /// This is the answer: send these bytes, stop listening, and reply with the answer, adding
    /// the port to it.
    Answer(Vec<u8>, AuthorizeAnswer),
}

/// How the person's part ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizeAnswer {
    /// Signed in: the authorization code.
    Code(Secret),
    /// Refused by the endpoint or by the person (RFC 6749 section 4.1.2.1).
    Denied {
        /// The error's name, such as `access_denied`.
        error: String,
        /// What the endpoint says of it.
        description: Detail,
    },
}

/// The answer, and the port that it came to, which the redirect URI of the redemption repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorized {
    /// The listener's port.
    pub port: u16,
    /// What was answered.
    pub answer: AuthorizeAnswer,
}

/// How signing in by a browser can go wrong before there is an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuthorizeFailure {
    /// There is no browser to open; a person could still open the page by hand.
    NoBrowser(Detail),
    /// No port of the loopback addresses can be bound.
    NoListener(Detail),
    /// Nobody answered within the time limit.
    TimedOut,
    /// The person or the program called it off.
    Cancelled,
    /// The host did not try.
    Refused(Refusal),
}

impl fmt::Display for AuthorizeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBrowser(detail) => write!(f, "no browser could be opened: {detail}"),
            Self::NoListener(detail) => write!(f, "no loopback port could be bound: {detail}"),
            Self::TimedOut => f.write_str("nobody signed in within the time limit"),
            Self::Cancelled => f.write_str("signing in was called off"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

can_be_refused!(AuthorizeFailure, NoBrowser, NoListener);

impl Sealed for Authorize {}

impl Effect for Authorize {
    type Request = AuthorizeRequest;
    type Output = Authorized;
    type Failure = AuthorizeFailure;
    const NAME: &'static str = "authorize";
    const ASKS_PERSON: bool = true;
    effect_step!(Authorize);

    fn time_limit(request: &AuthorizeRequest) -> Option<Duration> {
        Some(request.timeout)
    }

    fn secrets(request: &AuthorizeRequest) -> &[Secret] {
        std::slice::from_ref(&request.state)
    }

    fn into_endpoint(request: AuthorizeRequest) -> Option<Url> {
        Some(request.endpoint)
    }

    fn limit_time(request: &mut AuthorizeRequest, at_most: Duration) {
        request.timeout = request.timeout.min(at_most);
    }

    fn record(
        request: &AuthorizeRequest,
        reply: &Result<Authorized, AuthorizeFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.authorize(request, reply);
    }
}
