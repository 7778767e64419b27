//! An API that calls another API for the user who called it.
//!
//! begin ─► prove ─► ask ─► token

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::CredentialConfig;
use crate::client::{Application, ClientCredential, Grant, application_options};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::secret::Secret;
use crate::tenant::TenantId;
use crate::transcript::Redactor;
use crate::variables::Variables;

/// Gets tokens for a user whose access token the application was sent.
///
/// One credential stands for one user's token, so an API makes one for each call that it gets, and
/// keeps it at most as long as that token lives. Tokens of an application, and id tokens, cannot
/// be exchanged.
///
/// # When Entra wants to see the user
///
/// A policy may ask for more than the user has shown, such as a second factor. Then the error's
/// kind is [`InteractionRequired`](crate::ErrorKind::InteractionRequired), and the API, where
/// nobody can sign in, hands the challenge on to whoever called it:
///
/// ```
/// use azid_core::{ClientSecret, Error, ErrorKind, OnBehalfOfCredential};
/// use http::{Response, StatusCode, header::WWW_AUTHENTICATE};
///
/// # fn incoming() -> &'static str { "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" }
/// let secret = ClientSecret::from("s3cret");
/// let credential = OnBehalfOfCredential::new("contoso.com", "app-id", secret, incoming())?;
///
/// fn refusal(error: &Error) -> Response<String> {
///     let mut response = Response::new(String::new());
///     let challenge = error.service().and_then(|service| service.www_authenticate());
///     *response.status_mut() = match (error.kind(), challenge) {
///         (ErrorKind::InteractionRequired, Some(challenge)) => {
///             // Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOn…"
///             response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
///             StatusCode::UNAUTHORIZED
///         }
///         // Without a challenge it is consent that is missing, which signing in does not mend.
///         (ErrorKind::InteractionRequired, None) => StatusCode::FORBIDDEN,
///         _ => StatusCode::BAD_GATEWAY,
///     };
///     response
/// }
/// # let _ = (credential, refusal);
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/OnBehalfOfCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnBehalfOfCredential {
    application: Application,
    client_credential: ClientCredential,
    #[serde(deserialize_with = "user_assertion")]
    user_assertion: Secret,
}

impl OnBehalfOfCredential {
    /// An application of the public cloud, by its tenant, its client id and what it proves who it
    /// is with; and the access token that a user sent it, without the word `Bearer`.
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed, or the tenant is a word that stands for many: the
    /// exchange is done by the user's own tenant.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        client_credential: impl Into<ClientCredential>,
        user_assertion: impl Into<Secret>,
    ) -> Result<Self, Invalid> {
        let application = Application::new(tenant, client_id)?;
        is_one(&application.tenant)?;
        Ok(Self {
            application,
            client_credential: client_credential.into().checked()?,
            user_assertion: is_there(user_assertion.into())?,
        })
    }

    application_options!();
}

impl Credential for OnBehalfOfCredential {
    fn name(&self) -> &'static str {
        "OnBehalfOfCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        let identity = identity.secret("user assertion", &self.user_assertion);
        self.client_credential.identify(identity)
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        self.client_credential.lane(memory, environment)
    }

    fn variables(&self) -> Variables {
        match &self.client_credential {
            ClientCredential::Assertion(_) => Variables::Known,
            ClientCredential::Secret(_) | ClientCredential::Certificate(_) => {
                self.application.variables()
            }
        }
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let client_credential = self.client_credential.redacted(redactor)?;
        let user_assertion = redactor.secret("assertion", &self.user_assertion);
        Some(
            Self {
                client_credential,
                user_assertion,
                ..self.clone()
            }
            .into(),
        )
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let tenant = self.application.tenant_to_ask(cx)?;
        is_one(&tenant).or_else(|invalid| cx.failed(invalid))?;
        let grant = Grant::OnBehalfOf(self.user_assertion.clone());
        self.application
            .exchange(self.client_credential.clone(), grant, cx)
    }
}

/// Refuses the words that stand for many tenants.
fn is_one(tenant: &TenantId) -> Result<(), Invalid> {
    let stands_for_many = ["common", "organizations", "consumers"]
        .iter()
        .any(|word| tenant.as_str().eq_ignore_ascii_case(word));
    if stands_for_many {
        let why = format!(
            "on behalf of a user only the user's own tenant gives tokens, not `{}`",
            tenant.as_str()
        );
        return Err(Invalid::new(What::Tenant, why));
    }
    Ok(())
}

fn is_there(assertion: Secret) -> Result<Secret, Invalid> {
    if assertion.is_empty() {
        return Err(Invalid::new(What::UserAssertion, "it must not be empty"));
    }
    Ok(assertion)
}

