//! Where tokens come from: clouds, tenants, and the URLs of their endpoints.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::tenant::TenantId;

/// The base URL of a token service: a cloud's, a private one, a gateway's, an AD FS server's.
///
/// Its path is kept, so services behind a gateway work. The endpoints are built by their
/// templates, and nobody is asked about it unless a credential is told to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Authority(Url);

/// The names of the public cloud.
pub(crate) const PUBLIC_HOSTS: [&str; 4] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
];

/// The other hosts that are Microsoft's without asking.
const OTHER_HOSTS: [&str; 12] = [
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.microsoftonline.us",
    "login.usgovcloudapi.net",
    "login-us.microsoftonline.com",
    "login.microsoftonline.de",
    "login.sovcloud-identity.fr",
    "login.sovcloud-identity.de",
    "login.sovcloud-identity.sg",
    "login.windows-ppe.net",
    "sts.windows-ppe.net",
    "login.microsoft-ppe.com",
];

impl Authority {
    /// The public cloud.
    pub fn public_cloud() -> Self {
        Self::known("https://login.microsoftonline.com/")
    }

    /// The cloud in China that 21Vianet runs.
    pub fn china() -> Self {
        Self::known("https://login.partner.microsoftonline.cn/")
    }

    /// The cloud of the government of the United States.
    pub fn us_government() -> Self {
        Self::known("https://login.microsoftonline.us/")
    }

    /// Any token service, by its https URL; a bare host name will do.
    ///
    /// # Errors
    ///
    /// It is no https URL, or has user information, a query or a fragment.
    pub fn new(url: impl AsRef<str>) -> Result<Self, Invalid> {
        let text = url.as_ref().trim();
        let invalid = |why: &str| Invalid::new(What::Authority, why);
        let url = match Url::parse(text) {
            Ok(url) if url.has_host() => url,
            _ if text.contains("://") || text.is_empty() => {
                return Err(invalid("it must be an https URL"));
            }
            _ => Url::parse(&format!("https://{text}"))
                .map_err(|_| invalid("it must be an https URL"))?,
        };
        if url.scheme() != "https" {
            return Err(invalid("its scheme must be https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("it must not hold a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("it must have no query and no fragment"));
        }
        Ok(Self(url))
    }

    /// The authority that `AZURE_AUTHORITY_HOST` names, or else the public cloud.
    ///
    /// # Errors
    ///
    /// The variable holds no https URL.
    pub fn from_environment(environment: &Environment) -> Result<Self, Invalid> {
        const NAME: &str = "AZURE_AUTHORITY_HOST";
        environment.check_text(&[NAME])?;
        environment.get(NAME).map_or_else(
            || Ok(Self::public_cloud()),
            |url| {
                Self::new(url).map_err(|invalid| Invalid::new(What::Variable(NAME), invalid.why()))
            },
        )
    }

    /// The base URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The token endpoint for a tenant: `/{tenant}/oauth2/v2.0/token`, or `/adfs/oauth2/token` for
    /// AD FS, which is recognised by `adfs` as the tenant or at the end of the path.
    pub fn token_endpoint(&self, tenant: &TenantId) -> Url {
        self.endpoint(tenant, "token")
    }

    pub(crate) fn authorization_endpoint(&self, tenant: &TenantId) -> Url {
        self.endpoint(tenant, "authorize")
    }

    pub(crate) fn device_authorization_endpoint(&self, tenant: &TenantId) -> Url {
        self.endpoint(tenant, "devicecode")
    }

    fn endpoint(&self, tenant: &TenantId, name: &str) -> Url {
        let tenants = (!self.ends_in_adfs()).then_some(tenant.as_str());
        let version = match self.ends_in_adfs() || tenant.is_adfs() {
            true => "oauth2",
            false => "oauth2/v2.0",
        };
        let mut path = String::new();
        for part in self.segments().chain(tenants).chain([version, name]) {
            path.push('/');
            path.push_str(part);
        }
        let mut url = self.0.clone();
        url.set_path(&path);
        url
    }

    /// Whether an AD FS server or a dSTS answers, and not Entra: they know older algorithms only.
    pub(crate) fn is_adfs(&self, tenant: &TenantId) -> bool {
        self.ends_in_adfs() || tenant.is_adfs() || self.begins_with("dstsv2")
    }

    /// Whether instance discovery knows nothing of it, or nothing new: the hosts of the clouds, AD
    /// FS and dSTS, and the services for customers, which a host or a path `/tfp/` tells.
    pub(crate) fn needs_no_discovery(&self, tenant: &TenantId) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let is_for_customers = host.ends_with(".ciamlogin.com")
            || [".com", ".cn", ".us", ".de"]
                .iter()
                .any(|end| host.ends_with(&format!(".b2clogin{end}")))
            || self.begins_with("tfp");
        PUBLIC_HOSTS.contains(&host)
            || OTHER_HOSTS.contains(&host)
            || is_for_customers
            || self.is_adfs(tenant)
    }

