//! A Service Fabric cluster, whose endpoint has a certificate of its own making.
//!
//! begin ─► ask ─► on_token
//!
//! The host of the run checks the certificate against the thumbprint before it sends the secret,
//! so a server that fails the check has seen nothing.
//!
//! The endpoint also takes `token_sha256_to_refresh`, the hash of a token that was challenged, and gives
//! another one for it. That is not sent: a run knows the claims, and not the token that they came for.

use url::Url;

use super::exchange::{Exchange, IdNames, secret_header};
use crate::attempts::http;
use crate::context::Context;
use crate::effect::{HttpFailure, HttpReply, HttpRequest, Thumbprint};
use crate::error::{Cause, Error};
use crate::moves::{Next, done};

pub(super) fn begin(
    endpoint: Url,
    thumbprint: Thumbprint,
    exchange: Exchange,
    cx: &mut Context,
) -> Next {
    let mut url = exchange.url(endpoint, "2019-07-01-preview", IdNames::default(), cx)?;
    if cx.request().wants_cae() {
        url.query_pairs_mut().append_pair("xms_cc", "CP1");
    }
    let mut request = exchange.prepare(HttpRequest::get(url), cx);
    request.requirements.tls.pin = Some(thumbprint);
    let request = secret_header(request, "secret", "IDENTITY_HEADER", cx)?;
    http(request, move |reply, cx| on_token(&exchange, reply, cx))
}

fn on_token(exchange: &Exchange, reply: HttpReply, cx: &mut Context) -> Next {
    match exchange.read(reply, cx) {
        Ok(answer) => done(answer.token),
        Err(error) => Err(match advice(&error) {
            Some(advice) => error.advise(advice),
            None => error,
        }),
    }
}

fn advice(error: &Error) -> Option<&'static str> {
    Some(match error.cause() {
        Cause::Http(HttpFailure::Tls(_)) => {
            "if the certificate is not the pinned one, set IDENTITY_SERVER_THUMBPRINT to the endpoint's; else see that IDENTITY_ENDPOINT is one that speaks TLS 1.2 or newer"
        }
        Cause::Service(service) if service.error() == "ManagedIdentityNotFound" => {
            "give the application an identity, in its manifest and in the service's policies"
        }
        Cause::Service(service) if service.error() == "InternalServerError" => {
            "correct the resource: one that is unknown, by a trailing slash perhaps, gives this error"
        }
        _ => return None,
    })
}
