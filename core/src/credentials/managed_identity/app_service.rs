//! App Service and its family: Functions, Container Apps, Automation.
//!
//! begin ─► ask ─► on_token
//!
//! The platform changes the header's value now and then, so it is taken from the environment of
//! each run.

use url::Url;

use super::exchange::{Exchange, IdNames, secret_header};
use crate::attempts::http;
use crate::context::Context;
use crate::effect::{HttpReply, HttpRequest};
use crate::error::Error;
use crate::moves::{Next, done};

const NAMES: IdNames = IdNames {
    client: Some("client_id"),
    object: Some("object_id"),
    resource: Some("mi_res_id"),
};

pub(super) fn begin(endpoint: Url, exchange: Exchange, cx: &mut Context) -> Next {
    let url = exchange.url(endpoint, "2019-08-01", NAMES, cx)?;
    let request = exchange.prepare(HttpRequest::get(url), cx);
    let request = secret_header(request, "x-identity-header", "IDENTITY_HEADER", cx)?;
    http(request, move |reply, cx| on_token(&exchange, reply, cx))
}

fn on_token(exchange: &Exchange, reply: HttpReply, cx: &mut Context) -> Next {
    let is_unclear = |error: &Error| {
        exchange.identity.is_system_assigned()
            && error
                .service()
                .is_some_and(|service| service.status() == 400 && service.advice().is_none())
    };
    match exchange.read(reply, cx) {
        Ok(answer) => done(answer.token),
        Err(error) if is_unclear(&error) => Err(error.advise(
            "switch the app's system-assigned identity on, or name one of its user-assigned ones",
        )),
        Err(error) => Err(error),
    }
}
