//! The account that Azure PowerShell is logged in to.
//!
//! begin ─► run `pwsh` with a script around `Get-AzAccessToken` ─► token

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
use crate::tool::{self, Claims, MODULE_MISSING, Order, Tool, Wanted, tool_options};
use crate::transcript::{Redactor, milliseconds};

static POWERSHELL: Tool = Tool {
    name: "Azure PowerShell",
    program: "pwsh",
    windows_program: Some("powershell"),
    environment: &[("NO_COLOR", "true")],
    logged_out: &["Run Connect-AzAccount to login"],
    install: "install PowerShell 7 and its module Az.Accounts (https://aka.ms/azps), and run `Connect-AzAccount`",
    advice: "run `Connect-AzAccount`",
    tenant_advice: "run `Connect-AzAccount -Tenant` with that tenant",
    module_advice: "run `Install-Module Az.Accounts`, then `Connect-AzAccount`",
};

/// Gets tokens of the account that a developer is logged in to with `Connect-AzAccount`.
///
/// `pwsh`, and on Windows else `powershell`, is found on the `PATH`, never in the current
/// directory. It takes one resource at a time and no single permissions. It has no means to satisfy
/// claims: such a request ends with the `Connect-AzAccount` that does. Where PowerShell or its
/// module Az.Accounts is not installed, or nobody is logged in, the credential is unavailable.
///
/// Its script works in a session in constrained language mode too. Where a policy of the machine
/// forbids even that, the credential is unavailable, and says so.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/AzurePowerShellCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzurePowerShellCredential {
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

impl Default for AzurePowerShellCredential {
    fn default() -> Self {
        Self {
            tenant: None,
            additionally_allowed_tenants: AllowedTenants::default(),
            process_timeout: tool::TIMEOUT,
        }
    }
}

impl AzurePowerShellCredential {
    /// The account that Azure PowerShell is logged in to.
    pub fn new() -> Self {
        Self::default()
    }

    tool_options!(tenant);
    tool_options!();

    fn order(&self, cx: &Context) -> Result<Order, Invalid> {
        let allowed = &self.additionally_allowed_tenants;
        let tenant = tool::tenant(self.tenant.as_ref(), allowed, cx)?;
        let Wanted::Resource(resource) = Wanted::only(cx.request())? else {
            let why =
                "Azure PowerShell gives tokens for whole resources: ask for `{resource}/.default`";
            return Err(Invalid::new(What::Scopes, why));
        };
        let script = STANDARD.encode(utf16(&script(resource, tenant.as_ref())));
        let arguments = [
            "-NoProfile",
            "-NonInteractive",
            "-OutputFormat",
            "Text",
            "-EncodedCommand",
            &script,
        ];
        Ok(Order {
            tool: &POWERSHELL,
            arguments: arguments.map(str::to_owned).to_vec(),
            timeout: self.process_timeout,
            claims: match cx.request().claims_json() {
                Some(claims) => Claims::Unmet {
                    login: login(tenant.as_ref(), claims),
                },
                None => Claims::Absent,
            },
            tenant,
        })
    }
}

/// The script, in which only checked values stand: none has a quote.
///
/// A token is a `SecureString` from Az.Accounts 5 on, and on request from 2.17. All is done by
/// commands, and by types and methods that a session in constrained language mode allows too,
/// save that an error is then printed as PowerShell lays it out.
fn script(resource: &str, tenant: Option<&TenantId>) -> String {
    let tenant = tenant.map_or_else(String::new, |tenant| {
        format!("$asked.TenantId = '{}'", tenant.as_str())
    });
    format!(
        "$ErrorActionPreference = 'Stop'
$ProgressPreference = $WarningPreference = $InformationPreference = 'SilentlyContinue'
function Stop-WithError($said) {{
  try {{ [Console]::Error.WriteLine($said) }}
  catch {{ Write-Error -Message $said -ErrorAction Continue }}
  exit 1
}}
try {{
  $module = Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue
  if (-not $module) {{ Stop-WithError '{MODULE_MISSING}' }}
  $asked = @{{ ResourceUrl = '{resource}' }}
  {tenant}
  if ($module.Version -ge [version]'2.17.0' -and $module.Version -lt [version]'5.0.0') {{
    $asked.AsSecureString = $true
  }}
  $given = Get-AzAccessToken @asked
  $token = $given.Token
  if ($token -isnot [string]) {{
    $login = New-Object System.Management.Automation.PSCredential 'token', $token
    $token = $login.GetNetworkCredential().Password
  }}
  $expires = $given.ExpiresOn.UtcDateTime
  if (-not $expires) {{ $expires = $given.ExpiresOn.ToUniversalTime() }}
  ConvertTo-Json -Compress @{{ accessToken = $token; expiresOn = $expires.ToString('o') }}
}} catch {{
  Stop-WithError $_.Exception.Message
}}
"
    )
}

/// UTF-16 with the low byte first, as `-EncodedCommand` takes it.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The login that satisfies the claims of a request.
fn login(tenant: Option<&TenantId>, claims: &str) -> String {
    let tenant = tenant.map_or_else(String::new, |it| format!(" -Tenant {}", it.as_str()));
    let claims = STANDARD.encode(claims);
    format!("Connect-AzAccount{tenant} -ClaimsChallenge '{claims}'")
}

impl Credential for AzurePowerShellCredential {
    fn name(&self) -> &'static str {
        "AzurePowerShellCredential"
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
        tool::plan(&POWERSHELL, self.name(), cx)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_the_same_text_in_utf_16() {
        let tenant = TenantId::new("contoso.com").expect("a tenant");
        let script = script("https://vault.azure.net", Some(&tenant));
        assert!(script.contains("ResourceUrl = 'https://vault.azure.net'"));
        assert!(!script.contains("Marshal") && !script.contains("DateTimeOffset"));
        assert!(script.contains("TenantId = 'contoso.com'"));
        let bytes = utf16(&script);
        let units = bytes
            .chunks(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        assert_eq!(String::from_utf16_lossy(&units.collect::<Vec<_>>()), script);
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::request::TokenRequest;
    use crate::testing::Case;
    use crate::tool::cases::{ended, in_default_chain, refused, with_tool_answers};

    impl AzurePowerShellCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, Self::new());
            let of_tenant = || Self::new().tenant("contoso.com").expect("a tenant");
            let token = r#"{"accessToken":"AT","expires_on":1795266000}"#;
            let claims = || {
                TokenRequest::new(["https://vault.azure.net/.default"])
                    .claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#)
            };
            let logged_out = "Run Connect-AzAccount to login.\r\n";
            let mut cases = with_tool_answers(case, token, logged_out);
            cases.extend([
                Case::new("a tenant", of_tenant()).then(ended(0, token, "")),
                refused(
                    Case::new("nobody is logged in to the tenant", of_tenant()),
                    logged_out,
                ),
                refused(case("the module is missing"), "AZID_NO_AZ_ACCOUNTS\n"),
                refused(
                    case("a policy forbids scripts"),
                    "AuthorizationManager check failed.\r\n",
                ),
                refused(
                    case("an error as XML"),
                    "#< CLIXML\r\n<Objs><S S=\"Error\">no</S></Objs>",
                ),
                Case::new("claims", of_tenant()).asks(claims()),
                in_default_chain(
                    case("claims in the default chain, and somebody is logged in").asks(claims()),
                )
                .then(ended(0, token, "")),
                in_default_chain(refused(
                    case("claims in the default chain, and nobody is logged in").asks(claims()),
                    logged_out,
                )),
            ]);
            cases
        }
    }
}
