//! The credential that the command line and the environment describe.

mod application;
mod flags;
mod inputs;
mod person;

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use azid_certificate::CertificateReader;
use azid_core::{
    Credential, DefaultAzureCredential, DeveloperToolsCredential, Environment,
    EnvironmentCredential, ManagedIdentityCredential, ManagedIdentityId, ReadCertificate, Secret,
    WorkloadIdentityCredential,
};
use clap::{Args, ValueEnum};

use crate::{Exit, Problem};
use inputs::Inputs;

pub(crate) use application::read_user_assertion;

type Made = Result<Arc<dyn Credential>, Problem>;

/// A credential by its name.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// The first that there is of what most programs have; AZURE_TOKEN_CREDENTIALS narrows it.
    #[default]
    Default,
    /// What the first complete set of variables describes: with AZURE_CLIENT_SECRET, with
    /// AZURE_CLIENT_CERTIFICATE_PATH, with AZURE_USERNAME and AZURE_PASSWORD.
    Environment,
    /// An application by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.
    ClientSecret,
    /// An application by AZURE_CLIENT_CERTIFICATE_PATH, with AZURE_CLIENT_CERTIFICATE_PASSWORD and
    /// AZURE_CLIENT_SEND_CERTIFICATE_CHAIN where they are set.
    ClientCertificate,
    /// An application by an assertion in a file: --assertion-file or AZURE_FEDERATED_TOKEN_FILE.
    ClientAssertion,
    /// A Kubernetes workload by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE.
    WorkloadIdentity,
    /// A job of Azure Pipelines by SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN and the variables
    /// AZURESUBSCRIPTION_* of its service connection.
    AzurePipelines,
    /// A job of GitHub Actions that may write id-tokens.
    GithubActions,
    /// An application on behalf of the user whose token is in --user-assertion-file; the
    /// application by its secret, its certificate or its assertion.
    OnBehalfOf,
    /// An identity of the Azure host: its own one, or the one that a flag names.
    ManagedIdentity,
    /// The account that the Azure CLI is logged in to.
    AzureCli,
    /// The account that the Azure Developer CLI is logged in to.
    AzureDeveloperCli,
    /// The account that Azure PowerShell is logged in to.
    #[value(name = "azure-powershell")]
    AzurePowerShell,
    /// The first of these tools that somebody is logged in to.
    DeveloperTools,
    /// Somebody who types a code on another device.
    DeviceCode,
    /// Somebody with a browser, whose page standard error shows too.
    InteractiveBrowser,
    /// Somebody by AZURE_USERNAME and AZURE_PASSWORD. A legacy.
    UsernamePassword,
}

/// The flags that choose a credential.
#[derive(Args, Default)]
pub(crate) struct Choice {
    /// Which credential; the default chain unless said otherwise.
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_default_value = true,
        value_name = "NAME"
    )]
    credential: Name,
    /// The tenant, instead of AZURE_TENANT_ID.
    #[arg(long)]
    tenant: Option<String>,
    /// The https URL of the token service, instead of AZURE_AUTHORITY_HOST.
    #[arg(long)]
    authority: Option<String>,
    /// The region whose token service to ask, instead of AZURE_REGIONAL_AUTHORITY_NAME;
    /// TryAutoDetect finds it.
    #[arg(long)]
    region: Option<String>,
    /// The client id, instead of AZURE_CLIENT_ID, or of the Azure tools where somebody signs in; or
    /// the managed identity with this client id.
    #[arg(long)]
    client_id: Option<String>,
    /// The file with the client secret, instead of AZURE_CLIENT_SECRET.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The PEM or PKCS#12 file of the certificate, instead of AZURE_CLIENT_CERTIFICATE_PATH.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Send the whole certificate chain.
    #[arg(long)]
    send_certificate_chain: bool,
    /// The file with the assertion, instead of AZURE_FEDERATED_TOKEN_FILE.
    #[arg(long, value_name = "FILE")]
    assertion_file: Option<PathBuf>,
    /// The file with the user's token to act on, instead of AZID_USER_ASSERTION_FILE.
    #[arg(long, value_name = "FILE")]
    user_assertion_file: Option<PathBuf>,
    /// What stands for it in a replay.
    #[arg(skip)]
    user_assertion: Option<Secret>,
    /// The id of the service connection, instead of AZURESUBSCRIPTION_SERVICE_CONNECTION_ID.
    #[arg(long, value_name = "ID")]
    service_connection_id: Option<String>,
    /// Ask through the token proxy of AKS that AZURE_KUBERNETES_TOKEN_PROXY names.
    #[arg(long)]
    identity_binding: bool,
    /// The managed identity whose principal has this object id.
    #[arg(long, conflicts_with = "client_id")]
    object_id: Option<String>,
    /// The managed identity with this resource id.
    #[arg(long, conflicts_with_all = ["client_id", "object_id"])]
    resource_id: Option<String>,
}

