//! A service principal with a client secret (RFC 6749 section 4.4).
//!
//! begin ─► ask ─► on_token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::attempts::http;
use crate::authority::Authority;
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::HttpReply;
use crate::error::{Invalid, What};
use crate::identity::Identity;
use crate::moves::{Next, done};
use crate::oauth::{ClientAuthentication, Expiry, TokenAnswer, token_request};
use crate::secret::Secret;
use crate::tenant::{AllowedTenants, ClientId, TenantId};
use crate::transcript::Redactor;

/// Gets tokens for an application by its client secret.
///
/// Secrets expire and get copied around; where the platform offers a managed identity or a
/// federated credential, prefer that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSecretCredential {
    #[serde(default)]
    authority: Authority,
    tenant: TenantId,
    client_id: ClientId,
    client_secret: ClientSecret,
    #[serde(default, skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
}

impl ClientSecretCredential {
    /// An application of the public cloud, by its tenant, its client id and the *value* of its
    /// secret (not the secret's id).
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            authority: Authority::default(),
            tenant: TenantId::new(tenant)?,
            client_id: ClientId::new(client_id)?,
            client_secret: ClientSecret::try_from(client_secret.into())?,
            additionally_allowed_tenants: AllowedTenants::default(),
        })
    }

    /// Asks this authority instead of the public cloud's.
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = authority;
        self
    }

    /// Lets requests ask for tokens of these tenants too; `*` stands for all.
    pub fn additionally_allowed_tenants<T: Into<String>>(
        mut self,
        tenants: impl IntoIterator<Item = T>,
    ) -> Self {
        self.additionally_allowed_tenants = AllowedTenants::new(tenants);
        self
    }

    fn on_token(reply: HttpReply, cx: &mut Context) -> Next {
        let response = reply.or_else(|failure| cx.failed(failure))?;
        let answer = TokenAnswer::read(&response, Expiry::Lifetime, cx);
        done(answer.or_else(|cause| cx.failed(cause))?.token)
    }
}

impl Credential for ClientSecretCredential {
    fn name(&self) -> &'static str {
        "ClientSecretCredential"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name())
            .field("authority", self.authority.url())
            .field("tenant", self.tenant.as_str())
            .field("client", self.client_id.as_str())
            .field("allowed", self.additionally_allowed_tenants.key())
            .secret("secret", &self.client_secret.0)
            .finish()
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let client_secret = ClientSecret(redactor.secret("secret", &self.client_secret.0));
        Some(
            Self {
                client_secret,
                ..self.clone()
            }
            .into(),
        )
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let tenant = self
            .additionally_allowed_tenants
            .resolve(&self.tenant, cx.request(), cx.environment())
            .or_else(|invalid| cx.failed(invalid))?;
        let endpoint = self.authority.token_endpoint(&tenant);
        let authentication = ClientAuthentication::Secret(&self.client_secret.0);
        http(
            token_request(endpoint, self.client_id.as_str(), authentication, cx),
            Self::on_token,
        )
    }
}

/// A client secret that is not empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Secret")]
struct ClientSecret(Secret);

impl TryFrom<Secret> for ClientSecret {
    type Error = Invalid;

    fn try_from(secret: Secret) -> Result<Self, Invalid> {
        if secret.is_empty() {
            return Err(Invalid::new(What::ClientSecret, "it must not be empty"));
        }
        Ok(Self(secret))
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::request::TokenRequest;
    use crate::testing::{Case, with_entra_answers};

    impl ClientSecretCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let credential = || Self::new("contoso.com", "app-id", "s3cret &=+").expect("valid");
            let case = |name| Case::new(name, credential());
            let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
            let scope = "https://graph.microsoft.com/.default";
            let mut cases = with_entra_answers(case);
            cases.extend([
                case("claims and continuous access evaluation")
                    .asks(
                        TokenRequest::new([scope])
                            .claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#)
                            .enable_cae(),
                    )
                    .http(200, token),
                case("a tenant that is not allowed")
                    .asks(TokenRequest::new([scope]).tenant("fabrikam.com")),
                Case::new(
                    "a tenant that is allowed",
                    credential().additionally_allowed_tenants(["*"]),
                )
                .asks(TokenRequest::new([scope]).tenant("fabrikam.com"))
                .http(200, token),
                Case::new(
                    "an AD FS server",
                    Self::new("adfs", "app-id", "s3cret")
                        .expect("valid")
                        .authority(Authority::new("https://fs.contoso.com").expect("valid")),
                )
                .http(
                    200,
                    r#"{"token_type":"bearer","expires_in":"3600","access_token":"AT"}"#,
                ),
                case("no scope").asks(TokenRequest::new([""; 0])),
                case("claims that are no object").asks(TokenRequest::new([scope]).claims("[]")),
            ]);
            cases
        }
    }
}
