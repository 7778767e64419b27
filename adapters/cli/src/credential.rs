//! The credential that the command line and the environment describe.

use std::fmt::Display;
use std::sync::Arc;

use azid_core::{
    Authority, ClientSecretCredential, Credential, Environment, Invalid, ManagedIdentityCredential,
    ManagedIdentityId, WorkloadIdentityCredential,
};
use clap::{Args, ValueEnum};

use crate::{Exit, Problem};

/// A credential by its name.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// An application by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.
    ClientSecret,
    /// An identity of the Azure host: its own one, or the one that a flag names.
    ManagedIdentity,
    /// A Kubernetes workload by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE.
    WorkloadIdentity,
}

/// The flags that choose a credential.
#[derive(Args)]
pub(crate) struct Choice {
    /// Which credential.
    #[arg(
        long,
        value_enum,
        value_name = "client-secret|managed-identity|workload-identity"
    )]
    credential: Name,
    /// The tenant, instead of AZURE_TENANT_ID.
    #[arg(long)]
    tenant: Option<String>,
    /// The https URL of the token service, instead of AZURE_AUTHORITY_HOST.
    #[arg(long)]
    authority: Option<String>,
    /// The client id, instead of AZURE_CLIENT_ID; or the managed identity with this client id.
    #[arg(long)]
    client_id: Option<String>,
    /// The managed identity whose principal has this object id.
    #[arg(long, conflicts_with = "client_id")]
    object_id: Option<String>,
    /// The managed identity with this resource id.
    #[arg(long, conflicts_with_all = ["client_id", "object_id"])]
    resource_id: Option<String>,
}

impl Choice {
    /// The credential, checked.
    pub(crate) fn credential(
        self,
        environment: &Environment,
    ) -> Result<Arc<dyn Credential>, Problem> {
        match self.credential {
            Name::ManagedIdentity => self.managed_identity(),
            Name::ClientSecret => self.client_secret(environment),
            Name::WorkloadIdentity => self.workload_identity(),
        }
    }

    fn managed_identity(self) -> Result<Arc<dyn Credential>, Problem> {
        unfit("--tenant", self.tenant.as_ref())?;
        unfit("--authority", self.authority.as_ref())?;
        let client_id = self.client_id.map(ManagedIdentityId::ClientId);
        let id = client_id
            .or(self.object_id.map(ManagedIdentityId::ObjectId))
            .or(self.resource_id.map(ManagedIdentityId::ResourceId))
            .unwrap_or_default();
        let credential = ManagedIdentityCredential::with_id(id).map_err(usage)?;
        Ok(Arc::new(credential))
    }

    fn client_secret(self, environment: &Environment) -> Result<Arc<dyn Credential>, Problem> {
        self.unfit_ids()?;
        let names = [
            ("AZURE_TENANT_ID", self.tenant.is_some()),
            ("AZURE_CLIENT_ID", self.client_id.is_some()),
            ("AZURE_CLIENT_SECRET", false),
        ];
        let needed: Vec<_> = names.iter().filter(|(_, given)| !given).collect();
        let needed: Vec<_> = needed.into_iter().map(|(name, _)| *name).collect();
        let missing = environment.missing(&needed);
        if !missing.is_empty() {
            let message = format!(
                "ClientSecretCredential is unavailable: not set in the environment: {}; \
                 what to do: set them, or use another credential",
                missing.join(", ")
            );
            return Err(Problem::new(Exit::Unavailable, message));
        }
        let was_given = self.tenant.is_some() || self.client_id.is_some();
        let or_variable = |given: Option<String>, name| {
            given.unwrap_or_else(|| environment.get(name).unwrap_or_default().to_owned())
        };
        let secret = environment.secret("AZURE_CLIENT_SECRET").cloned();
        let credential = ClientSecretCredential::new(
            or_variable(self.tenant, "AZURE_TENANT_ID"),
            or_variable(self.client_id, "AZURE_CLIENT_ID"),
            secret.expect("it is not among the missing"),
        )
        .map_err(|invalid| {
            if was_given {
                usage(invalid)
            } else {
                Problem::failed(invalid)
            }
        })?;
        let authority = match self.authority {
            Some(url) => Authority::new(url).map_err(usage)?,
            None => Authority::from_environment(environment).map_err(Problem::failed)?,
        };
        Ok(Arc::new(credential.authority(authority)))
    }

    fn workload_identity(self) -> Result<Arc<dyn Credential>, Problem> {
        self.unfit_ids()?;
        let mut credential = WorkloadIdentityCredential::new();
        if let Some(tenant) = self.tenant {
            credential = credential.tenant(tenant).map_err(usage)?;
        }
        if let Some(client_id) = self.client_id {
            credential = credential.client_id(client_id).map_err(usage)?;
        }
        if let Some(url) = self.authority {
            credential = credential.authority(Authority::new(url).map_err(usage)?);
        }
        Ok(Arc::new(credential))
    }

    fn unfit_ids(&self) -> Result<(), Problem> {
        unfit("--object-id", self.object_id.as_ref())?;
        unfit("--resource-id", self.resource_id.as_ref())
    }
}

/// A flag that the credential has no use for is a mistake, and is not passed over.
fn unfit(flag: &str, value: Option<impl Display>) -> Result<(), Problem> {
    match value {
        Some(_) => Err(Problem::new(
            Exit::Usage,
            format!("{flag} does not go with this credential"),
        )),
        None => Ok(()),
    }
}

fn usage(invalid: Invalid) -> Problem {
    Problem::new(Exit::Usage, invalid)
}