impl Choice {
    /// Somebody who signs in, by flags that are another command's too.
    pub(crate) fn of_person(
        credential: Name,
        tenant: Option<String>,
        authority: Option<String>,
        client_id: Option<String>,
    ) -> Self {
        Self {
            credential,
            tenant,
            authority,
            client_id,
            ..Self::default()
        }
    }

    /// The credential, checked.
    pub(crate) fn credential(self, environment: &Environment) -> Made {
        self.reading_by(environment, Arc::new(CertificateReader::new()))
    }

    /// The credential of this name that a transcript was recorded of, where it was one that reads a
    /// certificate in a file, and so no data; none if there is no such credential.
    pub(crate) fn again(
        mut self,
        name: &str,
        environment: &Environment,
        reader: Arc<dyn ReadCertificate>,
    ) -> Option<Made> {
        self.credential = match name {
            "ClientCertificateCredential" => Name::ClientCertificate,
            "DefaultAzureCredential" => Name::Default,
            "EnvironmentCredential" => Name::Environment,
            "OnBehalfOfCredential" => Name::OnBehalfOf,
            _ => return None,
        };
        self.user_assertion = Some(Secret::from("user assertion"));
        Some(self.reading_by(environment, reader))
    }

    fn reading_by(self, environment: &Environment, reader: Arc<dyn ReadCertificate>) -> Made {
        self.check_flags()?;
        let inputs = Inputs {
            choice: &self,
            environment,
            reader,
        };
        match self.credential {
            Name::ManagedIdentity => self.managed_identity(),
            Name::WorkloadIdentity => workload_identity(&inputs),
            Name::ClientSecret => application::client_secret(&inputs),
            Name::ClientCertificate => application::client_certificate(&inputs),
            Name::ClientAssertion => application::client_assertion(&inputs),
            Name::AzurePipelines => application::azure_pipelines(&inputs),
            Name::GithubActions => application::github_actions(&inputs),
            Name::OnBehalfOf => application::on_behalf_of(&inputs),
            Name::Default => {
                let chain = DefaultAzureCredential::new();
                Ok(Arc::new(chain.certificates(inputs.reader)))
            }
            Name::Environment => {
                let credential = EnvironmentCredential::new();
                Ok(Arc::new(credential.certificates(inputs.reader)))
            }
            Name::AzureCli => person::azure_cli(&inputs),
            Name::AzureDeveloperCli => person::azure_developer_cli(&inputs),
            Name::AzurePowerShell => person::azure_powershell(&inputs),
            Name::DeveloperTools => Ok(Arc::new(DeveloperToolsCredential::new())),
            Name::DeviceCode => person::device_code(&inputs),
            Name::InteractiveBrowser => person::interactive_browser(&inputs),
            Name::UsernamePassword => person::username_password(&inputs),
        }
    }

    fn managed_identity(&self) -> Made {
        let client_id = self.client_id.clone().map(ManagedIdentityId::ClientId);
        let id = client_id
            .or(self.object_id.clone().map(ManagedIdentityId::ObjectId))
            .or(self.resource_id.clone().map(ManagedIdentityId::ResourceId))
            .unwrap_or_default();
        let credential = ManagedIdentityCredential::with_id(id).map_err(usage)?;
        Ok(Arc::new(credential))
    }
}

fn workload_identity(inputs: &Inputs<'_>) -> Made {
    let choice = inputs.choice;
    let usage = |invalid| inputs.usage(invalid);
    let mut credential = WorkloadIdentityCredential::new();
    if let Some(tenant) = &choice.tenant {
        credential = credential.tenant(tenant).map_err(usage)?;
    }
    if let Some(client_id) = &choice.client_id {
        credential = credential.client_id(client_id).map_err(usage)?;
    }
    if choice.authority.is_some() {
        credential = credential.authority(inputs.authority()?);
    }
    if let Some(file) = &choice.assertion_file {
        credential = credential.token_file(text(file)?);
    }
    if choice.identity_binding {
        credential = credential.identity_binding();
    }
    Ok(Arc::new(credential))
}

/// The default chain, which here can read certificates.
pub(crate) fn default_chain() -> DefaultAzureCredential {
    DefaultAzureCredential::new().certificates(CertificateReader::new())
}

/// A path as the core has it, which is text.
fn text(path: &std::path::Path) -> Result<String, Problem> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Problem::new(Exit::Usage, "a path must be UTF-8"))
}

/// A bad value is wrong usage, wherever it came from.
fn usage(invalid: impl Display) -> Problem {
    Problem::new(Exit::Usage, invalid)
}
