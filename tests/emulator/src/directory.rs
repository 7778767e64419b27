//! What Entra knows: tenants, their applications, the resources and the trusted issuers.

use crate::application::Application;
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
    /// What a user must have done before a token for a resource is issued on their behalf.
    pub access_policies: Vec<AccessPolicy>,
}

impl Directory {
    /// The application with this client id in the first tenant that has one.
    pub fn application_mut(&mut self, client_id: &str) -> Option<&mut Application> {
        let mut applications = self.tenants.iter_mut().flat_map(|it| &mut it.applications);
        applications.find(|it| it.client_id.eq_ignore_ascii_case(client_id))
    }

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
    /// Who may sign in.
    pub users: Vec<User>,
    /// The domains whose users sign in at a server of their own organisation.
    pub federated_domains: Vec<FederatedDomain>,
}

impl Tenant {
    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        let mut applications = self.applications.iter();
        applications.find(|it| it.client_id.eq_ignore_ascii_case(client_id))
    }

    pub(crate) fn user(&self, object_id: &str) -> Option<&User> {
        let mut users = self.users.iter();
        users.find(|it| it.object_id.eq_ignore_ascii_case(object_id))
    }

    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        let mut users = self.users.iter();
        users.find(|it| it.user_principal_name.eq_ignore_ascii_case(name))
    }

    /// The domain of this sign-in name, if it is federated.
    pub(crate) fn federated_domain(&self, user_name: &str) -> Option<&FederatedDomain> {
        let (_, domain) = user_name.rsplit_once('@')?;
        let mut domains = self.federated_domains.iter();
        domains.find(|it| it.name.eq_ignore_ascii_case(domain))
    }
}

/// A domain whose users have their passwords elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederatedDomain {
    /// Such as `federated.example`.
    pub name: String,
    /// Where WS-Trust publishes its metadata.
    pub metadata_url: String,
    /// Where WS-Trust takes a user name and a password.
    pub active_auth_url: String,
}

/// A person with a work account.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The object id, a GUID.
    pub object_id: String,
    /// The sign-in name, such as `someone@contoso.onmicrosoft.com`.
    pub user_principal_name: String,
    /// The name that is shown.
    pub display_name: String,
    /// What they sign in with; empty for a user of a federated domain.
    pub password: String,
    /// The code that the sign-in page asks for after the password, for a user who needs one.
    pub second_factor: Option<String>,
    /// Whether they may sign in at all.
    pub state: UserState,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("user_principal_name", &self.user_principal_name)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What an administrator or time has done to an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserState {
    /// Nothing.
    #[default]
    Active,
    /// Too many wrong passwords.
    Locked,
    /// Switched off.
    Disabled,
    /// The password must be changed.
    PasswordExpired,
}

/// A conditional access policy: tokens for one resource are issued on behalf of a user only to a
/// request that carries these claims.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessPolicy {
    /// The identifier of the [`Resource`].
    pub resource: String,
    /// The claims that the refusal asks for, a JSON object.
    pub claims: Value,
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
