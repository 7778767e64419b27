//! The credentials. Each is one file with its flow, its states drawn at the top, and its cases.
//!
//! One line in the list below registers a credential: with it come the module, the public name,
//! the variant of [`CredentialConfig`], and a place in every test that runs over all of them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::credential::Credential;
use crate::needs::Needs;
#[cfg(feature = "testing")]
use crate::testing::Case;

macro_rules! credentials {
    ($($(#[$doc:meta])* $variant:ident: $module:ident::$credential:ident,)*) => {
        $(mod $module; pub use self::$module::*;)*

        /// Any credential as data: for a program's own configuration file, and for transcripts.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "credential", rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum CredentialConfig {
            $($(#[$doc])* $variant($module::$credential),)*
        }

        impl CredentialConfig {
            /// The names of all credentials.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($credential)),*];

            /// What the credential may need of its host.
            pub fn needs(&self) -> Needs {
                match self {
                    $(Self::$variant(_) => $module::$credential::needs(),)*
                }
            }

            /// The credential itself.
            pub fn into_credential(self) -> Arc<dyn Credential> {
                match self {
                    $(Self::$variant(credential) => Arc::new(credential),)*
                }
            }
        }

        $(impl From<$module::$credential> for CredentialConfig {
            fn from(credential: $module::$credential) -> Self {
                Self::$variant(credential)
            }
        })*

        /// Every case of every registered credential.
        #[cfg(feature = "testing")]
        pub(crate) fn cases() -> Vec<Case> {
            let mut cases = Vec::new();
            $(cases.extend($module::$credential::cases());)*
            cases
        }
    };
}

credentials! {
    /// The account that the Azure CLI is logged in to.
    AzureCli: azure_cli::AzureCliCredential,
    /// The account that the Azure Developer CLI is logged in to.
    AzureDeveloperCli: azure_developer_cli::AzureDeveloperCliCredential,
    /// A person who comes back to a web application from the sign-in page.
    AuthorizationCode: authorization_code::AuthorizationCodeCredential,
    /// A job of Azure Pipelines.
    AzurePipelines: azure_pipelines::AzurePipelinesCredential,
    /// The account that Azure PowerShell is logged in to.
    #[serde(rename = "azure-powershell")]
    AzurePowerShell: azure_powershell::AzurePowerShellCredential,
    /// Other credentials in order.
    ChainedToken: chained_token::ChainedTokenCredential,
    /// An application with an assertion of another issuer.
    ClientAssertion: client_assertion::ClientAssertionCredential,
    /// An application with a client certificate.
    ClientCertificate: client_certificate::ClientCertificateCredential,
    /// An application with a client secret.
    ClientSecret: client_secret::ClientSecretCredential,
    /// The chain that suits most programs.
    DefaultAzure: default_azure::DefaultAzureCredential,
    /// An application that the environment describes.
    Environment: environment::EnvironmentCredential,
    /// The tools that a developer may be logged in to.
    DeveloperTools: developer_tools::DeveloperToolsCredential,
    /// A person who types a code on another device.
    DeviceCode: device_code::DeviceCodeCredential,
    /// A job of GitHub Actions.
    #[serde(rename = "github-actions")]
    GitHubActions: github_actions::GitHubActionsCredential,
    /// A person with a browser on this machine.
    InteractiveBrowser: interactive_browser::InteractiveBrowserCredential,
    /// The identity that Azure gives to the host.
    ManagedIdentity: managed_identity::ManagedIdentityCredential,
    /// An application that acts for the user who called it.
    OnBehalfOf: on_behalf_of::OnBehalfOfCredential,
    /// A person who signed in elsewhere.
    RefreshToken: refresh_token::RefreshTokenCredential,
    /// A token that is there already.
    StaticToken: static_token::StaticTokenCredential,
    /// Tokens from the program's own code.
    TokenCallback: token_callback::TokenCallbackCredential,
    /// A person by name and password: a legacy, to be left behind.
    UsernamePassword: username_password::UsernamePasswordCredential,
    /// A Kubernetes workload with a federated token.
    WorkloadIdentity: workload_identity::WorkloadIdentityCredential,
}
