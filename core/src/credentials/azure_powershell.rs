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
use crate::error::Invalid;
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::plan::{Plan, PlanContext};
use crate::tenant::{AllowedTenants, TenantId};
use crate::tool::{self, MODULE_MISSING, Order, Tool};
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
/// directory. It takes one scope at a time. It has no means to satisfy claims: such a request ends
/// with the `Connect-AzAccount` that does. Where PowerShell or its module Az.Accounts is not
/// installed, or nobody is logged in, the credential is unavailable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzurePowerShellCredential {
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
    #[serde(with = "milliseconds", skip_serializing_if = "tool::is_usual")]
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

    /// Asks for tokens of this tenant instead of the account's own.
    ///
    /// # Errors
    ///
    /// It is malformed.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Result<Self, Invalid> {
        self.tenant = Some(TenantId::new(tenant)?);
        Ok(self)
    }

    /// Lets requests ask for tokens of these tenants too; `*` stands for all. Without a tenant of
    /// its own and without any here, the credential asks for those of any tenant.
    pub fn additionally_allowed_tenants<T: Into<String>>(
        mut self,
        tenants: impl IntoIterator<Item = T>,
    ) -> Self {
        self.additionally_allowed_tenants = AllowedTenants::new(tenants);
        self
    }

    /// Ends a run of the tool after this time instead of 30 seconds. A configuration says it in
    /// milliseconds.
    pub fn process_timeout(mut self, timeout: Duration) -> Self {
        self.process_timeout = timeout;
        self
    }

    fn order(&self, cx: &Context) -> Result<Order, Invalid> {
        let allowed = &self.additionally_allowed_tenants;
        let tenant = tool::tenant(self.tenant.as_ref(), allowed, cx)?;
        let resource = tool::scope(cx.request().resource()?)?;
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
            tenant,
            timeout: self.process_timeout,
            claims_login: None,
        })
    }
}

/// The script, in which only checked values stand: none has a quote.
///
/// A token is a `SecureString` from Az.Accounts 5 on, and on request from 2.17. PowerShell 7
/// unwraps it by a command, which a constrained session allows too; Windows PowerShell by a copy
/// that is wiped.
fn script(resource: &str, tenant: Option<&TenantId>) -> String {
    let tenant = tenant.map_or_else(String::new, |tenant| {
        format!("$asked.TenantId = '{}'", tenant.as_str())
    });
    format!(
        "$ErrorActionPreference = 'Stop'
$ProgressPreference = $WarningPreference = $InformationPreference = 'SilentlyContinue'
try {{
  $module = Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue
  if (-not $module) {{
    [Console]::Error.WriteLine('{MODULE_MISSING}')
    exit 1
  }}
  $asked = @{{ ResourceUrl = '{resource}' }}
  {tenant}
  if ($module.Version -ge [version]'2.17.0' -and $module.Version -lt [version]'5.0.0') {{
    $asked.AsSecureString = $true
  }}
  $given = Get-AzAccessToken @asked
  $token = $given.Token
  if ($token -is [System.Security.SecureString]) {{
    if ($PSVersionTable.PSVersion.Major -ge 7) {{
      $token = ConvertFrom-SecureString -SecureString $token -AsPlainText
    }} else {{
      $copy = [Runtime.InteropServices.Marshal]::SecureStringToBSTR($token)
      try {{ $token = [Runtime.InteropServices.Marshal]::PtrToStringBSTR($copy) }}
      finally {{ [Runtime.InteropServices.Marshal]::ZeroFreeBSTR($copy) }}
    }}
  }}
  $seconds = ([DateTimeOffset]$given.ExpiresOn).ToUnixTimeSeconds()
  ConvertTo-Json -Compress @{{ accessToken = $token; expires_on = $seconds }}
}} catch {{
  [Console]::Error.WriteLine($_.Exception.Message)
  exit 1
}}
"
    )
}

/// UTF-16 with the low byte first, as `-EncodedCommand` takes it.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The login that satisfies the claims of a request.
fn login(order: &Order, claims: &str) -> String {
    let tenant = order.tenant.as_ref();
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
            .optional("tenant", self.tenant.as_ref().map(TenantId::as_str))
            .field("allowed", self.additionally_allowed_tenants.key())
            .finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn plan(&self, _: &PlanContext<'_>) -> Plan {
        Plan::ready(self.name()).from_source("the account that Azure PowerShell is logged in to")
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = self
            .order(cx)
            .or_else(|invalid| tool::failed(cx, invalid))?;
        match cx.request().claims_json() {
            Some(claims) => order.cannot_claim(login(&order, claims), cx),
            None => order.run(cx),
        }
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
                in_default_chain(case("claims in the default chain").asks(claims())),
            ]);
            cases
        }
    }
}
