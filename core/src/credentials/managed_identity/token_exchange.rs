//! A pod whose cluster projects a federated token: the identity is that of the workload.
//!
//! begin ─► call the workload identity credential

use std::sync::Arc;

use super::ManagedIdentityId;
use super::exchange::Exchange;
use crate::context::Context;
use crate::credentials::WorkloadIdentityCredential;
use crate::error::{Invalid, What};
use crate::moves::{Next, call, done};

pub(super) fn begin(exchange: Exchange, cx: &mut Context) -> Next {
    let retry = exchange.rules.retry_at(cx.position());
    let workload = WorkloadIdentityCredential::new().retry(retry);
    let workload = match exchange.identity {
        ManagedIdentityId::SystemAssigned => Ok(workload),
        ManagedIdentityId::ClientId(id) => workload.client_id(id),
        ManagedIdentityId::ObjectId(_) | ManagedIdentityId::ResourceId(_) => Err(Invalid::new(
            What::ManagedIdentity,
            "a workload of Kubernetes is named by its client id only",
        )),
    };
    let workload = workload.or_else(|invalid| cx.failed(invalid))?;
    call(Arc::new(workload), |result, _| done(result?))
}
