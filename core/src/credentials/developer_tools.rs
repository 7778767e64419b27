//! The tools that a developer may be logged in to.
//!
//! begin ─► az ─► PowerShell ─► azd

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential,
    ChainedTokenCredential, CredentialConfig,
};
use crate::chain::ChainLink;
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::tenant::AllowedTenants;
use crate::tool::{self, tool_options};
use crate::transcript::{Redactor, milliseconds};

/// Asks the Azure CLI, Azure PowerShell and the Azure Developer CLI, in this order, until one has a
/// token.
///
/// It goes on after a tool where nobody is there to be asked, and stops at one where somebody is
/// logged in and refused a token. Else a consent that is missing for the account of `az` would
/// quietly select whoever is logged in to `azd`, and keep to that one. Other libraries go on after
/// any failure of a tool; here it is the same in every chain:
///
/// | what came of a tool | verdict |
/// |---|---|
/// | it is not installed, or its module is not | unavailable: the next one is asked |
/// | nobody is logged in, or the login has expired or was revoked (AADSTS50058, 50089, 50132, 50133, 50173, 70008, 70043, 700082, 700084) | unavailable |
/// | it has not answered in time | unavailable |
/// | it is broken: it cannot be started, a policy of the machine forbids its script, it ends by an error of its own, prints too much or what is no token | unavailable |
/// | Entra gave the account no token, by any other AADSTS code: consent, conditional access, the tenant, a disabled account, the scope | failed: no other one is asked |
/// | somebody is logged in, and the claims of the request take another login | needs a person: no other one is asked |
/// | the request is nothing that the tool can be asked for, such as two scopes at once | failed |
///
/// A tool that hangs is ended after the [time-out](Self::process_timeout), and while others are to
/// come it has half of what is left of the run's own time at most. So three tools that hang take
/// three time-outs, and never more than the run has.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/DeveloperToolsCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeveloperToolsCredential {
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
    #[serde(
        rename = "process_timeout_milliseconds",
        with = "milliseconds",
        skip_serializing_if = "tool::is_usual"
    )]
    process_timeout: Duration,
    #[serde(skip_serializing_if = "Clone::clone")]
    remember_winner: bool,
}

impl DeveloperToolsCredential {
    /// The tools that are there.
    pub fn new() -> Self {
        Self::default()
    }

    tool_options!();

    /// Whether the tool that had a token is asked first the next time, which it is unless this
    /// says no.
    pub fn remember_winner(mut self, remember: bool) -> Self {
        self.remember_winner = remember;
        self
    }

    fn chain(&self) -> ChainedTokenCredential {
        let allowed = || self.additionally_allowed_tenants.clone().into_names();
        let az = AzureCliCredential::new()
            .additionally_allowed_tenants(allowed())
            .process_timeout(self.process_timeout);
        let powershell = AzurePowerShellCredential::new()
            .additionally_allowed_tenants(allowed())
            .process_timeout(self.process_timeout);
        let azd = AzureDeveloperCliCredential::new()
            .additionally_allowed_tenants(allowed())
            .process_timeout(self.process_timeout);
        ChainedTokenCredential::new(ChainLink::of_doubtful(az))
            .link(ChainLink::of_doubtful(powershell))
            .link(ChainLink::of_doubtful(azd))
            .remember_winner(self.remember_winner)
    }
}

impl Default for DeveloperToolsCredential {
    fn default() -> Self {
        Self {
            additionally_allowed_tenants: AllowedTenants::default(),
            process_timeout: tool::TIMEOUT,
            remember_winner: true,
        }
    }
}

impl Credential for DeveloperToolsCredential {
    fn name(&self) -> &'static str {
        "DeveloperToolsCredential"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).identity("tools", &self.chain().identity())
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        self.chain().lane(memory, environment)
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        Plan::of_links(self.name(), self.chain().plan(cx).links)
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::PROGRAMS
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        Arc::new(self.chain()).begin(cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::effect::ExecFailure;
    use crate::testing::{Case, Reply};
    use crate::tool::cases::{ended, refused};

    impl DeveloperToolsCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, Self::new());
            let missing = |case: Case| case.then(Reply::Exec(Err(ExecFailure::NotFound)));
            let logged_out = "ERROR: Please run 'az login' to setup account.\n";
            let consent = "ERROR: AADSTS65001: The user has not consented.\n";
            let of_az = r#"{"accessToken":"AT","expires_on":1795266000,"tokenType":"Bearer"}"#;
            let of_azd = r#"{"token":"AT","expiresOn":"2026-11-21T12:00:00Z"}"#;
            vec![
                case("az is logged in").then(ended(0, of_az, "")),
                missing(refused(case("only azd is logged in"), logged_out))
                    .then(ended(0, of_azd, "")),
                missing(missing(missing(case("nothing is installed")))),
                refused(
                    case("az is refused, and no other account steps in"),
                    consent,
                ),
            ]
        }
    }
}
