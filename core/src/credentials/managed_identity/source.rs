//! Which endpoint gives this host its managed identity: a pure function of the environment.

use std::fmt;

use url::Url;

use super::rules::SourceRules;
use crate::context::Platform;
use crate::effect::Thumbprint;
use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::metadata_service::{POD_IDENTITY_HOST, below, endpoint, metadata_service};
use crate::retry::RetryPolicy;

/// The endpoints that hand out tokens of managed identities, in the order they are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManagedIdentitySource {
    /// A Service Fabric cluster.
    ServiceFabric {
        /// `IDENTITY_ENDPOINT`, which is https.
        endpoint: Url,
        /// `IDENTITY_SERVER_THUMBPRINT`: the one certificate that the endpoint may show.
        thumbprint: Thumbprint,
    },
    /// App Service, Functions, Container Apps, Automation.
    AppService {
        /// `IDENTITY_ENDPOINT`.
        endpoint: Url,
    },
    /// A server connected by Azure Arc.
    AzureArc {
        /// `IDENTITY_ENDPOINT`, or the agent's usual address.
        endpoint: Url,
    },
    /// Azure Machine Learning, and App Service in its first version.
    AzureMl {
        /// `MSI_ENDPOINT`.
        endpoint: Url,
    },
    /// Azure Cloud Shell.
    CloudShell {
        /// `MSI_ENDPOINT`.
        endpoint: Url,
    },
    /// A pod with a federated token: what [`WorkloadIdentityCredential`] does.
    ///
    /// [`WorkloadIdentityCredential`]: crate::WorkloadIdentityCredential
    TokenExchange,
    /// The instance metadata service of a virtual machine.
    Imds {
        /// Where it answers.
        endpoint: Url,
    },
}

/// What the environment says, and whether the agent of Azure Arc may take its place.
pub(super) struct Choice {
    pub(super) source: ManagedIdentitySource,
    /// The agent's program, where the environment names no endpoint: if this file exists the
    /// source is Azure Arc.
    pub(super) arc_agent: Option<String>,
}

impl Choice {
    pub(super) fn of(environment: &Environment, platform: Platform) -> Result<Self, Invalid> {
        let source = ManagedIdentitySource::choose(environment)?;
        let is_named = match source {
            ManagedIdentitySource::TokenExchange => false,
            ManagedIdentitySource::Imds { .. } => environment.get(POD_IDENTITY_HOST).is_some(),
            _ => true,
        };
        let arc_agent = (!is_named).then(|| arc_agent(environment, platform));
        Ok(Self {
            source,
            arc_agent: arc_agent.flatten(),
        })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        match &self.arc_agent {
            Some(agent) => write!(f, ", or Azure Arc where {agent} exists"),
            None => Ok(()),
        }
    }
}

