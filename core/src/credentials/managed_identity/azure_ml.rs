//! Azure Machine Learning, and App Service in its first version, which Automation's hybrid workers
//! speak too.
//!
//! begin ─► ask ─► on_token

use url::Url;

use super::ManagedIdentityId;
use super::exchange::{Exchange, IdNames, secret_header};
use crate::context::Context;
use crate::effect::HttpRequest;
use crate::moves::Next;

const NAMES: IdNames = IdNames {
    client: Some("clientid"),
    object: None,
    resource: None,
};

pub(super) fn begin(endpoint: Url, mut exchange: Exchange, cx: &mut Context) -> Next {
    let default = cx.environment().get("DEFAULT_IDENTITY_CLIENT_ID");
    if let (true, Some(id)) = (exchange.identity.is_system_assigned(), default) {
        exchange.identity = ManagedIdentityId::ClientId(id.to_owned());
    }
    let url = exchange.url(endpoint, "2017-09-01", NAMES, cx)?;
    let request = exchange.prepare(HttpRequest::get(url), cx);
    let request = secret_header(request, "secret", "MSI_SECRET", cx)?;
    exchange.ask(request)
}
