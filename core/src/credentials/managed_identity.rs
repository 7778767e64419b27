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

pub use self::rules::{Asked, Probe, Sign, SourceRules, Standing, Verdict, VerdictRule};
pub use self::source::ManagedIdentitySource;

use self::exchange::Exchange;
use self::source::Choice;
use super::CredentialConfig;
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::{Failure as _, FileFailure, FileRequest, Refusal};
use crate::error::{Cause, Invalid, What};
use crate::identity::Identity;
use crate::moves::{Next, read_file};
use crate::needs::Needs;
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
/// proxy, and none carries a header of another source. A request is for exactly one scope; tenants
/// mean nothing to these endpoints, and neither they nor the claims of a challenge are sent.
///
/// An endpoint that the environment names must be there, so whatever is wrong with it is a failure.
/// The metadata service has the same address everywhere: nobody there, or somebody else, means that
/// this is no Azure host, and a chain goes on. What is retried and what an answer means is data,
/// which [`ManagedIdentitySource::rules`] shows and [`rules`](Self::rules) replaces.
///
/// The host keeps its tokens for about a day, so a change of permissions can take that long to
/// show in them, and nothing here hastens it. Service Fabric alone has a way: who tells it the hash of
/// a token that was challenged gets another one. This credential tells it that the program handles
/// challenges, where the request says so, but no hash: a token that is challenged stays what it gives.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/ManagedIdentityCredential.md
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
    /// [`ManagedIdentitySource::rules`] to change some of them. Of a pod's token exchange only the
    /// retries are a matter of rules: what its errors mean, Entra says.
    ///
    /// ```
    /// use azid_core::retry::RetryPolicy;
    /// use azid_core::{Environment, ManagedIdentityCredential, ManagedIdentitySource};
    /// use azid_core::{Sign, Standing, Verdict, VerdictRule};
    ///
    /// let environment = Environment::from_pairs([("MSI_ENDPOINT", "http://localhost:50342")]);
    /// let mut rules = ManagedIdentitySource::choose(&environment)?.rules();
    /// rules.retry = RetryPolicy::never();
    /// let goes_on = VerdictRule::new(&[500..=599], Sign::Anything, Verdict::Unavailable);
    /// rules.verdicts.to_mut().push(goes_on.standing(Standing::InChain));
    ///
    /// let credential = ManagedIdentityCredential::new().rules(rules);
    /// # let _ = credential;
    /// # Ok::<_, azid_core::Invalid>(())
    /// ```
    pub fn rules(mut self, rules: SourceRules) -> Self {
        self.rules = Some(rules.in_milliseconds());
        self
    }

    /// Retries by this policy, in a chain too, whichever source the host has.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy.in_milliseconds());
        self
    }

    /// Probes the instance metadata service like this; other sources have no probe.
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
        let exchange = Exchange {
            identity: self.identity.clone(),
            rules: self.rules_for(&source),
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
            ManagedIdentitySource::TokenExchange => token_exchange::begin(exchange, cx),
            ManagedIdentitySource::Imds { endpoint } => imds::begin(endpoint, exchange, cx),
        }
    }

    /// The source's rules with the program's changes.
    fn rules_for(&self, source: &ManagedIdentitySource) -> SourceRules {
        let mut rules = self.rules.clone().unwrap_or_else(|| source.rules());
        if let Some(retry) = &self.retry {
            rules.retry = retry.clone();
            rules.retry_in_chain = None;
        }
        rules.probe = self.probe.unwrap_or(rules.probe);
        rules
    }
}

impl Credential for ManagedIdentityCredential {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn identity(&self) -> Identity {
        let (kind, id) = self.identity.parts();
        Identity::of(self.name())
            .of_this_machine()
            .field("kind", kind)
            .field("id", id)
            .finish()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match Choice::of(cx.environment, cx.platform) {
            Ok(choice) => Plan::ready(self.name()).from_source(choice.to_string()),
            Err(invalid) => Plan::invalid(self.name(), invalid),
        }
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::NONE
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        // A configuration can hold an id that nothing has checked yet.
        self.identity
            .check()
            .or_else(|invalid| cx.failed(invalid))?;
        let choice = Choice::of(cx.environment(), cx.platform());
        let Choice { source, arc_agent } = choice.or_else(|invalid| cx.failed(invalid))?;
        match arc_agent {
            Some(agent) => read_file(FileRequest::exists(&agent), move |found, cx| {
                self.on_agent(&agent, found, source, cx)
            }),
            None => self.begin_at(source, cx),
        }
    }
}

impl ManagedIdentityCredential {
    fn on_agent(
        &self,
        agent: &str,
        found: Result<SecretBytes, FileFailure>,
        otherwise: ManagedIdentitySource,
        cx: &mut Context,
    ) -> Next {
        match found {
            Ok(_) => self.begin_at(ManagedIdentitySource::usual_arc(), cx),
            Err(failure) if matches!(failure.refusal(), Some(why) if *why != Refusal::NoSuchEffect) => {
                cx.failed(Cause::file(agent, failure))
            }
            // It is not there, as far as this process can see, or the host has no files at all.
            Err(_) => self.begin_at(otherwise, cx),
        }
    }
}

#[cfg(feature = "testing")]
impl ManagedIdentityCredential {
    pub(super) fn cases() -> Vec<crate::testing::Case> {
        cases::cases()
    }
}
