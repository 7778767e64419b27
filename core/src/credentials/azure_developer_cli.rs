//! The account that the Azure Developer CLI is logged in to.
//!
//! begin ─► run `azd auth token` ─► token

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::Invalid;
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::tenant::{AllowedTenants, TenantId};
use crate::tool::{self, Claims, Order, Tool, Wanted, tool_options};
use crate::transcript::{Redactor, milliseconds};

static AZD: Tool = Tool {
    name: "the Azure Developer CLI",
    program: "azd",
    windows_program: None,
    environment: &[("NO_COLOR", "true")],
    logged_out: &["azd auth login"],
    install: "install it (https://aka.ms/azd) and run `azd auth login`",
    advice: "run `azd auth login`",
    tenant_advice: "run `azd auth login --tenant-id` with that tenant",
    module_advice: "",
};

/// Gets tokens of the account that a developer is logged in to with `azd auth login`.
///
/// `azd` is found on the `PATH`, never in the current directory, and run without a shell. It takes
/// all scopes of a request, and its claims from version 1.18.1 on. Where `azd` is not installed, or
/// nobody is logged in, the credential is unavailable.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/AzureDeveloperCliCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureDeveloperCliCredential {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
    #[serde(
        rename = "process_timeout_milliseconds",
        with = "milliseconds",
        skip_serializing_if = "tool::is_usual"
    )]
    process_timeout: Duration,
}

impl Default for AzureDeveloperCliCredential {
    fn default() -> Self {
        Self {
            tenant: None,
            additionally_allowed_tenants: AllowedTenants::default(),
            process_timeout: tool::TIMEOUT,
        }
    }
}

impl AzureDeveloperCliCredential {
    /// The account that `azd` is logged in to.
    pub fn new() -> Self {
        Self::default()
    }

    tool_options!(tenant);
    tool_options!();

    fn order(&self, cx: &Context) -> Result<Order, Invalid> {
        let allowed = &self.additionally_allowed_tenants;
        let tenant = tool::tenant(self.tenant.as_ref(), allowed, cx)?;
        let mut whose = Vec::new();
        for scope in cx.request().scopes() {
            whose.extend(["--scope".to_owned(), Wanted::of(scope)?.scope()]);
        }
        if let Some(tenant) = &tenant {
            whose.extend(["--tenant-id".to_owned(), tenant.as_str().to_owned()]);
        }
        let arguments = ["auth", "token", "--output", "json", "--no-prompt"];
        let mut arguments: Vec<_> = arguments.map(str::to_owned).to_vec();
        arguments.extend_from_slice(&whose);
        let mut claims = Claims::Absent;
        if let Some(json) = cx.request().claims_json() {
            arguments.extend(["--claims".to_owned(), STANDARD.encode(json)]);
            let login = format!("azd auth login {}", whose.join(" "));
            claims = Claims::Handed { login };
        }
        Ok(Order {
            tool: &AZD,
            arguments,
            tenant,
            timeout: self.process_timeout,
            claims,
        })
    }
}

impl Credential for AzureDeveloperCliCredential {
    fn name(&self) -> &'static str {
        "AzureDeveloperCliCredential"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name())
            .of_this_machine()
            .optional("tenant", self.tenant.as_ref().map(TenantId::as_str))
            .field("allowed", self.additionally_allowed_tenants.key())
            .finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        tool::plan(&AZD, self.name(), cx)
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::PROGRAMS
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = self.order(cx);
        order.or_else(|invalid| cx.failed(invalid))?.run(cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::request::TokenRequest;
    use crate::testing::Case;
    use crate::tool::cases::{ended, in_default_chain, refused, with_tool_answers};

    impl AzureDeveloperCliCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, Self::new());
            let of_tenant = || Self::new().tenant("contoso.com").expect("a tenant");
            let token = r#"{"token":"AT","expiresOn":"2026-11-21T13:00:00Z"}"#;
            let prints = |case: Case, stdout: &str| case.then(ended(0, stdout, ""));
            let with_claims = |case: Case| {
                case.asks(
                    TokenRequest::new(["https://vault.azure.net/.default"])
                        .claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#),
                )
            };
            let logged_out = "{\"type\":\"consoleMessage\",\"timestamp\":\"2026-11-21T10:00:00Z\",\"data\":{\"message\":\"\\nERROR: not logged in, run `azd auth login` to login\\n\"}}\n";
            let mut cases = with_tool_answers(case, token, logged_out);
            cases.extend([
                prints(Case::new("a tenant", of_tenant()), token),
                prints(
                    case("a date with a fraction and an offset"),
                    r#"{"token":"AT","expiresOn":"2026-11-21T15:00:00.1234567+02:00"}"#,
                ),
                prints(
                    case("a date without a zone"),
                    r#"{"token":"AT","expiresOn":"2026-11-21T13:00:00"}"#,
                ),
                refused(
                    case("nobody is logged in to a new azd"),
                    "{\"error\":\"auth\",\"message\":\"not logged in\",\"suggestion\":\"run `azd auth login` to login\"}\n",
                ),
                refused(
                    case("nobody is logged in to an azd in between"),
                    "{\"type\":\"consoleMessage\",\"timestamp\":\"t\",\"data\":{\"message\":\"\"}}\n{\"error\":\"not logged in, run `azd auth login` to login\"}\n",
                ),
                refused(
                    Case::new("nobody is logged in to the tenant", of_tenant()),
                    "ERROR: not logged in, run `azd auth login` to login\n",
                ),
                prints(with_claims(case("claims")), token),
                refused(
                    with_claims(Case::new("claims that take a login", of_tenant())),
                    "AADSTS50076: multi-factor authentication, run `azd auth login`",
                ),
                refused(
                    with_claims(case("claims and an old azd")),
                    "Error: unknown flag: --claims\n",
                ),
                in_default_chain(refused(
                    with_claims(case("claims and an old azd, in the default chain")),
                    "Error: unknown flag: --claims\n",
                )),
            ]);
            cases
        }
    }
}
