//! Proofs from the user's own code.

use serde::{Deserialize, Serialize};

use super::exchange::Client;
use crate::context::Context;
use crate::effect::{AssertionFailure, AssertionRequest, CallbackId, ProofKind};
use crate::error::{Invalid, What};
use crate::identity::{Identity, Instance};
use crate::moves::{Next, assertion};
use crate::secret::Secret;

/// A callback that gives the client's proof. It is written as its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Callback {
    name: CallbackId,
    #[serde(skip)]
    instance: Instance,
}

impl Callback {
    pub(super) fn new(name: CallbackId) -> Self {
        Self {
            name,
            instance: Instance::default(),
        }
    }

    pub(super) fn identity(&self) -> Identity {
        self.instance.identity()
    }

    /// Asks for the client's proof and goes on with it.
    pub(super) fn ask(
        &self,
        kind: ProofKind,
        client: &Client,
        then: impl FnOnce(Secret, &mut Context) -> Next + Send + 'static,
    ) -> Next {
        let what = match kind {
            ProofKind::ClientSecret => What::ClientSecret,
            ProofKind::ClientAssertion => What::ClientAssertion,
        };
        let request = AssertionRequest {
            kind,
            callback: self.name.clone(),
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
}
