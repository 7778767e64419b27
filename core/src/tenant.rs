//! Who is asked and who asks: tenants, client ids, and which other tenants a request may name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::request::TokenRequest;

/// A tenant, by its GUID, by a domain name, or by a word such as `organizations` or `adfs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

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
        Ok(Self(tenant.into()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_adfs(&self) -> bool {
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
        tenant.as_str().to_owned()
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

/// Holds requests to the credential's own tenant if it is set.
pub(crate) const DISABLE_MULTITENANT: &str = "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH";

/// Which tenants beside its own a credential may get tokens of, when a request asks for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowedTenants(Vec<String>);

impl AllowedTenants {
    /// These tenants; `*` stands for all.
    pub fn new<T: Into<String>>(tenants: impl IntoIterator<Item = T>) -> Self {
        Self(tenants.into_iter().map(Into::into).collect())
    }

    /// The tenants that `AZURE_ADDITIONALLY_ALLOWED_TENANTS` names, separated by `;`.
    ///
    /// # Errors
    ///
    /// One of them is no tenant.
    pub fn from_environment(environment: &Environment) -> Result<Self, Invalid> {
        const NAME: &str = "AZURE_ADDITIONALLY_ALLOWED_TENANTS";
        let listed = environment.get(NAME).unwrap_or_default().split(';');
        let tenants = listed.map(str::trim).filter(|tenant| !tenant.is_empty());
        let checked = tenants.map(|tenant| match tenant {
            "*" => Ok(tenant.to_owned()),
            tenant => TenantId::new(tenant).map(String::from),
        });
        let checked: Result<_, _> = checked.collect();
        checked
            .map(Self)
            .map_err(|invalid: Invalid| invalid.in_variable(NAME))
    }

    /// Whether only the credential's own tenant is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.0
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
        let disabled = environment.get(DISABLE_MULTITENANT).is_some();
        if asked.0.eq_ignore_ascii_case(&own.0) || own.is_adfs() || disabled {
            return Ok(own.clone());
        }
        let listed = self
            .0
            .iter()
            .any(|tenant| tenant == "*" || tenant.eq_ignore_ascii_case(&asked.0));
        if listed || (own.as_str() == "organizations" && self.0.is_empty()) {
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
