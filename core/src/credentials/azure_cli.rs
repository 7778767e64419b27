//! The account that the Azure CLI is logged in to.
//!
//! begin ─► run `az account get-access-token` ─► token

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::tenant::{AllowedTenants, TenantId};
use crate::tool::{self, Claims, Order, Subscription, Tool, Wanted, tool_options};
use crate::transcript::{Redactor, milliseconds};

static AZ: Tool = Tool {
    name: "the Azure CLI",
    program: "az",
    windows_program: None,
    environment: &[("AZURE_CORE_NO_COLOR", "true")],
    logged_out: &["az login", "az account set"],
    install: "install it (https://aka.ms/azure-cli) and run `az login`",
    advice: "run `az login`",
    tenant_advice: "run `az login --tenant` with that tenant",
    module_advice: "",
};

/// Gets tokens of the account that a developer is logged in to with `az login`.
///
/// `az` is found on the `PATH`, never in the current directory, and run without a shell. It takes
/// one scope at a time. It has no means to satisfy claims: such a request ends with the `az login`
/// that does. Where `az` is not installed, or nobody is logged in, the credential is unavailable.
///
/// A token comes from the cache for as long as it lives: a run of `az` takes seconds.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/AzureCliCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureCliCredential {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<Subscription>,
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
    #[serde(
        rename = "process_timeout_milliseconds",
        with = "milliseconds",
        skip_serializing_if = "tool::is_usual"
    )]
    process_timeout: Duration,
}

impl Default for AzureCliCredential {
    fn default() -> Self {
        Self {
            tenant: None,
            subscription: None,
            additionally_allowed_tenants: AllowedTenants::default(),
            process_timeout: tool::TIMEOUT,
        }
    }
}

impl AzureCliCredential {
    /// The account that `az` is logged in to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for tokens of this tenant instead of that of the current subscription.
    ///
    /// # Errors
    ///
    /// It is malformed, or a subscription was named: `az` takes one of the two.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Result<Self, Invalid> {
        self.tenant = Some(TenantId::new(tenant)?);
        self.check()
    }

    /// Asks for tokens of the account that this subscription belongs to, by its id or its name.
    ///
    /// # Errors
    ///
    /// It is malformed, or a tenant was named: `az` takes one of the two.
    pub fn subscription(mut self, subscription: impl Into<String>) -> Result<Self, Invalid> {
        self.subscription = Some(Subscription::new(subscription)?);
        self.check()
    }

    tool_options!();

    fn check(self) -> Result<Self, Invalid> {
        match (&self.tenant, &self.subscription) {
            (Some(_), Some(_)) => Err(one_of_two()),
            _ => Ok(self),
        }
    }

    fn order(&self, cx: &Context) -> Result<Order, Invalid> {
        let allowed = &self.additionally_allowed_tenants;
        let tenant = tool::tenant(self.tenant.as_ref(), allowed, cx)?;
        let wanted = Wanted::only(cx.request())?;
        let of = match wanted {
            Wanted::Resource(resource) => ["--resource", resource], // known to any version
            Wanted::Permission(scope) => ["--scope", scope],
        };
        let whose = match (&tenant, &self.subscription) {
            (Some(_), Some(_)) => return Err(one_of_two()),
            (Some(tenant), None) => vec!["--tenant", tenant.as_str()],
            (None, Some(subscription)) => vec!["--subscription", subscription.as_str()],
            (None, None) => Vec::new(),
        };
        let arguments = ["account", "get-access-token", "--output", "json"];
        let arguments = arguments.into_iter().chain(of).chain(whose);
        Ok(Order {
            tool: &AZ,
            arguments: arguments.map(str::to_owned).collect(),
            timeout: self.process_timeout,
            claims: match cx.request().claims_json() {
                Some(claims) => Claims::Unmet {
                    login: login(tenant.as_ref(), wanted, claims),
                },
                None => Claims::Absent,
            },
            tenant,
        })
    }
}

fn one_of_two() -> Invalid {
    let why = "`az` takes a tenant or a subscription, not both";
    Invalid::new(What::Subscription, why)
}

