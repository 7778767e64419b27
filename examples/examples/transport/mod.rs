//! A transport written by hand with ureq.

use azid_core::effect::{
    Detail, HttpFailure, HttpReply, HttpRequest, HttpResponse, Refusal, Requirement, Roots, Tls,
};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

/// An agent that trusts the authorities in the file `SSL_CERT_FILE`.
pub fn agent() -> Result<Agent, Box<dyn std::error::Error>> {
    let pem = std::fs::read(std::env::var("SSL_CERT_FILE").map_err(|_| "set SSL_CERT_FILE")?)?;
    let roots = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .build();
    let config = Agent::config_builder().tls_config(tls).proxy(None);
    Ok(config.build().into())
}

/// Makes one exchange, and honours or refuses whatever the request requires.
pub fn send(agent: &Agent, request: &HttpRequest) -> HttpReply {
    let required = &request.requirements;
    let refuse = |name| Err(HttpFailure::Refused(Refusal::Requirement(name)));
    match &required.tls {
        Tls { pin: Some(_), .. } => return refuse(Requirement::TlsPin),
        Tls {
            server_name: Some(_),
            ..
        } => return refuse(Requirement::ServerName),
        Tls {
            roots: Roots::Exclusive(_),
            ..
        } => return refuse(Requirement::ExclusiveRoots),
        _ => {}
    }
    if request.url.scheme() != "https" && !required.plain_http {
        return refuse(Requirement::Https);
    }
    let mut outgoing = ureq::http::Request::new(request.body.expose());
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = request
        .url
        .as_str()
        .parse()
        .map_err(|error| HttpFailure::Connect(Detail::new(error)))?;
    *outgoing.headers_mut() = request.headers.clone();
    let outgoing = agent
        .configure_request(outgoing)
        .timeout_global(Some(required.timeout));
    let outgoing = outgoing
        .http_status_as_error(false)
        .max_redirects(0)
        .build();
    let (head, mut body) = agent.run(outgoing).map_err(failure)?.into_parts();
    let limit = required.max_body as u64 + 1; // one more shows that there is more
    let body = body
        .with_config()
        .limit(limit)
        .read_to_vec()
        .map_err(|error| match error {
            Error::BodyExceedsLimit(_) => HttpFailure::BodyTooLarge {
                limit: required.max_body,
            },
            error => failure(error),
        })?;
    let mut response = HttpResponse::new(head.status.as_u16(), body);
    response.headers = head.headers;
    Ok(response)
}

fn failure(error: Error) -> HttpFailure {
    match error {
        Error::Timeout(_) => HttpFailure::TimedOut,
        Error::HostNotFound => HttpFailure::Resolve(Detail::new(error)),
        Error::ConnectionFailed => HttpFailure::Connect(Detail::new(error)),
        _ => HttpFailure::Lost { request_sent: true },
    }
}
