//! Azure Cloud Shell, whose identity is that of the person who opened it.
//!
//! begin ─► ask ─► on_token

use url::Url;

use super::exchange::{Exchange, IdNames, resource};
use crate::context::Context;
use crate::effect::HttpRequest;
use crate::moves::Next;
use crate::oauth::Form;

pub(super) fn begin(endpoint: Url, exchange: Exchange, cx: &mut Context) -> Next {
    let named = exchange.named(IdNames::default());
    named.or_else(|invalid| cx.failed(invalid))?;
    let form = Form::new().field("resource", resource(cx)?);
    let request = exchange.prepare(HttpRequest::post_form(endpoint, &form), cx);
    exchange.ask(request)
}
