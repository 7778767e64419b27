//! What the metadata service knows: the machine that it runs on and the identities assigned to it.

use crate::directory::Resource;

/// A virtual machine with its managed identities.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The tenant of the subscription, a GUID.
    pub tenant_id: String,
    /// The region, such as `westeurope`.
    pub location: String,
    /// The identity that lives and dies with the machine.
    pub system_assigned: Option<ManagedIdentity>,
    /// The identities that are resources of their own.
    pub user_assigned: Vec<ManagedIdentity>,
    /// The resources that tokens can be asked for.
    pub resources: Vec<Resource>,
    /// The life of a token in seconds; about a day on the real service.
    pub token_seconds: u64,
}

/// A managed identity under its three names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedIdentity {
    /// The client id, a GUID.
    pub client_id: String,
    /// The object id of its service principal, a GUID.
    pub object_id: String,
    /// The ARM resource id: the identity's own, or the machine's for a system-assigned one.
    pub resource_id: String,
}
