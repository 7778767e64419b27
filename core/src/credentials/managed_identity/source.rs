//! Which endpoint gives this host its managed identity: a pure function of the environment.

use std::fmt;

use url::Url;

use crate::environment::Environment;
use crate::error::{Invalid, What};

/// The endpoints that hand out tokens of managed identities, in the order they are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManagedIdentitySource {
    /// A Service Fabric cluster.
    ServiceFabric,
    /// App Service, Functions, Container Apps, Automation.
    AppService,
    /// A server connected by Azure Arc.
    AzureArc,
    /// Azure Machine Learning, and App Service in its first version.
    AzureMl,
    /// Azure Cloud Shell.
    CloudShell,
    /// The instance metadata service of a virtual machine.
    Imds {
        /// Where it answers.
        endpoint: Url,
    },
}

impl ManagedIdentitySource {
    /// The source that the environment points to, or else the instance metadata service, whose
    /// address `AZURE_POD_IDENTITY_AUTHORITY_HOST` can replace.
    ///
    /// # Errors
    ///
    /// That variable is no http or https URL.
    pub fn choose(environment: &Environment) -> Result<Self, Invalid> {
        let set = |name| environment.get(name).is_some();
        Ok(match () {
            () if set("IDENTITY_ENDPOINT")
                && set("IDENTITY_HEADER")
                && set("IDENTITY_SERVER_THUMBPRINT") =>
            {
                Self::ServiceFabric
            }
            () if set("IDENTITY_ENDPOINT") && set("IDENTITY_HEADER") => Self::AppService,
            () if set("IDENTITY_ENDPOINT") && set("IMDS_ENDPOINT") => Self::AzureArc,
            () if set("MSI_ENDPOINT") && set("MSI_SECRET") => Self::AzureMl,
            () if set("MSI_ENDPOINT") => Self::CloudShell,
            () => Self::Imds {
                endpoint: imds_endpoint(environment)?,
            },
        })
    }
}

fn imds_endpoint(environment: &Environment) -> Result<Url, Invalid> {
    const OVERRIDE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    let default =
        || Url::parse("http://169.254.169.254").expect("the address of the service is valid");
    let mut url = environment.url(OVERRIDE)?.unwrap_or_else(default);
    let invalid = || {
        Invalid::new(
            What::Variable(OVERRIDE),
            "it must be an http or https URL without user information, query and fragment",
        )
    };
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_bare {
        return Err(invalid());
    }
    url.path_segments_mut()
        .map_err(|()| invalid())?
        .pop_if_empty()
        .extend(["metadata", "identity", "oauth2", "token"]);
    Ok(url)
}

impl fmt::Display for ManagedIdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServiceFabric => "Service Fabric",
            Self::AppService => "App Service",
            Self::AzureArc => "Azure Arc",
            Self::AzureMl => "Azure Machine Learning",
            Self::CloudShell => "Cloud Shell",
            Self::Imds { endpoint } => {
                return write!(
                    f,
                    "the instance metadata service at {}",
                    endpoint.origin().ascii_serialization()
                );
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(pairs: &[(&str, &str)]) -> String {
        let environment = Environment::from_pairs(pairs.iter().copied());
        ManagedIdentitySource::choose(&environment)
            .map_or_else(|invalid| invalid.to_string(), |source| source.to_string())
    }

    #[test]
    fn the_source_is_chosen_by_the_variables_that_are_set_and_not_empty() {
        let endpoint = ("IDENTITY_ENDPOINT", "http://localhost:1");
        let header = ("IDENTITY_HEADER", "h");
        assert_eq!(
            chosen(&[endpoint, header, ("IDENTITY_SERVER_THUMBPRINT", "t")]),
            "Service Fabric"
        );
        assert_eq!(chosen(&[endpoint, header]), "App Service");
        assert_eq!(chosen(&[endpoint, ("IMDS_ENDPOINT", "i")]), "Azure Arc");
        assert_eq!(
            chosen(&[("MSI_ENDPOINT", "m"), ("MSI_SECRET", "s")]),
            "Azure Machine Learning"
        );
        assert_eq!(chosen(&[("MSI_ENDPOINT", "m")]), "Cloud Shell");
        let imds = "the instance metadata service at http://169.254.169.254";
        assert_eq!(chosen(&[]), imds);
        assert_eq!(chosen(&[("IDENTITY_ENDPOINT", ""), header]), imds);
        assert_eq!(chosen(&[("IDENTITY_HEADER", "h")]), imds);
        let host = (
            "AZURE_POD_IDENTITY_AUTHORITY_HOST",
            "http://127.0.0.1:4242/",
        );
        assert_eq!(
            chosen(&[host]),
            "the instance metadata service at http://127.0.0.1:4242"
        );
    }

    #[test]
    fn an_address_that_cannot_be_asked_is_refused() {
        for url in [
            "169.254.169.254",
            "ftp://host",
            "mailto:a@b",
            "http://u:p@host",
            "http://host/?a=b",
            "http://host/#a",
        ] {
            assert!(
                chosen(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", url)]).contains("must be"),
                "{url}"
            );
        }
    }
}
