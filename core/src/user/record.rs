//! Who signed in, as a file may say it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::authority::{Authority, PUBLIC_HOSTS};
use crate::error::{Invalid, What};
use crate::tenant::ClientId;

/// Who signed in: what a program keeps to find the same person's session again. There is no secret
/// in it. As JSON it is the record that the Azure SDKs write and read, of their version 1.0.
///
/// After a sign-in it is in the [`Memory`](crate::Memory) that the run left. A credential that is
/// given one asks for that person only, and is silent as long as the memory holds their refresh
/// token.
///
/// ```
/// let kept = r#"{"authority":"login.microsoftonline.com","clientId":"app","homeAccountId":"u.t",
///                "tenantId":"t","username":"ada@contoso.com","version":"1.0"}"#;
/// let record: azid_core::AuthenticationRecord = serde_json::from_str(kept)?;
/// assert_eq!(record.username(), "ada@contoso.com");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationRecord {
    pub(crate) authority: String,
    pub(crate) client_id: String,
    #[serde(deserialize_with = "not_empty")]
    pub(crate) home_account_id: String,
    pub(crate) tenant_id: String,
    pub(crate) username: String,
    pub(super) version: Version,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Version {
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

impl AuthenticationRecord {
    pub(crate) fn new(
        authority: impl Into<String>,
        client_id: impl Into<String>,
        home_account_id: impl Into<String>,
    ) -> Self {
        Self {
            authority: authority.into(),
            client_id: client_id.into(),
            home_account_id: home_account_id.into(),
            tenant_id: String::new(),
            username: String::new(),
            version: Version::V1,
        }
    }

    /// Refuses the record of a sign-in to another application or at another authority.
    pub(super) fn check(&self, authority: &Authority, client_id: &ClientId) -> Result<(), Invalid> {
        let invalid = |why| Err(Invalid::new(What::Account, why));
        if !self.client_id.eq_ignore_ascii_case(client_id.as_str()) {
            return invalid("the record is of a sign-in to another application");
        }
        // Some SDKs write the host, some the URL, and some another name of the public cloud.
        let host = self.authority.trim_start_matches("https://");
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let is_public = |host: &str| PUBLIC_HOSTS.iter().any(|it| it.eq_ignore_ascii_case(host));
        let asked = authority.url().host_str().unwrap_or_default();
        if host.eq_ignore_ascii_case(asked) || (is_public(host) && is_public(asked)) {
            return Ok(());
        }
        invalid("the record is of a sign-in at another authority")
    }

    /// The host of the authority.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The application that the person signed in to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The account, the same in every tenant: the ids of the user and of their home tenant.
    pub fn home_account_id(&self) -> &str {
        &self.home_account_id
    }

    /// The tenant that the person signed in to.
    pub fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// The name that the person knows the account by; empty if the endpoint did not say it.
    pub fn username(&self) -> &str {
        &self.username
    }
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if id.is_empty() {
        return Err(serde::de::Error::custom("an account has an id"));
    }
    Ok(id)
}
