//! Instance discovery: whether a token service belongs to Microsoft, asked of one that does.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::attempts::http;
use crate::authority::Authority;
use crate::context::Context;
use crate::effect::HttpReply;
use crate::memory::{Fact, MemoryChange};
use crate::moves::Next;
use crate::oauth::{correlated_get, read_member};
use crate::retry::RetryPolicy;
use crate::tenant::TenantId;

/// An authority that is asked about another one, and how: code that only those programs have that
/// name one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Authority", into = "Authority")]
pub(crate) struct ValidatedBy {
    trusted: Authority,
    validate: fn(&Authority, &Authority, &TenantId, Validated, &mut Context) -> Next,
}

/// What goes on where an authority is one of Microsoft's.
pub(super) type Validated = Box<dyn FnOnce(&mut Context) -> Next + Send>;

impl ValidatedBy {
    /// The URL of the one that is asked.
    pub(crate) fn url(&self) -> &str {
        self.trusted.url().as_str()
    }

    /// Goes on when the authority is one of Microsoft's, and fails when it is not.
    pub(super) fn validate(
        &self,
        authority: &Authority,
        tenant: &TenantId,
        then: Validated,
        cx: &mut Context,
    ) -> Next {
        (self.validate)(authority, &self.trusted, tenant, then, cx)
    }
}

impl From<Authority> for ValidatedBy {
    fn from(trusted: Authority) -> Self {
        Self { trusted, validate }
    }
}

impl From<ValidatedBy> for Authority {
    fn from(by: ValidatedBy) -> Self {
        by.trusted
    }
}

impl PartialEq for ValidatedBy {
    fn eq(&self, other: &Self) -> bool {
        self.trusted == other.trusted
    }
}

impl fmt::Debug for ValidatedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trusted.fmt(f)
    }
}

fn validate(
    authority: &Authority,
    trusted: &Authority,
    tenant: &TenantId,
    then: Validated,
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
    let request = correlated_get(url, cx).retry(RetryPolicy::entra());
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
