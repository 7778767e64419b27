//! A person by name and password (RFC 6749 section 4.3). A legacy.
//!
//! begin ─► ask for the realm ─► ask with the password ─► token

#[cfg(feature = "testing")]
mod cases;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::CredentialConfig;
use crate::attempts::http;
use crate::authority::Authority;
use crate::client::{Application, ClientCredential, Grant, application_options};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::effect::HttpReply;
use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::oauth::{correlated_get, read_member};
use crate::retry::RetryPolicy;
use crate::secret::Secret;
use crate::transcript::Redactor;
use crate::user::{
    Interaction, Label, Person, SignIn, SignInFault, UserOptions, client_credential_option,
    identify_client, is_user_name, proof,
};

/// Gets tokens for a person by their password. **A legacy: leave it behind where you can.**
///
/// It teaches people to give their password to programs, cannot pass multi-factor authentication,
/// which Entra demands of ever more accounts, and is gone from OAuth 2.1. A person signs in with
/// [`InteractiveBrowserCredential`](crate::InteractiveBrowserCredential) or
/// [`DeviceCodeCredential`](crate::DeviceCodeCredential); a program is an application of its own.
///
/// Accounts whose passwords are kept by a federated service are refused before their password is
/// sent anywhere. Every token is got by the password: a session of whoever signed in before, by
/// this credential or another, is not used.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/UsernamePasswordCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Data", into = "Data")]
pub struct UsernamePasswordCredential {
    application: Application,
    username: String,
    password: Secret,
    client_credential: Option<ClientCredential>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    application: Application,
    username: String,
    password: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_credential: Option<ClientCredential>,
}

impl UsernamePasswordCredential {
    /// A public client of the public cloud, by its tenant, its client id, and the name and password
    /// of the person.
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed: which, [`Invalid::what`] says.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        username: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Self, Invalid> {
        let data = Data {
            application: Application::new(tenant, client_id)?,
            username: username.into(),
            password: password.into(),
            client_credential: None,
        };
        data.try_into()
    }

    application_options!();
    client_credential_option!();

    fn ask_for_realm(self: Arc<Self>, sign_in: SignIn, cx: &mut Context) -> Next {
        if self.application.authority.is_adfs(&sign_in.client.tenant) {
            return self.send_password(sign_in, cx);
        }
        let url = user_realm(&self.application.authority, &self.username);
        let request = correlated_get(url, cx).retry(RetryPolicy::entra());
        http(request, move |reply: HttpReply, cx| {
            let response = reply.or_else(|failure| cx.failed(failure))?;
            let kind = read_member(&response, "account_type", cx);
            let kind = kind.or_else(|cause| cx.failed(cause))?;
            if kind.expose().eq_ignore_ascii_case("federated") {
                return SignIn::fail(SignInFault::FederatedRealm, cx);
            }
            self.send_password(sign_in, cx)
        })
    }

    fn send_password(&self, sign_in: SignIn, cx: &mut Context) -> Next {
        let grant = Grant::Password {
            user_name: self.username.clone(),
            password: self.password.clone(),
        };
        sign_in.redeem(grant, None, cx)
    }
}

/// Where Entra says who keeps the password of an account.
fn user_realm(authority: &Authority, username: &str) -> Url {
    let mut url = authority.url().clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments
            .pop_if_empty()
            .extend(["common", "UserRealm", username]);
    }
    url.query_pairs_mut().append_pair("api-version", "1.0");
    url
}

impl TryFrom<Data> for UsernamePasswordCredential {
    type Error = Invalid;

    fn try_from(data: Data) -> Result<Self, Invalid> {
        if !is_user_name(&data.username) {
            let why = "it must be one word, mostly `somebody@a.domain`";
            return Err(Invalid::new(What::UserName, why));
        }
        if data.password.is_empty() {
            return Err(Invalid::new(What::Password, "it must not be empty"));
        }
        Ok(Self {
            application: data.application,
            username: data.username,
            password: data.password,
            client_credential: data.client_credential,
        })
    }
}

impl From<UsernamePasswordCredential> for Data {
    fn from(credential: UsernamePasswordCredential) -> Self {
        Self {
            application: credential.application,
            username: credential.username,
            password: credential.password,
            client_credential: credential.client_credential,
        }
    }
}

impl Credential for UsernamePasswordCredential {
    fn name(&self) -> &'static str {
        "UsernamePasswordCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        let identity = identity
            .field("username", &self.username)
            .secret("password", &self.password);
        identify_client(self.client_credential.as_ref(), identity)
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let username = redactor.secret("name", &self.username.as_str().into());
        Some(
            Self {
                application: self.application.clone(),
                username: username.expose().to_owned(),
                password: redactor.secret("secret", &self.password),
                client_credential: match &self.client_credential {
                    Some(proof) => Some(proof.redacted(redactor)?),
                    None => None,
                },
            }
            .into(),
        )
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let person = Person {
            application: self.application.clone(),
            prove: proof(self.client_credential.as_ref()),
            // A session says nothing of who knows the password: it is sent every time.
            options: UserOptions {
                interaction: Interaction::Always,
                ..UserOptions::default()
            },
            label: Label::Name(self.username.clone()),
        };
        person.begin(|sign_in, cx| self.ask_for_realm(sign_in, cx), cx)
    }
}