fn user_assertion<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    is_there(Secret::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::client::{CertificateProof, ClientAssertion, ClientCertificate, ClientSecret};
    use crate::effect::{CallbackId, FileFailure, KeyHandle};
    use crate::request::TokenRequest;
    use crate::testing::{Case, Reply, with_entra_answers};

    const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
    const USER: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln";

    impl OnBehalfOfCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let mut cases = with_entra_answers(with_secret);
            cases.extend(proof_cases());
            cases.extend(refusal_cases());
            let scope = "api://orders/.default";
            let for_tenant = |name, tenant| {
                let anywhere = credential(secret()).additionally_allowed_tenants(["*"]);
                Case::new(name, anywhere).asks(TokenRequest::new([scope]).tenant(tenant))
            };
            cases.extend([
                with_secret("claims and continuous access evaluation")
                    .asks(
                        TokenRequest::new([scope])
                            .claims(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#)
                            .enable_cae(),
                    )
                    .http(200, TOKEN),
                with_secret("no scope").asks(TokenRequest::new([""; 0])),
                with_secret("a tenant that is not allowed")
                    .asks(TokenRequest::new([scope]).tenant("fabrikam.com")),
                for_tenant("a tenant that is allowed", "fabrikam.com").http(200, TOKEN),
                for_tenant("a word instead of a tenant", "organizations"),
            ]);
            cases
        }
    }

    fn credential(proof: impl Into<ClientCredential>) -> OnBehalfOfCredential {
        OnBehalfOfCredential::new("contoso.com", "app-id", proof, USER).expect("valid")
    }

    fn secret() -> ClientSecret {
        "s3cret".into()
    }

    fn with_secret(name: &'static str) -> Case {
        Case::new(name, credential(secret()))
    }

    /// Each kind of proof, and what becomes of the request when it is refused or lost.
    fn proof_cases() -> Vec<Case> {
        let of = |name, proof: ClientCredential| Case::new(name, credential(proof));
        let key = KeyHandle::in_memory(b"k3y".to_vec().into());
        let certificate = ClientCertificate::new(["leaf", "issuer"], key).expect("valid");
        let with_chain = CertificateProof::from(certificate.clone()).send_certificate_chain();
        let in_file = ClientSecret::from_file("/run/secrets/azure");
        let issued = ClientAssertion::from_callback(CallbackId::new("issuer"));
        let signature = || Reply::Sign(Ok(b"signature".to_vec()));
        let gives = |text: &str| Reply::Assertion(Ok(text.into()));
        let expired = r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired","error_codes":[7000222]}"#;
        vec![
            of("with a certificate", certificate.clone().into())
                .then(signature())
                .http(200, TOKEN),
            of("with a certificate and its chain", with_chain.into())
                .then(signature())
                .http(200, TOKEN),
            of(
                "a fresh client assertion after a passing fault",
                certificate.into(),
            )
            .then(signature())
            .http(503, "")
            .then(signature())
            .http(200, TOKEN),
            of("with an assertion of another issuer", issued.into())
                .then(gives("e30.first.c2ln"))
                .http(200, TOKEN),
            of("with a newer secret", in_file.clone().into())
                .file("old-s3cret")
                .http(401, expired)
                .file("new-s3cret")
                .http(200, TOKEN),
            of("without the file of the secret", in_file.into()).then(FileFailure::NotFound),
        ]
    }

    /// What Entra says of users, of their tokens and of the application that sends these.
    fn refusal_cases() -> Vec<Case> {
        let refused = |name, body| with_secret(name).http(400, body);
        vec![
            refused(
                "a second factor is required",
                r#"{"error":"invalid_grant","error_description":"AADSTS50076: you must use multi-factor authentication","error_codes":[50076],"suberror":"basic_action","claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"11111111-aaaa-4bbb-8ccc-000000000001\"]}}}"}"#,
            ),
            refused(
                "a challenge without a refinement",
                r#"{"error":"invalid_grant","error_description":"AADSTS50158: External security challenge was not satisfied.","error_codes":[50158],"claims":"{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}"}"#,
            ),
            refused(
                "consent is missing",
                r#"{"error":"invalid_grant","error_description":"AADSTS65001: The user or administrator has not consented to use the application","error_codes":[65001],"suberror":"consent_required"}"#,
            ),
            refused(
                "a user assertion that has expired",
                r#"{"error":"invalid_grant","error_description":"AADSTS500133: Assertion is not within its valid time range.","error_codes":[500133]}"#,
            ),
            refused(
                "a user assertion for another application",
                r#"{"error":"invalid_grant","error_description":"AADSTS50013: Assertion failed audience validation.","error_codes":[50013]}"#,
            ),
            refused(
                "an id token instead of an access token",
                r#"{"error":"invalid_request","error_description":"AADSTS240002: Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.","error_codes":[240002]}"#,
            ),
            refused(
                "an application that may not do it",
                r#"{"error":"unauthorized_client","error_description":"AADSTS7000114: Application is not allowed to make application on-behalf-of calls.","error_codes":[7000114]}"#,
            ),
        ]
    }
}
