//! The links of the default chain, and the words that choose among them.

use serde::{Deserialize, Serialize};

use super::{DefaultAzureCredential, VARIABLE};
use crate::chain::ChainLink;
use crate::environment::Environment;
use crate::error::{Invalid, What};

/// Makes the links of the chain, each of one line: its name, the word of [`VARIABLE`] that stands
/// for it and its like, and the credential, of the chain's options and the environment.
macro_rules! default_links {
    ($($(#[$doc:meta])* $link:ident: $credential:literal, $group:literal, $make:expr;)*) => {
        /// A link of [`DefaultAzureCredential`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum DefaultLink {
            $($(#[$doc])* $link,)*
        }

        impl DefaultLink {
            /// All links, in the order in which they are asked.
            pub const ALL: &'static [Self] = &[$(Self::$link),*];

            /// The name of its credential.
            pub fn credential(self) -> &'static str {
                match self {
                    $(Self::$link => $credential,)*
                }
            }

            /// The value of `AZURE_TOKEN_CREDENTIALS` that stands for the link and its like.
            pub fn group(self) -> &'static str {
                match self {
                    $(Self::$link => $group,)*
                }
            }

            pub(super) fn make(
                self,
                options: &DefaultAzureCredential,
                environment: &Environment,
            ) -> Result<ChainLink, Invalid> {
                Ok(match self {
                    $(Self::$link => {
                        let credential = $make(options, environment)?;
                        if $group == "dev" || self == Self::ManagedIdentity {
                            ChainLink::of_doubtful(credential)
                        } else {
                            ChainLink::new(credential)
                        }
                    })*
                })
            }
        }
    };
}

default_links! {
    /// [`EnvironmentCredential`](crate::EnvironmentCredential).
    Environment: "EnvironmentCredential", "prod", DefaultAzureCredential::environment_link;
    /// [`WorkloadIdentityCredential`](crate::WorkloadIdentityCredential).
    WorkloadIdentity: "WorkloadIdentityCredential", "prod", DefaultAzureCredential::workload_link;
    /// [`ManagedIdentityCredential`](crate::ManagedIdentityCredential).
    ManagedIdentity: "ManagedIdentityCredential", "prod", DefaultAzureCredential::managed_link;
    /// [`AzureCliCredential`](crate::AzureCliCredential).
    AzureCli: "AzureCliCredential", "dev", DefaultAzureCredential::azure_cli_link;
    /// [`AzurePowerShellCredential`](crate::AzurePowerShellCredential).
    AzurePowerShell: "AzurePowerShellCredential", "dev", DefaultAzureCredential::powershell_link;
    /// [`AzureDeveloperCliCredential`](crate::AzureDeveloperCliCredential).
    AzureDeveloperCli: "AzureDeveloperCliCredential", "dev", DefaultAzureCredential::azd_link;
}

impl DefaultLink {
    pub(super) fn is_meant_by(self, word: &str) -> bool {
        self.group().eq_ignore_ascii_case(word) || self.credential().eq_ignore_ascii_case(word)
    }
}

pub(super) fn unknown_word() -> Invalid {
    let mut words: Vec<_> = DefaultLink::ALL.iter().map(|link| link.group()).collect();
    words.dedup();
    words.extend(DefaultLink::ALL.iter().map(|link| link.credential()));
    let why = format!("it must be one of {}", words.join(", "));
    Invalid::new(What::Variable(VARIABLE), why)
}
