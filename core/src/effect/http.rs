//! The effect `Http`: one exchange, with everything a host must honour written on the request.

use std::fmt;
use std::time::Duration;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use super::failure::{Detail, Refusal, can_be_refused};
use super::header::{UnfitHeaderValue, fits_header, secret_value};
use super::requirements::Requirements;
use super::{Effect, effect_step, sealed::Sealed};
use crate::oauth::Form;
use crate::retry::RetryPolicy;
use crate::secret::{Secret, SecretBytes};
use crate::transcript::Recording;

/// One HTTP exchange.
#[derive(Debug)]
pub enum Http {}

/// What a host replies to an [`HttpRequest`].
pub type HttpReply = Result<HttpResponse, HttpFailure>;

/// A request and its [`Requirements`]. Redirects are never followed: a host hands them back.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to. Its query may hold identifying values, never a secret.
    pub url: Url,
    /// The header fields; those with a secret value are marked sensitive.
    pub headers: HeaderMap,
    /// The body, zeroed after use.
    pub body: SecretBytes,
    /// What the host must honour, or else refuse.
    pub requirements: Requirements,
    /// Which answers the run repeats the request after, and when. Hosts do not retry.
    pub retry: RetryPolicy,
    secrets: Vec<Secret>,
}

impl HttpRequest {
    /// A `GET` without retries and with the default requirements.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `POST` without a body, without retries and with the default requirements. A host sends
    /// `Content-Length: 0` with it.
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// A `POST` of a form (`application/x-www-form-urlencoded`).
    pub fn post_form(url: Url, form: &Form<'_>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, Self::FORM)]);
        let (requirements, retry) = (Requirements::default(), RetryPolicy::never());
        Self::post_form_with(url, form, headers, requirements, retry)
    }

    /// What says in the field `Content-Type` that the body is a form.
    pub(crate) const FORM: HeaderValue =
        HeaderValue::from_static("application/x-www-form-urlencoded");

    /// A `POST` of a form with these header fields, one of which says that it is one.
    pub(crate) fn post_form_with(
        url: Url,
        form: &Form<'_>,
        headers: HeaderMap,
        requirements: Requirements,
        retry: RetryPolicy,
    ) -> Self {
        Self {
            method: Method::POST,
            url,
            headers,
            body: form.encode(),
            requirements,
            retry,
            secrets: form.secrets().cloned().collect(),
        }
    }

    fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: SecretBytes::default(),
            requirements: Requirements::default(),
            retry: RetryPolicy::never(),
            secrets: Vec::new(),
        }
    }

    /// Adds a header field whose value is fit to be seen.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds a header field whose value is secret.
    ///
    /// # Errors
    ///
    /// The value is not visible ASCII with spaces inside at most.
    pub fn secret_header(
        mut self,
        name: HeaderName,
        value: Secret,
    ) -> Result<Self, UnfitHeaderValue> {
        let field = secret_value(value.expose())?;
        self.headers.insert(name, field);
        self.secrets.push(value);
        Ok(self)
    }

    /// Adds an `Authorization` field with a secret token, after its scheme as the server spells it
    /// (RFC 6750 section 2.1).
    ///
    /// # Errors
    ///
    /// The token is not visible ASCII with spaces inside at most.
    pub fn authorization(
        mut self,
        scheme: &'static str,
        token: &Secret,
    ) -> Result<Self, UnfitHeaderValue> {
        if !fits_header(token.expose()) {
            return Err(UnfitHeaderValue);
        }
        let value = Secret::new(format!("{scheme} {}", token.expose()));
        let field = secret_value(value.expose())?;
        self.headers.insert(AUTHORIZATION, field);
        self.secrets.push(token.clone());
        Ok(self)
    }

    /// Repeats the request by this policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Replaces what the host must honour.
    pub fn requirements(mut self, requirements: Requirements) -> Self {
        self.requirements = requirements;
        self
    }

    /// The secret values that this request carries, for whoever must keep them out of sight.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }
}

/// Shows where a request goes and what it requires, but no query, no header value and no body.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &endpoint(&self.url))
            .field(
                "headers",
                &self
                    .headers
                    .keys()
                    .map(HeaderName::as_str)
                    .collect::<Vec<_>>(),
            )
            .field("body", &self.body)
            .field("requirements", &self.requirements)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// A URL without user information, query and fragment, cut off if it is long: fit to be shown.
pub(crate) fn endpoint(url: &Url) -> String {
    const MOST: usize = 200;
    let mut shown = format!("{}{}", url.origin().ascii_serialization(), url.path());
    if let Some((end, _)) = shown.char_indices().nth(MOST) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// What the server answered.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, zeroed after use, since answers hold tokens.
    pub body: SecretBytes,
}