    /// The token service of a region; none if it can have none.
    pub(crate) fn in_region(&self, region: &str) -> Option<Self> {
        let host = self.0.host_str()?;
        let global = if PUBLIC_HOSTS.contains(&host) {
            "login.microsoft.com"
        } else {
            host
        };
        let mut url = self.0.clone();
        url.set_host(Some(&format!("{region}.{global}"))).ok()?;
        Some(Self(url))
    }

    /// What assertions of other issuers are for in this cloud, whichever of its regions it is.
    pub(crate) fn exchange_audience(&self) -> &'static str {
        let host = self.0.host_str().unwrap_or_default();
        let is_of = |cloud: [&str; 2]| {
            let in_region = |global: &str| {
                host.strip_suffix(global)
                    .is_some_and(|region| region.is_empty() || region.ends_with('.'))
            };
            cloud.into_iter().any(in_region)
        };
        if is_of(["login.microsoftonline.us", "login.usgovcloudapi.net"]) {
            "api://AzureADTokenExchangeUSGov"
        } else if is_of(["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"]) {
            "api://AzureADTokenExchangeChina"
        } else {
            "api://AzureADTokenExchange"
        }
    }

    fn segments(&self) -> impl Iterator<Item = &str> {
        self.0
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
    }

    fn begins_with(&self, segment: &str) -> bool {
        self.segments()
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case(segment))
    }

    fn ends_in_adfs(&self) -> bool {
        self.segments()
            .last()
            .is_some_and(|segment| segment.eq_ignore_ascii_case("adfs"))
    }

    fn known(url: &str) -> Self {
        Self(Url::parse(url).expect("the URLs of the clouds are valid"))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::public_cloud()
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl TryFrom<String> for Authority {
    type Error = Invalid;

    fn try_from(url: String) -> Result<Self, Invalid> {
        Self::new(url)
    }
}

impl From<Authority> for String {
    fn from(authority: Authority) -> Self {
        authority.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(authority: &str, tenant: &str) -> String {
        let authority = Authority::new(authority).expect("an authority");
        authority
            .token_endpoint(&TenantId::new(tenant).expect("a tenant"))
            .into()
    }

    #[test]
    fn token_endpoints_follow_the_kind_of_authority() {
        let cases = [
            (
                "https://login.microsoftonline.com",
                "t",
                "https://login.microsoftonline.com/t/oauth2/v2.0/token",
            ),
            (
                "login.microsoftonline.us/",
                "t",
                "https://login.microsoftonline.us/t/oauth2/v2.0/token",
            ),
            (
                "localhost:8443",
                "t",
                "https://localhost:8443/t/oauth2/v2.0/token",
            ),
            (
                "https://gateway.example/base/",
                "t",
                "https://gateway.example/base/t/oauth2/v2.0/token",
            ),
            (
                "https://gateway.example//of%20two/words/",
                "t",
                "https://gateway.example/of%20two/words/t/oauth2/v2.0/token",
            ),
            (
                "https://fs.example",
                "adfs",
                "https://fs.example/adfs/oauth2/token",
            ),
            (
                "https://fs.example",
                "ADFS",
                "https://fs.example/ADFS/oauth2/token",
            ),
            (
                "https://fs.example/adfs",
                "t",
                "https://fs.example/adfs/oauth2/token",
            ),
            (
                "https://x.dsts.example/dstsv2/",
                "t",
                "https://x.dsts.example/dstsv2/t/oauth2/v2.0/token",
            ),
            (
                "https://sub.ciamlogin.com",
                "t",
                "https://sub.ciamlogin.com/t/oauth2/v2.0/token",
            ),
        ];
        for (authority, tenant, expected) in cases {
            assert_eq!(endpoint(authority, tenant), expected);
        }
    }

    #[test]
    fn only_plain_https_urls_are_authorities() {
        for url in [
            "",
            "http://login.example",
            "ftp://x",
            "https://",
            "https://u:p@h",
            "https://h?q",
            "https://h#f",
            "mailto:a@b",
            "https://exa mple",
        ] {
            assert!(Authority::new(url).is_err(), "{url}");
        }
    }
}
