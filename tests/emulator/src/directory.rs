//! What Entra knows: tenants, their applications, the resources and the trusted issuers.

use crate::keys::SigningKey;
use serde_json::{Value, json};
use std::fmt;

/// Everything that the token endpoint looks things up in.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// The tenants, by GUID and by domain name.
    pub tenants: Vec<Tenant>,
    /// The applications of the AD FS farm under `/adfs/`, which has no tenants.
    pub adfs_applications: Vec<Application>,
    /// The issuers whose keys can be fetched; a federated credential names one by its URL.
    pub issuers: Vec<FederatedIssuer>,
    /// The resources with a service principal in every tenant.
    pub resources: Vec<Resource>,
}

impl Directory {
    pub(crate) fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.id.eq_ignore_ascii_case(name) || tenant.domain.eq_ignore_ascii_case(name)
        })
    }

    pub(crate) fn issuer(&self, url: &str) -> Option<&FederatedIssuer> {
        self.issuers.iter().find(|issuer| issuer.url == url)
    }
}

/// A tenant and the applications with a service principal in it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// A GUID.
    pub id: String,
    /// The tenant's domain, such as `contoso.onmicrosoft.com`.
    pub domain: String,
    /// The life of an ordinary access token in seconds, 3599 unless a policy says otherwise.
    pub token_seconds: u64,
    /// What may ask for tokens.
    pub applications: Vec<Application>,
}

/// An application: who it is and how it may prove that.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// The application id, a GUID.
    pub client_id: String,
    /// The object id of its service principal, a GUID.
    pub object_id: String,
    /// Any number of secrets; each may have expired.
    pub secrets: Vec<ClientSecret>,
    /// The foreign tokens that it accepts as its own assertion.
    pub federated_credentials: Vec<FederatedCredential>,
    /// Switched off by an administrator.
    pub disabled: bool,
    /// A public client: it has no credential and must present none.
    pub public: bool,
}

/// A client secret with its end.
#[derive(Clone)]
pub struct ClientSecret {
    /// The value, not the id.
    pub value: String,
    /// The end of its life in Unix seconds.
    pub expires_on: u64,
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// A federated identity credential: the one issuer, subject and audience that stand for the
/// application. All three are compared with regard to letter case.
#[derive(Clone, Debug)]
pub struct FederatedCredential {
    /// The issuer's URL, exactly as its tokens write it.
    pub issuer: String,
    /// The subject, such as `system:serviceaccount:namespace:name`.
    pub subject: String,
    /// The audience, normally `api://AzureADTokenExchange`.
    pub audience: String,
}

/// A foreign issuer of tokens, such as a Kubernetes cluster, with its own key.
#[derive(Clone, Debug)]
pub struct FederatedIssuer {
    /// Its URL, the `iss` of its tokens.
    pub url: String,
    /// Signs its tokens.
    pub key: SigningKey,
}

impl FederatedIssuer {
    /// Signs any claims at all, so that a test can make every mistake.
    pub fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims)
    }

    /// A token of the shape that Kubernetes projects into a pod: the audience is an array, and it is
    /// valid from `now_unix_seconds` for `lifetime_seconds`.
    pub fn service_account_token(
        &self,
        subject: &str,
        audience: &str,
        now_unix_seconds: u64,
        lifetime_seconds: u64,
    ) -> String {
        self.sign(&json!({
            "iss": self.url,
            "sub": subject,
            "aud": [audience],
            "iat": now_unix_seconds,
            "nbf": now_unix_seconds,
            "exp": now_unix_seconds.saturating_add(lifetime_seconds),
        }))
    }
}

/// Something that tokens can be asked for.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The application id URI without a trailing slash, such as `https://vault.azure.net`.
    pub identifier: String,
    /// The resource's own application id, a GUID.
    pub application_id: String,
    /// Which form of token its owner chose.
    pub token_version: TokenVersion,
}

impl Resource {
    /// Finds what a request calls `name`: the URI in any letter case, with or without one trailing
    /// slash, or the application id.
    pub(crate) fn find<'a>(resources: &'a [Resource], name: &str) -> Option<&'a Resource> {
        let trimmed = name.strip_suffix('/').unwrap_or(name);
        resources.iter().find(|resource| {
            resource.identifier.eq_ignore_ascii_case(trimmed)
                || resource.application_id.eq_ignore_ascii_case(name)
        })
    }
}

/// The form of an access token, which is the resource's choice and not the endpoint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenVersion {
    /// `ver` 1.0: the issuer is `https://sts.windows.net/{tenant}/`, the audience as asked for.
    V1,
    /// `ver` 2.0: the issuer is `{authority}/{tenant}/v2.0`, the audience an application id.
    V2,
}
