//! A Kubernetes workload: the cluster projects a federated token into a file, and Entra takes it
//! as the assertion of an application or a user-assigned identity (RFC 7523).
//!
//! begin ─► read file ─► ask ─► token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::authority::Authority;
use crate::client::{Client, ClientAssertion, Exchange, Grant};
use crate::context::Context;
use crate::credential::Credential;
use crate::environment::Environment;
use crate::error::{Cause, Invalid, What};
use crate::identity::Identity;
use crate::moves::Next;
use crate::plan::{Plan, PlanContext};
use crate::tenant::{AllowedTenants, ClientId, TenantId};
use crate::transcript::Redactor;

/// Gets tokens for a Kubernetes workload, by the file that the cluster keeps fresh.
///
/// Tenant, client id and file come from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
/// `AZURE_FEDERATED_TOKEN_FILE`, which the cluster sets, and the authority from
/// `AZURE_AUTHORITY_HOST`, unless they are given here. The file is read for every exchange, since
/// its token lives for an hour or so.
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
}

const VARIABLES: [&str; 3] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
];

impl WorkloadIdentityCredential {
    /// The workload that the environment describes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this authority.
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = Some(authority);
        self
    }

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

    /// Lets requests ask for tokens of these tenants too; `*` stands for all.
    pub fn additionally_allowed_tenants<T: Into<String>>(
        mut self,
        tenants: impl IntoIterator<Item = T>,
    ) -> Self {
        self.additionally_allowed_tenants = AllowedTenants::new(tenants);
        self
    }

    fn settings(&self, environment: &Environment) -> Result<Settings, Cause> {
        let given = [
            self.tenant.is_some(),
            self.client_id.is_some(),
            self.token_file.is_some(),
        ];
        let needed: Vec<_> = VARIABLES
            .into_iter()
            .zip(given)
            .filter(|(_, given)| !given)
            .map(|(name, _)| name)
            .collect();
        let missing = environment.missing(&needed);
        if !missing.is_empty() {
            return Err(Cause::MissingVariables(missing));
        }
        let variable = |name| environment.get(name).unwrap_or_default();
        let in_variable =
            |name| move |invalid: Invalid| Invalid::new(What::Variable(name), invalid.why());
        Ok(Settings {
            authority: self
                .authority
                .clone()
                .map_or_else(|| Authority::from_environment(environment), Ok)?,
            tenant: self.tenant.clone().map_or_else(
                || {
                    TenantId::new(variable("AZURE_TENANT_ID"))
                        .map_err(in_variable("AZURE_TENANT_ID"))
                },
                Ok,
            )?,
            client_id: self.client_id.clone().map_or_else(
                || {
                    ClientId::new(variable("AZURE_CLIENT_ID"))
                        .map_err(in_variable("AZURE_CLIENT_ID"))
                },
                Ok,
            )?,
            token_file: self
                .token_file
                .clone()
                .unwrap_or_else(|| variable("AZURE_FEDERATED_TOKEN_FILE").to_owned()),
        })
    }
}

/// Everything that an exchange needs, wherever it came from.
struct Settings {
    authority: Authority,
    tenant: TenantId,
    client_id: ClientId,
    token_file: String,
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
            .finish()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.settings(cx.environment) {
            Ok(settings) => Plan::ready(self.name())
                .from_source(format!("the federated token in {:?}", settings.token_file)),
            Err(Cause::MissingVariables(names)) => Plan::missing(self.name(), names),
            Err(cause) => Plan::invalid(self.name(), cause),
        }
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let settings = match self.settings(cx.environment()) {
            Ok(settings) => settings,
            Err(cause @ Cause::MissingVariables(_)) => return cx.unavailable(cause),
            Err(cause) => return cx.failed(cause),
        };
        let tenant = self
            .additionally_allowed_tenants
            .resolve(&settings.tenant, cx.request(), cx.environment())
            .or_else(|invalid| cx.failed(invalid))?;
        let client = Client::new(&settings.authority, tenant, settings.client_id);
        let assertion = ClientAssertion::from_file(settings.token_file);
        Exchange::new(client, Arc::new(assertion), Grant::ClientCredentials).begin(cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::effect::FileFailure;
    use crate::testing::{Case, Reply, with_entra_answers};

    impl WorkloadIdentityCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| {
                Case::new(name, Self::new())
                    .with("AZURE_TENANT_ID", "contoso.com")
                    .with("AZURE_CLIENT_ID", "app-id")
                    .with(
                        "AZURE_FEDERATED_TOKEN_FILE",
                        "/var/run/secrets/azure/tokens/azure-identity-token",
                    )
                    .with("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")
            };
            let federated = " eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n";
            let mut cases = with_entra_answers(|name| case(name).file(federated));
            cases.extend([
                Case::new("no variables", Self::new()),
                Case::new("one variable is empty", Self::new())
                    .with("AZURE_TENANT_ID", "contoso.com")
                    .with("AZURE_CLIENT_ID", "")
                    .with("AZURE_FEDERATED_TOKEN_FILE", "/token"),
                case("a malformed tenant").with("AZURE_TENANT_ID", "con/toso"),
                case("an authority in clear").with("AZURE_AUTHORITY_HOST", "http://login.example"),
                case("no such file").then(FileFailure::NotFound),
                case("a file that may not be read").then(FileFailure::PermissionDenied),
                case("a file without end").then(FileFailure::TooLarge { limit: 64 * 1024 }),
                case("an empty file").file(" \n"),
                case("a file that is no text").then(Reply::File(Ok(vec![0xff, 0xfe].into()))),
            ]);
            cases
        }
    }
}