/// The login that satisfies the claims of a request.
fn login(tenant: Option<&TenantId>, wanted: Wanted<'_>, claims: &str) -> String {
    let tenant = tenant.map_or_else(String::new, |it| format!(" --tenant {}", it.as_str()));
    let (claims, scope) = (STANDARD.encode(claims), wanted.scope());
    format!("az login{tenant} --claims-challenge {claims} --scope {scope}")
}

impl Credential for AzureCliCredential {
    fn name(&self) -> &'static str {
        "AzureCliCredential"
    }

    fn identity(&self) -> Identity {
        let subscription = self.subscription.as_ref().map(Subscription::as_str);
        Identity::of(self.name())
            .of_this_machine()
            .optional("tenant", self.tenant.as_ref().map(TenantId::as_str))
            .optional("subscription", subscription)
            .field("allowed", self.additionally_allowed_tenants.key())
            .finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime // parallel runs have been seen to spoil az's own store
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.clone().check() {
            Ok(_) => tool::plan(&AZ, self.name(), cx),
            Err(invalid) => Plan::invalid(self.name(), invalid),
        }
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
    use crate::context::Position;
    use crate::request::TokenRequest;
    use crate::testing::Case;
    use crate::tool::cases::{ended, in_default_chain, refused, with_tool_answers};

    impl AzureCliCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, Self::new());
            let valid = |credential: Result<Self, Invalid>| credential.expect("good values");
            let token = r#"{"accessToken":"AT","expiresOn":"2026-11-21 12:00:00.000000","expires_on":1795266000,"subscription":"S","tenant":"T","tokenType":"Bearer"}"#;
            let prints = |case: Case, stdout: &str| case.then(ended(0, stdout, ""));
            let claims = || {
                TokenRequest::new(["https://vault.azure.net/.default"])
                    .claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#)
            };
            let logged_out = "ERROR: Please run 'az login' to setup account.\n";
            let mut cases = with_tool_answers(case, token, logged_out);
            let mut both = Self::new();
            both.tenant = Some(TenantId::new("contoso.com").expect("a tenant"));
            both.subscription = Some(Subscription::new("sub").expect("a subscription"));
            let of_tenant = valid(Self::new().tenant("contoso.com"));
            let of_subscription = valid(Self::new().subscription("My subscription"));
            cases.extend([
                prints(Case::new("a tenant", of_tenant.clone()), token),
                refused(
                    Case::new("nobody is logged in to the tenant", of_tenant.clone()),
                    logged_out,
                ),
                Case::new("a tenant that is not allowed", of_tenant.clone()).asks(
                    TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com"),
                ),
                prints(Case::new("a subscription", of_subscription.clone()), token),
                refused(
                    Case::new("a subscription that az does not know", of_subscription.clone()),
                    "ERROR: Subscription 'My subscription' not found. Check the spelling and casing and try again.\n",
                ),
                Case::new("a subscription and a tenant", both),
                Case::new("a subscription, and a request for a tenant", of_subscription).asks(
                    TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com"),
                ),
                prints(
                    case("a single permission")
                        .asks(TokenRequest::new(["https://graph.microsoft.com/User.Read"])),
                    token,
                ),
                prints(
                    case("an old az, whose token says when it expires"),
                    // {"exp":1795266000}
                    r#"{"accessToken":"eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3OTUyNjYwMDB9.c2ln","expiresOn":"2026-11-21 12:00:00.000000","tokenType":"Bearer"}"#,
                ),
                prints(
                    case("an old az, whose token says nothing"),
                    r#"{"accessToken":"AT","expiresOn":"2026-11-21 12:00:00.000000","tokenType":"Bearer"}"#,
                ),
                prints(
                    case("a login by a managed identity"),
                    r#"{"accessToken":"AT","expiresOn":null,"subscription":"S","tenant":"T"}"#,
                ),
                Case::new("claims", of_tenant).asks(claims()),
                in_default_chain(
                    case("claims in the default chain, and somebody is logged in").asks(claims()),
                )
                .then(ended(0, token, "")),
                in_default_chain(refused(
                    case("claims in the default chain, and nobody is logged in").asks(claims()),
                    logged_out,
                )),
            ]);
            let mut in_chain = refused(case("Entra refuses, in a chain"), "AADSTS65001: consent");
            in_chain.position = Position::InChain;
            cases.push(in_chain);
            cases
        }
    }
}
