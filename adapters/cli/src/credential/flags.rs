//! Which flags go with which credential.

use clap::ValueEnum as _;

use super::{Choice, Name};
use crate::{Exit, Problem};

impl Choice {
    /// A flag that the credential has no use for is a mistake, and is not passed over.
    pub(super) fn check_flags(&self) -> Result<(), Problem> {
        let flags = [
            ("--tenant", self.tenant.is_some()),
            ("--authority", self.authority.is_some()),
            ("--client-id", self.client_id.is_some()),
            ("--region", self.region.is_some()),
            ("--secret-file", self.secret_file.is_some()),
            ("--certificate", self.certificate.is_some()),
            ("--send-certificate-chain", self.send_certificate_chain),
            ("--assertion-file", self.assertion_file.is_some()),
            ("--user-assertion-file", self.user_assertion_file.is_some()),
            (
                "--service-connection-id",
                self.service_connection_id.is_some(),
            ),
            ("--identity-binding", self.identity_binding),
            ("--object-id", self.object_id.is_some()),
            ("--resource-id", self.resource_id.is_some()),
        ];
        let fitting = self.credential.flags();
        let stray = flags
            .iter()
            .find(|(flag, given)| *given && !fitting.contains(flag));
        match stray {
            Some((flag, _)) => {
                let name = self.credential.to_possible_value();
                let name = name.as_ref().map_or("this", |name| name.get_name());
                let message = format!("{flag} does not go with the credential {name}");
                Err(Problem::new(Exit::Usage, message))
            }
            None => Ok(()),
        }
    }
}

impl Name {
    /// The flags that go with the credential.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::ClientSecret => &[
                "--tenant",
                "--authority",
                "--client-id",
                "--region",
                "--secret-file",
            ],
            Self::ClientCertificate => &[
                "--tenant",
                "--authority",
                "--client-id",
                "--region",
                "--certificate",
                "--send-certificate-chain",
            ],
            Self::ClientAssertion => &[
                "--tenant",
                "--authority",
                "--client-id",
                "--region",
                "--assertion-file",
            ],
            Self::WorkloadIdentity => &[
                "--tenant",
                "--authority",
                "--client-id",
                "--assertion-file",
                "--identity-binding",
            ],
            Self::AzurePipelines => &[
                "--tenant",
                "--authority",
                "--client-id",
                "--region",
                "--service-connection-id",
            ],
            Self::GithubActions => &["--tenant", "--authority", "--client-id", "--region"],
            Self::OnBehalfOf => &[
                "--tenant",
                "--authority",
                "--client-id",
                "--secret-file",
                "--certificate",
                "--send-certificate-chain",
                "--assertion-file",
                "--user-assertion-file",
            ],
            Self::ManagedIdentity => &["--client-id", "--object-id", "--resource-id"],
            Self::DeviceCode | Self::InteractiveBrowser | Self::UsernamePassword => {
                &["--tenant", "--authority", "--client-id"]
            }
            Self::AzureCli | Self::AzureDeveloperCli | Self::AzurePowerShell => &["--tenant"],
            Self::Default | Self::Environment | Self::DeveloperTools => &[],
        }
    }
}
