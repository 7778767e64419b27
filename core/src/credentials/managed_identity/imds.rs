//! The instance metadata service: virtual machines, scale sets, container instances, AKS nodes.
//!
//! begin ─► [probe ─► on_probe] ─► ask ─► on_token
//!
//! In a chain it is probed first, wherever the environment says it is, since there may be nobody at
//! its address and other credentials wait. That it answered as only it does is remembered, until it
//! is silent; that it did not is forgotten at once, since a pod can start before its node's service
//! does. Named alone it gets no probe and all the patience it needs.

use std::time::Duration;

use http::header::HeaderName;
use url::Url;

use super::Probe;
use super::exchange::{Exchange, IdNames};
use super::rules::is_silence;
use crate::attempts::http;
use crate::context::{Context, Position};
use crate::effect::{
    HttpFailure, HttpReply, HttpRequest, HttpResponse, Requirements, endpoint as shown,
};
use crate::error::{Cause, Error};
use crate::memory::{Fact, MemoryChange};
use crate::moves::{Next, done};
use crate::oauth::{Expiry, TokenAnswer, request_id, sign_by_library};

/// How long one request may take. The service answers within milliseconds when it is well, and
/// some seconds after a cold start.
const TIMEOUT: Duration = Duration::from_secs(10);

const NAMES: IdNames = IdNames {
    client: Some("client_id"),
    object: Some("object_id"),
    resource: Some("msi_res_id"),
};

pub(super) fn begin(endpoint: Url, exchange: Exchange, cx: &mut Context) -> Next {
    let key = format!("the metadata service at {}", shown(&endpoint));
    let is_known = cx.memory().recall(&key) == Some(&Fact::Answered);
    match exchange.rules.probe {
        Probe::InChain { timeout } if !is_known && cx.position() != Position::Alone => {
            // Without the header that every real request has, so that it costs the service nothing.
            let requirements = Requirements {
                plain_http: endpoint.scheme() == "http",
                ..Requirements::metadata_endpoint(timeout)
            };
            let probe = HttpRequest::get(endpoint.clone()).requirements(requirements);
            http(probe, |reply, cx| {
                on_probe(reply, endpoint, key, exchange, cx)
            })
        }
        _ => ask(endpoint, is_known.then_some(key), exchange, cx),
    }
}

fn on_probe(
    reply: HttpReply,
    endpoint: Url,
    key: String,
    exchange: Exchange,
    cx: &mut Context,
) -> Next {
    let known = match reply {
        Ok(response) => {
            let Exchange { identity, rules } = &exchange;
            let sees_only_a_proxy =
                |cause: &Cause| rules.sees_only_a_proxy(cause, &response, identity, cx.position());
            let refusal = TokenAnswer::read(&response, Expiry::Moment, cx).err();
            if let Some(cause) = refusal.filter(sees_only_a_proxy) {
                return cx.unavailable(cause);
            }
            is_the_services(&response).then_some(key)
        }
        Err(HttpFailure::BodyTooLarge { .. }) => None, // somebody is there
        Err(failure) => return exchange.judge(failure, None, cx),
    };
    if let Some(key) = &known {
        learn(key, Fact::Answered, cx);
    }
    ask(endpoint, known, exchange, cx)
}

/// Whether an answer looks like one of the service's: it says that a header is missing, in JSON. The
/// page of a captive portal does not, nor does a redirect.
fn is_the_services(response: &HttpResponse) -> bool {
    let is_object =
        || serde_json::from_slice::<serde_json::Map<_, _>>(response.body.expose()).is_ok();
    response.status == 400 || (response.status < 500 && is_object())
}

fn learn(key: &str, fact: Fact, cx: &mut Context) {
    let (key, on) = (key.to_owned(), cx.now().timestamp());
    cx.remember(MemoryChange::Learned { key, fact, on });
}

/// Asks for a token; `known` is under which key it is remembered that the service is there.
fn ask(endpoint: Url, known: Option<String>, exchange: Exchange, cx: &mut Context) -> Next {
    let url = exchange.url(endpoint, "2018-02-01", NAMES, cx)?;
    let id = HeaderName::from_static("x-ms-client-request-id");
    let mut request = exchange.prepare(HttpRequest::get(url), cx);
    sign_by_library(&mut request.headers);
    request.headers.insert(id, request_id(cx));
    request.requirements.timeout = TIMEOUT;
    http(request, move |reply, cx| {
        if let (Some(key), Some(true)) = (&known, reply.as_ref().err().map(is_silence)) {
            learn(key, Fact::Absent, cx);
        }
        match exchange.read(reply, cx) {
            Ok(answer) => done(answer.token),
            Err(error) => Err(match advice(&error, &exchange) {
                Some(advice) => error.advise(advice),
                None => error,
            }),
        }
    })
}

fn advice(error: &Error, exchange: &Exchange) -> Option<&'static str> {
    let service = error
        .service()
        .filter(|service| service.advice().is_none())?;
    Some(match service.status() {
        400 if service.error() == "invalid_resource" => {
            "correct the scope: Entra knows no such resource"
        }
        400 if exchange.identity.is_system_assigned() => {
            "assign an identity to this host, or name one of its user-assigned ones; on a developer's machine use another credential"
        }
        400 => "check the id, and that this identity is assigned to this host",
        401 | 403 => {
            "see whether a policy of the host or of its network keeps this program from the metadata service"
        }
        _ => return None,
    })
}
