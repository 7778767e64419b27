//! Instance discovery: whether a token service belongs to Microsoft, asked of one that does.

use crate::attempts::http;
use crate::authority::Authority;
use crate::context::Context;
use crate::effect::{HttpReply, HttpRequest};
use crate::memory::{Fact, MemoryChange};
use crate::moves::Next;
use crate::oauth::{correlated, read_member};
use crate::retry::RetryPolicy;
use crate::tenant::TenantId;

/// Goes on when the authority is one of Microsoft's, and fails when it is not.
pub(super) fn validate(
    authority: &Authority,
    trusted: &Authority,
    tenant: &TenantId,
    then: impl FnOnce(&mut Context) -> Next + Send + 'static,
    cx: &mut Context,
) -> Next {
    let key = format!("discovered {authority} by {trusted}");
    if authority.needs_no_discovery(tenant) || cx.memory().recall(&key) == Some(&Fact::Answered) {
        return then(cx);
    }
    let mut url = trusted.url().clone();
    url.set_path("/common/discovery/instance");
    url.query_pairs_mut()
        .append_pair("api-version", "1.1")
        .append_pair(
            "authorization_endpoint",
            authority.authorization_endpoint(tenant).as_str(),
        );
    let request = correlated(HttpRequest::get(url), cx).retry(RetryPolicy::entra());
    http(request, move |reply: HttpReply, cx| {
        let response = reply.or_else(|failure| cx.failed(failure))?;
        read_member(&response, "tenant_discovery_endpoint", cx)
            .or_else(|cause| cx.failed(cause))?;
        cx.remember(MemoryChange::Learned {
            key,
            fact: Fact::Answered,
            on: cx.now().timestamp(),
        });
        then(cx)
    })
}
