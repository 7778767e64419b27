//! The effect `Http`.

use std::time::Duration;

use azid_core::effect::{
    Detail, HttpFailure, HttpReply, HttpRequest, HttpResponse, Refusal, Requirement,
};
use azid_native::{Phase, Proxies, bypasses_proxies, check, http_failure, read_at_most};
use ureq::http::header::{HeaderValue, USER_AGENT as USER_AGENT_FIELD};
use ureq::http::{Method, Request, Uri};
use ureq::{Agent, Error};

use crate::agents::Agents;

/// What the requests say they come from, unless they say so themselves.
pub(crate) const USER_AGENT: &str = concat!("azid/", env!("CARGO_PKG_VERSION"));

/// The longest time limit that is passed on: more than any exchange takes, and no sum overflows.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The longest URL that is sent: more than servers read, and there is room for it.
const LONGEST_URL: usize = 8 * 1024;

/// Sends requests, by agents of its own or by the user's.
#[derive(Debug)]
pub(crate) struct Client {
    agents: Agents,
    proxies: Proxies,
    given: Option<Agent>,
}

impl Client {
    pub(crate) fn new(proxies: Proxies) -> Self {
        Self {
            agents: Agents::default(),
            proxies,
            given: None,
        }
    }

    pub(crate) fn proxies(&mut self, proxies: Proxies) {
        self.proxies = proxies;
    }

    pub(crate) fn agent(&mut self, agent: Agent) {
        self.given = Some(agent);
    }

    /// Makes one exchange. Its connection is kept for the next one if it is still good.
    pub(crate) fn send(&self, request: &HttpRequest) -> HttpReply {
        check(request).map_err(HttpFailure::Refused)?;
        check_log()?;
        match &self.given {
            Some(agent) => match request.requirements.tls.special_requirements().next() {
                Some(unmet) => Err(HttpFailure::Refused(Refusal::Requirement(unmet))),
                None => exchange(agent, request),
            },
            None => {
                let route = self.proxies.route(request)?;
                let agent = self.agents.get(&request.requirements.tls, route)?;
                exchange(&agent, request)
            }
        }
    }
}

/// Makes sure that the HTTP library does not write every byte of the exchange to the log.
fn check_log() -> Result<(), HttpFailure> {
    if log::log_enabled!(target: "ureq_proto::util", log::Level::Trace) {
        let why = "the log level `trace` of `ureq_proto` would show secrets; set it to `debug`";
        return Err(HttpFailure::Unsendable(Detail::new(why)));
    }
    Ok(())
}

fn exchange(agent: &Agent, request: &HttpRequest) -> HttpReply {
    let requirements = &request.requirements;
    let outgoing = outgoing(agent, request)?;
    let answer = match (&request.method, request.body.expose()) {
        (&Method::GET, []) => agent.run(outgoing),
        (_, body) => agent.run(outgoing.map(|()| body)),
    };
    let (head, body) = answer.map_err(failure)?.into_parts();
    let announced = body.content_length();
    let body = read_at_most(&mut body.into_reader(), announced, requirements.max_body)
        .map_err(|error| failure(Error::from(error)))?;
    Ok(HttpResponse {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.ok_or(HttpFailure::BodyTooLarge {
            limit: requirements.max_body,
        })?,
    })
}

/// The request as this agent is to send it, still without its body.
fn outgoing(agent: &Agent, request: &HttpRequest) -> Result<Request<()>, HttpFailure> {
    let url = request.url.as_str();
    if url.len() > LONGEST_URL {
        let why = format!("a URL of {} bytes is too long", url.len());
        return Err(HttpFailure::Unsendable(Detail::new(why)));
    }
    let uri: Uri = url
        .parse()
        .map_err(|_| HttpFailure::Unsendable(Detail::new("the URL is of no use")))?;
    let mut outgoing = Request::new(());
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = request.headers.clone();
    outgoing
        .headers_mut()
        .entry(USER_AGENT_FIELD)
        .or_insert(HeaderValue::from_static(USER_AGENT));
    let config = agent
        .configure_request(outgoing)
        .timeout_global(Some(request.requirements.timeout.min(LONGEST)))
        .http_status_as_error(false)
        .max_redirects(0)
        .accept_encoding("identity")
        .accept("");
    Ok(match bypasses_proxies(request) {
        true => config.proxy(None).build(),
        false => config.build(),
    })
}

/// What went wrong. Agents of our own say in their own words what did before the request was sent.
fn failure(error: Error) -> HttpFailure {
    match error {
        Error::Timeout(_) => HttpFailure::TimedOut,
        Error::Other(error) => http_failure(&*error, Phase::Connected),
        Error::Io(error) => http_failure(&error, Phase::Connected),
        Error::HostNotFound => HttpFailure::Resolve(Detail::new(error)),
        Error::ConnectionFailed => HttpFailure::Connect(Detail::new(error)),
        Error::ConnectProxyFailed(_) => HttpFailure::Proxy(Detail::new(error)),
        Error::BadUri(_) => HttpFailure::Unsendable(Detail::new(error)),
        Error::Tls(_) | Error::TlsRequired => HttpFailure::Tls(Detail::new(error)),
        Error::RequireHttpsOnly(_) => {
            HttpFailure::Refused(Refusal::Requirement(Requirement::PlainHttp))
        }
        _ => HttpFailure::Lost { request_sent: true },
    }
}
