//! The instance metadata service: virtual machines, scale sets, container instances, AKS nodes.
//!
//! begin ─► [probe ─► on_probe] ─► ask ─► on_token
//!
//! In a chain it is probed first, since there may be nobody at its address and other credentials
//! wait. That it answered is remembered; that it did not is forgotten at once, since a pod can
//! start before its node's service does. Named alone it gets no probe and all the patience it needs.

use std::time::Duration;

use http::header::HeaderName;
use url::Url;

use super::exchange::{Exchange, IdNames};
use super::{POD_IDENTITY_HOST, Probe};
use crate::attempts::http;
use crate::context::{Context, Position};
use crate::effect::{HttpFailure, HttpReply, HttpRequest, Requirements, endpoint as shown};
use crate::error::Cause;
use crate::memory::{Fact, MemoryChange};
use crate::moves::Next;
use crate::oauth::{Expiry, TokenAnswer, request_id, signed_by_library};

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
    let is_known = cx.memory().recall(&key) == Some(&Fact::Answered)
        || cx.environment().get(POD_IDENTITY_HOST).is_some();
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
        _ => ask(endpoint, exchange, cx),
    }
}

fn on_probe(
    reply: HttpReply,
    endpoint: Url,
    key: String,
    exchange: Exchange,
    cx: &mut Context,
) -> Next {
    match reply {
        Ok(response) => {
            let Exchange { identity, rules } = &exchange;
            let sees_only_a_proxy =
                |cause: &Cause| rules.sees_only_a_proxy(cause, &response, identity, cx.position());
            let refusal = TokenAnswer::read(&response, Expiry::Moment, cx).err();
            if let Some(cause) = refusal.filter(sees_only_a_proxy) {
                return cx.unavailable(cause);
            }
        }
        Err(HttpFailure::BodyTooLarge { .. }) => {} // somebody is there
        Err(failure) => return exchange.judge(failure, None, cx),
    }
    let on = cx.now().timestamp();
    let fact = Fact::Answered;
    cx.remember(MemoryChange::Learned { key, fact, on });
    ask(endpoint, exchange, cx)
}

fn ask(endpoint: Url, exchange: Exchange, cx: &mut Context) -> Next {
    let url = exchange.url(endpoint, "2018-02-01", NAMES, cx)?;
    let id = HeaderName::from_static("x-ms-client-request-id");
    let request = exchange.prepare(HttpRequest::get(url), cx);
    let mut request = signed_by_library(request).header(id, request_id(cx));
    request.requirements.timeout = TIMEOUT;
    exchange.ask(request)
}
