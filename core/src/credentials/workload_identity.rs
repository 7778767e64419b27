//! A Kubernetes workload: the cluster projects a federated token into a file, and Entra takes it
//! as the assertion of an application or a user-assigned identity (RFC 7523).
//!
//! begin ─┬──────────────────────────────────────► read the token ─► ask ─► token
//!        └► with a token proxy, read its roots ─┘

mod token_proxy;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::token_proxy::TokenProxy;
use super::CredentialConfig;
use crate::authority::Authority;
use crate::client::{
    Application, ClientAssertion, Exchange, Grant, Region, ValidatedBy, application_options,
};
use crate::context::Context;
use crate::credential::Credential;
use crate::environment::Environment;
use crate::error::{Cause, Invalid};
use crate::identity::Identity;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::retry::RetryPolicy;
use crate::tenant::{AllowedTenants, ClientId, TenantId};
use crate::transcript::Redactor;

/// Gets tokens for a Kubernetes workload, by the file that the cluster keeps fresh.
///
/// Tenant, client id and file come from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
/// `AZURE_FEDERATED_TOKEN_FILE`, which the cluster sets, and the authority from
/// `AZURE_AUTHORITY_HOST`, unless they are given here. The file is read for every exchange, since
/// its token lives for an hour or so.
///
/// # Identity binding
///
/// A cluster of AKS can keep the trust in its workloads to itself: the exchange with Entra then
/// goes through a token proxy in the cluster. With [`identity_binding`](Self::identity_binding)
/// the credential goes that way if the cluster says so, by these variables:
///
/// | variable | |
/// |---|---|
/// | `AZURE_KUBERNETES_TOKEN_PROXY` | the proxy's https URL, without query; not set, with none of the others: no token proxy |
/// | `AZURE_KUBERNETES_SNI_NAME` | the name that the proxy's certificate has |
/// | `AZURE_KUBERNETES_CA_FILE` | the only roots that certificate may lead to: a PEM file, read for every exchange; if it is empty for a moment, as while it is replaced, what an earlier run found in it still counts |
/// | `AZURE_KUBERNETES_CA_DATA` | the same as a PEM text, instead of the file |
///
/// What is sent is the same, only to another address, and directly: never through the HTTP proxies
/// of the host's configuration, which know nothing of the inside of a cluster.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/WorkloadIdentityCredential.md
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkloadIdentityCredential {
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<Authority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<String>,
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validated_by: Option<ValidatedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<RetryPolicy>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    identity_binding: bool,
}

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

impl WorkloadIdentityCredential {
    /// The workload that the environment describes.
    pub fn new() -> Self {
        Self::default()
    }

    application_options!(at);
    application_options!(region at);

    /// Asks this tenant.
    ///
    /// # Errors
    ///
    /// It is malformed.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Result<Self, Invalid> {
        self.tenant = Some(TenantId::new(tenant)?);
        Ok(self)
    }

    /// Asks for this application or user-assigned identity.
    ///
    /// # Errors
    ///
    /// It is malformed.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Result<Self, Invalid> {
        self.client_id = Some(ClientId::new(client_id)?);
        Ok(self)
    }

    /// Reads the federated token from this file.
    pub fn token_file(mut self, path: impl Into<String>) -> Self {
        self.token_file = Some(path.into());
        self
    }

    /// Retries by this policy. Whatever it says of the form of repetition, the federated token is
    /// read anew for each try.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy.in_milliseconds());
        self
    }

    /// Goes through the token proxy of AKS if the cluster's variables name one: see
    /// [identity binding](Self#identity-binding).
    pub fn identity_binding(mut self) -> Self {
        self.identity_binding = true;
        self
    }

    fn settings(&self, environment: &Environment) -> Result<Settings, Cause> {
        let needed = [
            (TENANT, self.tenant.is_none()),
            (CLIENT, self.client_id.is_none()),
            (TOKEN_FILE, self.token_file.is_none()),
        ];
        let needed: Vec<_> = needed
            .into_iter()
            .filter_map(|(name, is_needed)| is_needed.then_some(name))
            .collect();
        let missing = environment.missing(&needed);
        if !missing.is_empty() {
            return Err(Cause::MissingVariables(missing));
        }
        environment.check_text(&needed)?;
        let variable = |name| environment.get(name).unwrap_or_default();
        let authority = match &self.authority {
            Some(authority) => authority.clone(),
            None => Authority::from_environment(environment)?,
        };
        let tenant = match &self.tenant {
            Some(tenant) => tenant.clone(),
            None => TenantId::new(variable(TENANT)).map_err(|it| it.in_variable(TENANT))?,
        };
        let client_id = match &self.client_id {
            Some(client_id) => client_id.clone(),
            None => ClientId::new(variable(CLIENT)).map_err(|it| it.in_variable(CLIENT))?,
        };
        let token_file = self.token_file.clone();
        Ok(Settings {
            application: Application {
                authority,
                tenant,
                client_id,
                additionally_allowed_tenants: self.additionally_allowed_tenants.clone(),
                region: self.region.clone(),
                validated_by: self.validated_by.clone(),
                own_client: Default::default(),
            },
            token_file: token_file.unwrap_or_else(|| variable(TOKEN_FILE).to_owned()),
            token_proxy: if self.identity_binding {
                TokenProxy::from_environment(environment)?
            } else {
                None
            },
        })
    }
}

/// Everything that an exchange needs, wherever it came from.
struct Settings {
    application: Application,
    token_file: String,
    token_proxy: Option<TokenProxy>,
}

impl Credential for WorkloadIdentityCredential {
    fn name(&self) -> &'static str {
        "WorkloadIdentityCredential"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name())
            .optional("authority", self.authority.as_ref().map(Authority::url))
            .optional("tenant", self.tenant.as_ref().map(TenantId::as_str))
            .optional("client", self.client_id.as_ref().map(ClientId::as_str))
            .optional("file", self.token_file.as_ref())
            .field("allowed", self.additionally_allowed_tenants.key())
            .optional("region", self.region.as_ref().map(Region::to_string))
            .optional(
                "validated by",
                self.validated_by.as_ref().map(ValidatedBy::url),
            )
            .optional("binding", self.identity_binding.then_some("identity"))
            .finish()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.settings(cx.environment) {
            Ok(settings) => {
                let file = format!("the federated token in {:?}", settings.token_file);
                let plan = Plan::ready(self.name());
                match settings.token_proxy {
                    None => plan.from_source(file),
                    Some(proxy) => plan.from_source(format!("{file}, through {proxy}")),
                }
            }
            Err(cause) => Plan::hindered(self.name(), cause),
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
        let settings = match self.settings(cx.environment()) {
            Ok(settings) => settings,
            Err(cause @ Cause::MissingVariables(_)) => return cx.unavailable(cause),
            Err(cause) => return cx.failed(cause),
        };
        let assertion = ClientAssertion::from_file(settings.token_file);
        let token_proxy = settings.token_proxy;
        let retry = self.retry.clone().unwrap_or_else(RetryPolicy::entra);
        settings.application.reach(
            move |client, cx| {
                let endpoint = client.token_endpoint.clone();
                let exchange =
                    Exchange::new(client, assertion, Grant::ClientCredentials).retry(retry);
                match token_proxy {
                    None => exchange.begin(cx),
                    Some(proxy) => proxy.carry(exchange, &endpoint, cx),
                }
            },
            cx,
        )
    }
}

#[cfg(feature = "testing")]
mod cases;
