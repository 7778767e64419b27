//! The identity that Azure gives to a host, got from an endpoint that only the host can reach.
//!
//! begin ─► choose the source ─► [look for Azure Arc's agent ─► on_agent] ─► that source's flow

mod app_service;
mod azure_arc;
mod azure_ml;
#[cfg(feature = "testing")]
mod cases;
mod cloud_shell;
mod exchange;
mod imds;
mod key_path;
mod rules;
mod service_fabric;
mod source;
mod token_exchange;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

pub use self::rules::{Asked, Probe, Sign, SourceRules, Standing, Verdict, VerdictRule};
pub use self::source::ManagedIdentitySource;

use self::exchange::Exchange;
use super::CredentialConfig;
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::{Failure as _, FileFailure, FileRequest, Refusal};
use crate::error::{Cause, Invalid, What};
use crate::identity::Identity;
use crate::moves::{Next, read_file};
use crate::plan::{Plan, PlanContext};
use crate::retry::RetryPolicy;
use crate::secret::SecretBytes;
use crate::transcript::Redactor;

/// Gets tokens for a managed identity of the Azure host that the program runs on.
///
/// Where it gets them is [chosen](ManagedIdentitySource::choose) by the environment of each run:
///
/// | source | which user-assigned identities can be named |
/// |---|---|
/// | Service Fabric, over TLS with the certificate that the cluster names | none: they are set up in the cluster |
/// | App Service, Functions, Container Apps, Automation | by client, object or resource id |
/// | Azure Arc, on Linux and Windows | by client, object or resource id, with an agent that confirms it |
/// | Azure Machine Learning, App Service in its first version, hybrid workers | by client id |
/// | Cloud Shell | none: it has the identity of the person who opened it |
/// | a pod with a federated token | by client id |
/// | the instance metadata service | by client, object or resource id |
///
/// An id that the source does not take is a failure, never passed over. No request goes through a
/// proxy, and none carries a header of another source. A request is for exactly one scope; claims
/// and tenants mean nothing to these endpoints and are not sent.
///
/// An endpoint that the environment names must be there, so whatever is wrong with it is a failure.
/// The metadata service has the same address everywhere: nobody there, or somebody else, means that
/// this is no Azure host, and a chain goes on. What is retried and what an answer means is data,
/// which [`ManagedIdentitySource::rules`] shows and [`with_rules`](Self::with_rules) replaces.
///
/// The host keeps its tokens for about a day, so a change of permissions can take that long to
/// show in them, and nothing here can hasten it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManagedIdentityCredential {
    #[serde(skip_serializing_if = "ManagedIdentityId::is_system_assigned")]
    identity: ManagedIdentityId,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<SourceRules>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<RetryPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    azure_arc_token_directory: Option<String>,
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
            Self::ClientId(id) | Self::ObjectId(id) if id.trim().is_empty() => {
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
        Ok(Self {
            identity,
            ..Self::default()
        })
    }

    /// Replaces the rules of whichever source the host has. Start from
    /// [`ManagedIdentitySource::rules`] to change some of them.
    pub fn with_rules(mut self, rules: SourceRules) -> Self {
        self.rules = Some(rules.in_milliseconds());
        self
    }

    /// Retries by this policy, in a chain too, whichever source the host has.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy.in_milliseconds());
        self
    }

    /// Probes the instance metadata service like this.
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probe = Some(probe.in_milliseconds());
        self
    }

    /// Takes the keys of Azure Arc's agent from this directory, for an installation that is not in
    /// the usual place, and reads no other file than a key in it. A path that is not absolute, or has
    /// `..` in it, is refused when the agent is to be asked.
    pub fn azure_arc_token_directory(mut self, path: impl Into<String>) -> Self {
        self.azure_arc_token_directory = Some(path.into());
        self
    }

    fn begin_at(&self, source: ManagedIdentitySource, cx: &mut Context) -> Next {
        let identity = &self.identity;
        let Some(rules) = self.rules_for(&source) else {
            return token_exchange::begin(identity, cx);
        };
        let exchange = Exchange {
            identity: identity.clone(),
            rules,
        };
        match source {
            ManagedIdentitySource::ServiceFabric {
                endpoint,
                thumbprint,
            } => service_fabric::begin(endpoint, thumbprint, exchange, cx),
            ManagedIdentitySource::AppService { endpoint } => {
                app_service::begin(endpoint, exchange, cx)
            }
            ManagedIdentitySource::AzureArc { endpoint } => {
                let directory = self.azure_arc_token_directory.as_deref();
                azure_arc::begin(endpoint, directory, exchange, cx)
            }
            ManagedIdentitySource::AzureMl { endpoint } => azure_ml::begin(endpoint, exchange, cx),
            ManagedIdentitySource::CloudShell { endpoint } => {
                cloud_shell::begin(endpoint, exchange, cx)
            }
            ManagedIdentitySource::TokenExchange => token_exchange::begin(identity, cx),
            ManagedIdentitySource::Imds { endpoint, .. } => imds::begin(endpoint, exchange, cx),
        }
    }

    /// The source's rules with the program's changes; none for what follows another credential's.
    fn rules_for(&self, source: &ManagedIdentitySource) -> Option<SourceRules> {
        let defaults = source.rules()?;
        let mut rules = self.rules.clone().unwrap_or(defaults);
        if let Some(retry) = &self.retry {
            rules.retry = retry.clone();
            rules.retry_in_chain = None;
        }
        rules.probe = self.probe.unwrap_or(rules.probe);
        Some(rules)
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
        match ManagedIdentitySource::choose(cx.environment, cx.platform) {
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
        let source = ManagedIdentitySource::choose(cx.environment(), cx.platform());
        match source.or_else(|invalid| cx.failed(invalid))? {
            ManagedIdentitySource::Imds {
                endpoint,
                unless_exists: Some(agent),
            } => read_file(FileRequest::exists(&agent), move |found, cx| {
                self.on_agent(&agent, found, endpoint, cx)
            }),
            source => self.begin_at(source, cx),
        }
    }
}

impl ManagedIdentityCredential {
    fn on_agent(
        &self,
        agent: &str,
        found: Result<SecretBytes, FileFailure>,
        endpoint: Url,
        cx: &mut Context,
    ) -> Next {
        match found {
            Ok(_) => self.begin_at(ManagedIdentitySource::usual_arc(), cx),
            Err(failure) if matches!(failure.refusal(), Some(why) if *why != Refusal::NoSuchEffect) => {
                cx.failed(Cause::file(agent, failure))
            }
            // It is not there, as far as this process can see, or the host has no files at all.
            Err(_) => {
                let unless_exists = None;
                let source = ManagedIdentitySource::Imds {
                    endpoint,
                    unless_exists,
                };
                self.begin_at(source, cx)
            }
        }
    }
}

#[cfg(feature = "testing")]
impl ManagedIdentityCredential {
    pub(super) fn cases() -> Vec<crate::testing::Case> {
        cases::cases()
    }
}