impl HttpResponse {
    /// An answer of this status with this body and no header fields.
    pub fn new(status: u16, body: impl Into<SecretBytes>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    /// The value of a header field, if it is there and readable as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Shows the status and the names of the header fields, but no value and no body.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field(
                "headers",
                &self
                    .headers
                    .keys()
                    .map(HeaderName::as_str)
                    .collect::<Vec<_>>(),
            )
            .field("body", &self.body)
            .finish()
    }
}

/// How an exchange can go wrong before there is an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HttpFailure {
    /// The host name could not be resolved.
    Resolve(Detail),
    /// No connection: refused or unreachable.
    Connect(Detail),
    /// The proxy on the way, which the detail names, could not be reached or would not connect.
    Proxy(Detail),
    /// What was to be sent, or the way that was set for it, is of no use and stays so: it is never
    /// sent again.
    Unsendable(Detail),
    /// The TLS handshake failed: the server could not prove who it is.
    Tls(Detail),
    /// The root certificates that the request demands cannot be used, so nobody was asked.
    UnusableRoots(Detail),
    /// The time limit passed. The server may or may not have seen the request.
    TimedOut,
    /// The connection was lost or the answer was no HTTP.
    Lost {
        /// Whether any of the request may have reached the server.
        request_sent: bool,
    },
    /// The answer's body was longer than the request allows.
    BodyTooLarge {
        /// How many bytes were allowed.
        limit: usize,
    },
    /// The host did not try.
    Refused(Refusal),
}

impl HttpFailure {
    /// Whether the same request may be answered later without anybody mending anything.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Resolve(_)
            | Self::Connect(_)
            | Self::Proxy(_)
            | Self::TimedOut
            | Self::Lost { .. } => true,
            Self::Unsendable(_)
            | Self::Tls(_)
            | Self::UnusableRoots(_)
            | Self::BodyTooLarge { .. }
            | Self::Refused(_) => false,
        }
    }

    /// Whether the server surely has seen nothing of the request.
    pub fn surely_not_sent(&self) -> bool {
        match self {
            Self::Resolve(_)
            | Self::Connect(_)
            | Self::Proxy(_)
            | Self::Unsendable(_)
            | Self::Tls(_)
            | Self::UnusableRoots(_)
            | Self::Refused(_) => true,
            Self::Lost { request_sent } => !request_sent,
            Self::TimedOut | Self::BodyTooLarge { .. } => false,
        }
    }
}

impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(detail) => write!(f, "the host name could not be resolved: {detail}"),
            Self::Connect(detail) => write!(f, "no connection: {detail}"),
            Self::Proxy(detail) => write!(f, "no way through the proxy {detail}"),
            Self::Unsendable(detail) => write!(f, "the request cannot be sent: {detail}"),
            Self::Tls(detail) => write!(f, "the TLS handshake failed: {detail}"),
            Self::UnusableRoots(detail) => {
                write!(f, "the roots that count cannot be used: {detail}")
            }
            Self::TimedOut => f.write_str("no answer within the time limit"),
            Self::Lost { request_sent: true } => {
                f.write_str("the connection was lost before the answer was complete")
            }
            Self::Lost {
                request_sent: false,
            } => f.write_str("the connection was lost before the request was sent"),
            Self::BodyTooLarge { limit } => write!(f, "the answer is longer than {limit} bytes"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

can_be_refused!(
    HttpFailure,
    Resolve,
    Connect,
    Proxy,
    Unsendable,
    Tls,
    UnusableRoots
);

impl Sealed for Http {}

impl Effect for Http {
    type Request = HttpRequest;
    type Output = HttpResponse;
    type Failure = HttpFailure;
    const NAME: &'static str = "http";
    effect_step!(Http);

    fn time_limit(request: &HttpRequest) -> Option<Duration> {
        Some(request.requirements.timeout)
    }

    fn limit_time(request: &mut HttpRequest, at_most: Duration) {
        request.requirements.timeout = request.requirements.timeout.min(at_most);
    }

    fn bounded(request: &HttpRequest, reply: HttpReply) -> HttpReply {
        let limit = request.requirements.max_body;
        match reply {
            Ok(response) if response.body.len() > limit => Err(HttpFailure::BodyTooLarge { limit }),
            reply => reply,
        }
    }

    fn secrets(request: &HttpRequest) -> &[Secret] {
        request.secrets()
    }

    fn into_endpoint(request: HttpRequest) -> Option<Url> {
        Some(request.url)
    }

    fn record(request: &HttpRequest, reply: &HttpReply, recording: &mut dyn Recording) {
        recording.http(request, reply);
    }
}
