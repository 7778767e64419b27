//! The identity that Azure gives to a host, got from an endpoint that only the host can reach.
//!
//! begin ─► choose the source ─► that source's flow

mod imds;
mod source;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::source::ManagedIdentitySource;

use super::CredentialConfig;
use crate::context::Context;
use crate::credential::Credential;
use crate::error::{Cause, Invalid, What};
use crate::identity::Identity;
use crate::moves::Next;
use crate::plan::{Plan, PlanContext};
use crate::transcript::Redactor;

/// Gets tokens for a managed identity of the Azure host that the program runs on.
///
/// The host keeps its tokens for about a day, so a change of permissions can take that long to
/// show in them, and nothing here can hasten it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManagedIdentityCredential {
    #[serde(skip_serializing_if = "ManagedIdentityId::is_system_assigned")]
    identity: ManagedIdentityId,
}

/// Which managed identity of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagedIdentityId {
    /// The host's own; on some hosts also the only user-assigned one.
    #[default]
    SystemAssigned,
    /// A user-assigned one, by its client id.
    ClientId(String),
    /// A user-assigned one, by the object id of its principal.
    ObjectId(String),
    /// A user-assigned one, by its resource id:
    /// `/subscriptions/…/Microsoft.ManagedIdentity/userAssignedIdentities/…`.
    ResourceId(String),
}

impl ManagedIdentityId {
    /// Whether no particular identity is named.
    pub fn is_system_assigned(&self) -> bool {
        *self == Self::SystemAssigned
    }

    fn check(&self) -> Result<(), Invalid> {
        let invalid = |why: &str| Err(Invalid::new(What::ManagedIdentity, why));
        match self {
            Self::SystemAssigned => Ok(()),
            Self::ClientId(id) | Self::ObjectId(id) if id.is_empty() => {
                invalid("it must not be empty")
            }
            Self::ResourceId(id) if !id.starts_with('/') => {
                invalid("a resource id begins with `/`")
            }
            Self::ClientId(id) | Self::ObjectId(id) | Self::ResourceId(id)
                if id.chars().any(char::is_control) =>
            {
                invalid("it must not hold control characters")
            }
            _ => Ok(()),
        }
    }

    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::SystemAssigned => ("system-assigned", ""),
            Self::ClientId(id) => ("client-id", id),
            Self::ObjectId(id) => ("object-id", id),
            Self::ResourceId(id) => ("resource-id", id),
        }
    }
}

impl ManagedIdentityCredential {
    /// The host's system-assigned identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// A particular identity of the host's.
    ///
    /// # Errors
    ///
    /// The id is empty or malformed.
    pub fn with_id(identity: ManagedIdentityId) -> Result<Self, Invalid> {
        identity.check()?;
        Ok(Self { identity })
    }
}

impl Credential for ManagedIdentityCredential {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn identity(&self) -> Identity {
        let (kind, id) = self.identity.parts();
        Identity::of(self.name())
            .field("kind", kind)
            .field("id", id)
            .finish()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match ManagedIdentitySource::choose(cx.environment) {
            Ok(source) => Plan::ready(self.name()).from_source(source.to_string()),
            Err(invalid) => Plan::invalid(self.name(), invalid),
        }
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        // A configuration can hold an id that nothing has checked yet.
        self.identity
            .check()
            .or_else(|invalid| cx.failed(invalid))?;
        match ManagedIdentitySource::choose(cx.environment()).or_else(|invalid| cx.failed(invalid))? {
            ManagedIdentitySource::Imds { endpoint } => imds::begin(endpoint, self.identity.clone(), cx),
            _ => cx.failed(Cause::Unsupported(
                "this host's kind of managed identity endpoint is not supported yet; only the instance metadata service is",
            )),
        }
    }
}

#[cfg(feature = "testing")]
impl ManagedIdentityCredential {
    pub(super) fn cases() -> Vec<crate::testing::Case> {
        imds::cases::cases()
    }
}
