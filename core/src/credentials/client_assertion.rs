//! An application by an assertion of another issuer (RFC 7523).
//!
//! begin ─► get the assertion ─► ask ─► token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::client::{Application, ClientAssertion, Grant, application_options};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::Invalid;
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::transcript::Redactor;

/// Gets tokens for an application by an assertion that a federated credential of it trusts: from a
/// file, from the user's own code, or from any other credential.
///
/// ```
/// use azid_core::{ClientAssertion, ClientAssertionCredential, ManagedIdentityCredential, ManagedIdentityId};
///
/// // A managed identity stands for the application: nothing secret is kept anywhere.
/// let identity = ManagedIdentityId::ClientId("11111111-aaaa-4bbb-8ccc-000000000001".into());
/// let identity = ManagedIdentityCredential::with_id(identity)?;
/// let assertion = ClientAssertion::from_credential(identity);
/// let credential = ClientAssertionCredential::new("contoso.com", "app-id", assertion)?;
/// # let _ = credential;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/ClientAssertionCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAssertionCredential {
    application: Application,
    assertion: ClientAssertion,
}

impl ClientAssertionCredential {
    /// An application of the public cloud, by its tenant, its client id and its assertion.
    ///
    /// # Errors
    ///
    /// The tenant or the client id is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        assertion: ClientAssertion,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            assertion,
        })
    }

    application_options!(and region);
}

impl Credential for ClientAssertionCredential {
    fn name(&self) -> &'static str {
        "ClientAssertionCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        self.assertion.identify(identity)
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        self.assertion.lane(memory, environment)
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let assertion = self.assertion.redacted(redactor)?;
        Some(
            Self {
                assertion,
                ..self.clone()
            }
            .into(),
        )
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let assertion = self.assertion.clone();
        self.application
            .exchange(assertion, Grant::ClientCredentials, cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::authority::Authority;
    use crate::client::Region;
    use crate::credentials::{
        AzureCliCredential, ClientSecretCredential, ManagedIdentityCredential,
    };
    use crate::effect::{
        AssertionFailure, CallbackId, Detail, ExecFailure, FileFailure, HttpFailure,
    };
    use crate::testing::{Case, Reply, with_entra_answers};

    impl ClientAssertionCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let of = |name, assertion| {
                Case::new(
                    name,
                    Self::new("contoso.com", "app-id", assertion).expect("valid"),
                )
            };
            let called = |name| {
                of(
                    name,
                    ClientAssertion::from_callback(CallbackId::new("issuer")),
                )
            };
            let in_file = |name| of(name, ClientAssertion::from_file("/run/token"));
            let managed = |name| {
                let identity = ManagedIdentityCredential::new();
                of(name, ClientAssertion::from_credential(identity)).then(FileFailure::NotFound)
            };
            let gives = |text: &str| Reply::Assertion(Ok(text.into()));
            let refused = r#"{"error":"invalid_client","error_description":"AADSTS700024: too late","error_codes":[700024]}"#;
            let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
            let identity_token =
                r#"{"access_token":"eyJhbGciOiJSUzI1NiJ9.e30.c2ln","expires_on":"1795341600"}"#;
            let mut cases = with_entra_answers(|name| called(name).then(gives("e30.first.c2ln")));
            cases.extend([
                called("an assertion that came too late")
                    .then(gives("e30.first.c2ln"))
                    .http(401, refused)
                    .then(gives("e30.second.c2ln"))
                    .http(200, token),
                called("the same assertion again")
                    .then(gives("e30.first.c2ln"))
                    .http(401, refused)
                    .then(gives("e30.first.c2ln")),
                called("a fresh assertion after a passing fault")
                    .then(gives("e30.first.c2ln"))
                    .http(503, "")
                    .then(gives("e30.second.c2ln"))
                    .http(200, token),
                called("no assertion here").then(Reply::Assertion(Err(
                    AssertionFailure::Unavailable(Detail::default()),
                ))),
                called("an issuer that fails").then(Reply::Assertion(Err(
                    AssertionFailure::Failed(Detail::default()),
                ))),
                called("an empty assertion").then(gives("")),
                in_file("an assertion in a file")
                    .file("e30.first.c2ln\n")
                    .http(200, token),
                in_file("no such file").then(FileFailure::NotFound),
                managed("a managed identity for an application")
                    .http(200, identity_token)
                    .http(200, token),
                managed("a managed identity that is not there")
                    .then(HttpFailure::Connect(Default::default()))
                    .in_chain(),
                managed("a managed identity that the application does not trust")
                    .http(200, identity_token)
                    .http(401, refused),
                Case::new(
                    "a managed identity in a region of another cloud",
                    Self::new(
                        "contoso.com",
                        "app-id",
                        ClientAssertion::from_credential(ManagedIdentityCredential::new()),
                    )
                    .expect("valid")
                    .authority(Authority::us_government())
                    .region(Region::new("usgovvirginia").expect("a region")),
                )
                .then(FileFailure::NotFound) // no agent of Azure Arc here
                .http(200, identity_token)
                .http(200, token),
                of(
                    "an application for another one, with another audience",
                    ClientAssertion::from_credential_for(
                        "api://other/.default",
                        ClientSecretCredential::new("contoso.com", "first-app", "s3cret")
                            .expect("valid"),
                    ),
                )
                .http(200, token)
                .http(200, token),
                of(
                    "an assertion by a tool that is not installed",
                    ClientAssertion::from_credential(AzureCliCredential::new()),
                )
                .then(Reply::Exec(Err(ExecFailure::NotFound))),
                of(
                    "a scope for the assertion that is none",
                    ClientAssertion::from_credential_for("", ManagedIdentityCredential::new()),
                ),
            ]);
            cases
        }
    }
}