impl ManagedIdentitySource {
    /// The source that the environment points to. The first row that fits counts; an empty
    /// variable is not set.
    ///
    /// | set | source |
    /// |---|---|
    /// | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER`, `IDENTITY_SERVER_THUMBPRINT` | Service Fabric |
    /// | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` | App Service |
    /// | `IDENTITY_ENDPOINT`, `IMDS_ENDPOINT` | Azure Arc |
    /// | `MSI_ENDPOINT`, `MSI_SECRET` | Azure Machine Learning |
    /// | `MSI_ENDPOINT` | Cloud Shell |
    /// | `AZURE_POD_IDENTITY_AUTHORITY_HOST` | the metadata service at that address |
    /// | nothing of these, and the agent's program is installed | Azure Arc, at its usual address |
    /// | `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_FEDERATED_TOKEN_FILE` | the token exchange of a workload |
    /// | nothing | the metadata service at its usual address |
    ///
    /// Whether the agent is installed only a run can see, for it takes a look at the files of the
    /// host (`/opt/azcmagent/bin/himds` on Linux, the like below `PROGRAMFILES` on Windows). So
    /// this answers by the environment alone, and where it says one of the last two rows a run may
    /// find Azure Arc instead.
    ///
    /// Other libraries look for the agent and the token exchange before they look for the address
    /// of a metadata service. Here the address goes first: nothing but a deliberate hand sets it,
    /// while a cluster sets the other three in every pod of a workload.
    ///
    /// # Errors
    ///
    /// A variable of that row is no http or https URL, has user information, a query or a
    /// fragment in it, or is no thumbprint; or the endpoint of Service Fabric is not https.
    pub fn choose(environment: &Environment) -> Result<Self, Invalid> {
        let has = |names: &[&'static str]| environment.missing(names).is_empty();
        let endpoint = |name| endpoint(environment, name);
        Ok(
            if has(&["IDENTITY_ENDPOINT", "IDENTITY_HEADER", THUMBPRINT]) {
                Self::ServiceFabric {
                    endpoint: secure(endpoint("IDENTITY_ENDPOINT")?)?,
                    thumbprint: thumbprint(environment)?,
                }
            } else if has(&["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]) {
                Self::AppService {
                    endpoint: endpoint("IDENTITY_ENDPOINT")?,
                }
            } else if has(&["IDENTITY_ENDPOINT", "IMDS_ENDPOINT"]) {
                Self::AzureArc {
                    endpoint: endpoint("IDENTITY_ENDPOINT")?,
                }
            } else if has(&["MSI_ENDPOINT", "MSI_SECRET"]) {
                Self::AzureMl {
                    endpoint: endpoint("MSI_ENDPOINT")?,
                }
            } else if has(&["MSI_ENDPOINT"]) {
                Self::CloudShell {
                    endpoint: endpoint("MSI_ENDPOINT")?,
                }
            } else if has(&[POD_IDENTITY_HOST]) {
                Self::Imds {
                    endpoint: metadata_path(metadata_service(environment)?),
                }
            } else if has(&[
                "AZURE_TENANT_ID",
                "AZURE_CLIENT_ID",
                "AZURE_FEDERATED_TOKEN_FILE",
            ]) {
                Self::TokenExchange
            } else {
                Self::Imds {
                    endpoint: metadata_path(metadata_service(environment)?),
                }
            },
        )
    }

    /// Azure Arc at the address that its agent has unless somebody changed it.
    pub(super) fn usual_arc() -> Self {
        Self::AzureArc {
            endpoint: metadata_path(
                Url::parse("http://127.0.0.1:40342").expect("the address is valid"),
            ),
        }
    }

    /// The rules that the source is treated by unless the program replaces them.
    ///
    /// ```
    /// # use azid_core::{Environment, ManagedIdentitySource};
    /// let rules = |variables: &[&'static str]| {
    ///     let value = |name: &'static str| match name {
    ///         "IDENTITY_SERVER_THUMBPRINT" => (name, "0123456789abcdef0123456789abcdef01234567"),
    ///         _ => (name, "https://localhost:2377/token"),
    ///     };
    ///     let environment = Environment::from_pairs(variables.iter().copied().map(value));
    ///     let source = ManagedIdentitySource::choose(&environment).unwrap();
    ///     source.rules().to_string()
    /// };
    ///
    /// assert_eq!(rules(&[]), "\
    /// probe: in a chain, for 1s
    /// retry: 410: after 5s, 10s, 20s, 40s
    /// retry: 404, 429, 500-599, no answer: after 800ms, 1.6s, 3.2s, 6.4s, 12.8s
    /// retry in a chain: 410: after 5s, 10s, 20s, 40s
    /// retry in a chain: 404, 429, 500-599: after 800ms, 1.6s, 3.2s, 6.4s, 12.8s
    /// retry in a chain: no answer: after 800ms, 1.6s
    /// verdict: 403, says `unreachable`: unavailable
    /// verdict: an error of Entra's: failed
    /// verdict: error `invalid_resource`: failed
    /// verdict: 400, any error, system-assigned: unavailable
    /// verdict: 410, 429, anything: failed
    /// verdict: no JSON, in a chain: unavailable
    /// verdict: no answer: unavailable
    /// verdict: else: failed");
    ///
    /// assert_eq!(rules(&["IDENTITY_ENDPOINT", "IMDS_ENDPOINT"]), "\
    /// probe: never
    /// retry: 404, 408, 429, 500, 502-504, no answer: after 800ms, 1.6s, 3.2s
    /// verdict: no answer, in a chain: unavailable
    /// verdict: else: failed");
    ///
    /// let named_by_the_environment = "\
    /// probe: never
    /// retry: 404, 408, 429, 500, 502-504, no answer: after 800ms, 1.6s, 3.2s
    /// verdict: else: failed";
    /// assert_eq!(rules(&["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]), named_by_the_environment);
    /// assert_eq!(rules(&["MSI_ENDPOINT", "MSI_SECRET"]), named_by_the_environment);
    /// assert_eq!(rules(&["MSI_ENDPOINT"]), named_by_the_environment);
    ///
    /// assert_eq!(rules(&["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"]), "\
    /// probe: never
    /// retry: 429: after 1s, 2s, 4s, 8s, 16s
    /// retry: 500-599, no answer: after 1s, 2s
    /// verdict: else: failed");
    /// ```
    pub fn rules(&self) -> SourceRules {
        match self {
            Self::ServiceFabric { .. } => SourceRules::new(RetryPolicy::service_fabric()),
            Self::AppService { .. } | Self::AzureMl { .. } | Self::CloudShell { .. } => {
                SourceRules::new(RetryPolicy::host_endpoint())
            }
            Self::AzureArc { .. } => SourceRules::azure_arc(),
            Self::Imds { .. } => SourceRules::imds(),
            Self::TokenExchange => SourceRules::new(RetryPolicy::entra()),
        }
    }
}

const THUMBPRINT: &str = "IDENTITY_SERVER_THUMBPRINT";

fn secure(url: Url) -> Result<Url, Invalid> {
    if url.scheme() == "https" {
        return Ok(url);
    }
    let why = "Service Fabric's must be an https URL";
    Err(Invalid::new(What::Variable("IDENTITY_ENDPOINT"), why))
}

fn thumbprint(environment: &Environment) -> Result<Thumbprint, Invalid> {
    let thumbprint = environment.get(THUMBPRINT).and_then(Thumbprint::parse);
    let why = "it must be the 40 hexadecimal digits of a SHA-1 digest";
    thumbprint.ok_or_else(|| Invalid::new(What::Variable(THUMBPRINT), why))
}

fn metadata_path(url: Url) -> Url {
    below(url, &["metadata", "identity", "oauth2", "token"])
}

fn arc_agent(environment: &Environment, platform: Platform) -> Option<String> {
    match platform {
        Platform::Linux => Some("/opt/azcmagent/bin/himds".to_owned()),
        Platform::Windows => {
            let programs = environment.get("PROGRAMFILES")?;
            Some(format!(r"{programs}\AzureConnectedMachineAgent\himds.exe"))
        }
        _ => None,
    }
}

impl fmt::Display for ManagedIdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, endpoint) = match self {
            Self::ServiceFabric { endpoint, .. } => ("Service Fabric", endpoint),
            Self::AppService { endpoint } => ("App Service", endpoint),
            Self::AzureArc { endpoint } => ("Azure Arc", endpoint),
            Self::AzureMl { endpoint } => ("Azure Machine Learning", endpoint),
            Self::CloudShell { endpoint } => ("Cloud Shell", endpoint),
            Self::TokenExchange => return f.write_str("the token exchange of a workload"),
            Self::Imds { endpoint } => ("the instance metadata service", endpoint),
        };
        write!(f, "{name} at {}", endpoint.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests;
