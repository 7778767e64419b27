//! Proofs from the user's own code.

use super::exchange::Client;
use crate::context::Context;
use crate::effect::{AssertionFailure, AssertionRequest, CallbackId};
use crate::error::{Invalid, What};
use crate::moves::{Next, assertion};
use crate::secret::Secret;

/// Asks the callback of this name for the client's proof and goes on with it.
pub(super) fn ask_callback(
    callback: &CallbackId,
    what: What,
    client: &Client,
    then: impl FnOnce(Secret, &mut Context) -> Next + Send + 'static,
) -> Next {
    let request = AssertionRequest {
        callback: callback.clone(),
        tenant: client.tenant.as_str().to_owned(),
        client_id: client.client_id.as_str().to_owned(),
        token_endpoint: client.token_endpoint.clone(),
    };
    assertion(request, move |given, cx| match given {
        Ok(text) if text.is_empty() => {
            cx.failed(Invalid::new(what, "the callback gave an empty one"))
        }
        Ok(text) => then(text, cx),
        Err(failure @ AssertionFailure::Unavailable(_)) => cx.unavailable(failure),
        Err(failure) => cx.failed(failure),
    })
}
