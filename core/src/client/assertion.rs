//! Client assertions of another's making: a file, the user's own code, another credential.

use serde::{Deserialize, Serialize};

use super::callback::Callback;
use super::exchange::{Client, Proof, Prove, Proven};
use super::text_file::read_assertion_file;
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::effect::{CallbackId, ProofKind};
use crate::environment::Environment;
use crate::identity::{Identity, IdentityBuilder};
use crate::memory::Memory;
use crate::moves::{Link, Next, call_link};
use crate::nested::Nested;
use crate::oauth::ServiceError;
use crate::request::TokenRequest;
use crate::secret::Secret;
use crate::transcript::Redactor;

/// Where the assertion comes from that stands for an application (RFC 7523 section 2.2): a token
/// of another issuer that the application trusts.
///
/// It is got anew at every exchange with Entra, about once an hour, and for every repetition of
/// one, so nobody has to keep it fresh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientAssertion(Source);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Source {
    File(String),
    Callback(Callback),
    Credential {
        credential: Nested,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
}

impl ClientAssertion {
    /// The assertion that a file holds, without the white space around it.
    pub fn from_file(path: impl Into<String>) -> Self {
        Self(Source::File(path.into()))
    }

    /// The assertion that the callback of this name answers, which the provider's builder
    /// registers.
    pub fn from_callback(name: CallbackId) -> Self {
        Self(Source::Callback(Callback::new(name)))
    }

    /// The token of another credential, such as a managed identity that the application trusts,
    /// which must be a user-assigned one: Entra takes no other's word. It is asked for the token
    /// exchange of the application's cloud.
    pub fn from_credential(credential: impl Credential + 'static) -> Self {
        Self(Source::Credential {
            credential: Nested::new(credential),
            scope: None,
        })
    }

    /// The token of another credential for this scope, where the application trusts another
    /// audience than the token exchange of its cloud.
    pub fn from_credential_for(
        scope: impl Into<String>,
        credential: impl Credential + 'static,
    ) -> Self {
        Self(Source::Credential {
            credential: Nested::new(credential),
            scope: Some(scope.into()),
        })
    }

    pub(crate) fn identify(&self, identity: IdentityBuilder) -> Identity {
        match &self.0 {
            Source::File(path) => identity.field("assertion file", path).finish(),
            Source::Callback(callback) => {
                identity.identity("assertion callback", &callback.identity())
            }
            Source::Credential { credential, scope } => identity
                .optional("assertion scope", scope.as_ref())
                .with_proof("assertion", &credential.get().identity())
                .finish(),
        }
    }

    /// Which runs may overlap that ask for it.
    pub(crate) fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        match &self.0 {
            Source::Credential { credential, .. } => credential.get().lane(memory, environment),
            Source::File(_) | Source::Callback(_) => Lane::PerKey,
        }
    }

    /// None if the credential in it cannot be written down.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Option<Self> {
        Some(Self(match &self.0 {
            Source::Credential { credential, scope } => Source::Credential {
                credential: credential.redacted(redactor)?,
                scope: scope.clone(),
            },
            other => other.clone(),
        }))
    }
}

impl Prove for ClientAssertion {
    fn prove(&self, client: &Client, then: Proven, cx: &mut Context) -> Next {
        match &self.0 {
            Source::File(path) => read_assertion_file(path.clone(), cx, |text, cx| {
                then(Proof::Assertion(text), cx)
            }),
            Source::Callback(callback) => {
                callback.ask(ProofKind::ClientAssertion, client, |text, cx| {
                    then(Proof::Assertion(text), cx)
                })
            }
            Source::Credential { credential, scope } => {
                let scope = scope
                    .clone()
                    .unwrap_or_else(|| format!("{}/.default", client.exchange_audience));
                let request = TokenRequest::new([scope]);
                request.check().or_else(|invalid| cx.failed(invalid))?;
                let link = Link {
                    request: Some(request),
                    ..Link::default()
                };
                call_link(credential.get(), link, |token, cx| {
                    then(Proof::Assertion(Secret::from(token?.expose())), cx)
                })
            }
        }
    }

    fn may_be_renewed(&self, refused: &ServiceError) -> bool {
        refused.error() == "invalid_client" && !matches!(self.0, Source::Credential { .. })
    }
}
