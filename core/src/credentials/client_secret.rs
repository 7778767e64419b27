//! A service principal with a client secret (RFC 6749 section 4.4).
//!
//! begin ─► find the secret ─► ask ─► token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::client::{Application, ClientSecret, Grant, application_options};
use crate::context::Context;
use crate::credential::Credential;
use crate::error::Invalid;
use crate::identity::Identity;
use crate::moves::Next;
use crate::needs::Needs;
use crate::transcript::Redactor;
use crate::variables::Variables;

/// Gets tokens for an application by its client secret.
///
/// Secrets expire and get copied around; where the platform offers a managed identity or a
/// federated credential, prefer that.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/ClientSecretCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSecretCredential {
    application: Application,
    client_secret: ClientSecret,
}

impl ClientSecretCredential {
    /// An application of the public cloud, by its tenant, its client id and its secret, or where
    /// that is to be found.
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            client_secret: client_secret.into().checked()?,
        })
    }

    application_options!(and region);
}

impl Credential for ClientSecretCredential {
    fn name(&self) -> &'static str {
        "ClientSecretCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        self.client_secret.identify(identity)
    }

    fn variables(&self) -> Variables {
        self.application.variables()
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let client_secret = self.client_secret.redacted(redactor);
        Some(
            Self {
                client_secret,
                ..self.clone()
            }
            .into(),
        )
    }

    #[inline]
    fn needs() -> Needs {
        Needs::NONE
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let secret = self.client_secret.clone();
        self.application
            .exchange(secret, Grant::ClientCredentials, cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::authority::Authority;
    use crate::effect::{AssertionFailure, CallbackId, Detail, FileFailure};
    use crate::request::TokenRequest;
    use crate::testing::{Case, Reply, with_entra_answers};

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
            cases.extend(renewal_cases());
            cases
        }
    }

    /// Secrets from elsewhere, and what becomes of one that is refused.
    fn renewal_cases() -> Vec<Case> {
        let of = |name, secret: ClientSecret| {
            let credential = ClientSecretCredential::new("contoso.com", "app-id", secret);
            Case::new(name, credential.expect("valid"))
        };
        let in_file = |name| of(name, ClientSecret::from_file("/run/secrets/azure"));
        let called = |name| of(name, ClientSecret::from_callback(CallbackId::new("vault")));
        let gives = |text: &str| Reply::Assertion(Ok(text.into()));
        let expired = r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired","error_codes":[7000222]}"#;
        let unknown = r#"{"error":"unauthorized_client","error_description":"AADSTS700016: not found","error_codes":[700016]}"#;
        let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
        vec![
            in_file("a secret in a file")
                .file("s3cret\n")
                .http(200, token),
            in_file("a file with a newer secret")
                .file("old-s3cret")
                .http(401, expired)
                .file("new-s3cret")
                .http(200, token),
            in_file("a file with the same secret")
                .file("old-s3cret")
                .http(401, expired)
                .file("old-s3cret"),
            in_file("a newer secret that is refused too")
                .file("old-s3cret")
                .http(401, expired)
                .file("new-s3cret")
                .http(401, expired),
            in_file("a refusal that is not about the secret")
                .file("s3cret")
                .http(400, unknown),
            in_file("a file that is gone").then(FileFailure::NotFound),
            in_file("an empty file").file(" \n"),
            called("a secret of a callback")
                .then(gives("s3cret"))
                .http(200, token),
            called("a callback with a newer secret")
                .then(gives("old-s3cret"))
                .http(401, expired)
                .then(gives("new-s3cret"))
                .http(200, token),
            called("a passing fault before a newer secret")
                .then(gives("old-s3cret"))
                .http(503, "")
                .then(gives("new-s3cret"))
                .http(200, token),
            called("a callback without a secret").then(gives("")),
            called("a callback that has none here").then(Reply::Assertion(Err(
                AssertionFailure::Unavailable(Detail::default()),
            ))),
        ]
    }
}
