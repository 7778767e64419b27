//! Where tokens come from: clouds, tenants, and the URLs of their endpoints.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::request::TokenRequest;

/// The base URL of a token service: a cloud's, a private one, a gateway's, an AD FS server's.
///
/// Its path is kept, so services behind a gateway work. Nothing is looked up to validate it: the
/// endpoints are built by their templates, and no other host is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Authority(Url);

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
        let mut url = self.0.clone();
        let mut base: Vec<_> = url
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_owned)
            .collect();
        let ends_in_adfs = base
            .last()
            .is_some_and(|segment| segment.eq_ignore_ascii_case("adfs"));
        if !ends_in_adfs {
            base.push(tenant.as_str().to_owned());
        }
        let is_adfs = ends_in_adfs || tenant.is_adfs();
        let tail: &[&str] = if is_adfs {
            &["oauth2", "token"]
        } else {
            &["oauth2", "v2.0", "token"]
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .clear()
                .extend(base.iter().map(String::as_str))
                .extend(tail);
        }
        url
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

/// A tenant, by its GUID, by a domain name, or by a word such as `organizations` or `adfs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// A tenant's id: ASCII letters, digits, dots and dashes.
    ///
    /// # Errors
    ///
    /// It is empty or holds anything else.
    pub fn new(tenant: impl Into<String>) -> Result<Self, Invalid> {
        let tenant = tenant.into();
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if tenant.is_empty()
            || tenant.len() > 255
            || !tenant.bytes().all(valid)
            || tenant.bytes().all(|byte| byte == b'.')
        {
            let why = "it is a GUID or a domain name: ASCII letters, digits, `.` and `-`";
            return Err(Invalid::new(What::Tenant, why));
        }
        Ok(Self(tenant))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_adfs(&self) -> bool {
        self.0.eq_ignore_ascii_case("adfs")
    }
}

impl TryFrom<String> for TenantId {
    type Error = Invalid;

    fn try_from(tenant: String) -> Result<Self, Invalid> {
        Self::new(tenant)
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0
    }
}

/// An application's client id. Mostly a GUID, but pods may use other names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// A client id: not empty, visible ASCII.
    ///
    /// # Errors
    ///
    /// It is empty or holds anything else.
    pub fn new(client_id: impl Into<String>) -> Result<Self, Invalid> {
        let client_id = client_id.into();
        if client_id.is_empty()
            || client_id.len() > 255
            || !client_id.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(Invalid::new(
                What::ClientId,
                "it must be visible ASCII, mostly a GUID",
            ));
        }
        Ok(Self(client_id))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = Invalid;

    fn try_from(client_id: String) -> Result<Self, Invalid> {
        Self::new(client_id)
    }
}

impl From<ClientId> for String {
    fn from(client_id: ClientId) -> Self {
        client_id.0
    }
}

/// Which tenants beside its own a credential may get tokens of, when a request asks for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowedTenants(Vec<String>);

impl AllowedTenants {
    /// These tenants; `*` stands for all.
    pub fn new<T: Into<String>>(tenants: impl IntoIterator<Item = T>) -> Self {
        Self(tenants.into_iter().map(Into::into).collect())
    }

    /// Whether only the credential's own tenant is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tenants as one text, for a cache key.
    pub(crate) fn key(&self) -> String {
        self.0.join(";")
    }

    /// The tenant to ask for this request: the credential's own, or the one that the request names
    /// if that is allowed. An AD FS server has no tenants, so there the request's is passed over.
    pub(crate) fn resolve(
        &self,
        own: &TenantId,
        request: &TokenRequest,
        environment: &Environment,
    ) -> Result<TenantId, Invalid> {
        let Some(asked) = request.other_tenant() else {
            return Ok(own.clone());
        };
        let asked = TenantId::new(asked)?;
        let disabled = environment
            .get("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH")
            .is_some();
        if asked.0.eq_ignore_ascii_case(&own.0) || own.is_adfs() || disabled {
            return Ok(own.clone());
        }
        let listed = self
            .0
            .iter()
            .any(|tenant| tenant == "*" || tenant.eq_ignore_ascii_case(&asked.0));
        if listed || (own.0 == "organizations" && self.0.is_empty()) {
            return Ok(asked);
        }
        let why = format!(
            "the request asks for tenant {}, but the credential is for {}; name it in additionally_allowed_tenants, or allow `*`",
            asked.0, own.0
        );
        Err(Invalid::new(What::Tenant, why))
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

    #[test]
    fn tenants_are_ascii_and_cannot_climb_the_path() {
        for tenant in ["", "a/b", "..", "тенант", "a b", "a?b"] {
            assert!(TenantId::new(tenant).is_err(), "{tenant}");
        }
        assert!(TenantId::new("contoso.onmicrosoft.com").is_ok());
    }

    #[test]
    fn another_tenant_is_asked_only_where_it_is_allowed() {
        let own = TenantId::new("own").expect("a tenant");
        let none = Environment::default();
        let resolve = |allowed: &[&str], own: &TenantId, asked: &str| {
            AllowedTenants::new(allowed.iter().copied())
                .resolve(own, &TokenRequest::new(["s"]).tenant(asked), &none)
                .map(|tenant| tenant.0)
                .ok()
        };
        assert_eq!(resolve(&[], &own, "OWN").as_deref(), Some("own"));
        assert_eq!(resolve(&[], &own, "other"), None);
        assert_eq!(resolve(&["x"], &own, "other"), None);
        assert_eq!(resolve(&["other"], &own, "other").as_deref(), Some("other"));
        assert_eq!(resolve(&["*"], &own, "other").as_deref(), Some("other"));
        assert_eq!(resolve(&["*"], &own, "o/ther"), None);
        let organizations = TenantId::new("organizations").expect("a tenant");
        assert_eq!(
            resolve(&[], &organizations, "other").as_deref(),
            Some("other")
        );
    }
}
