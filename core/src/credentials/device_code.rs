//! A person who types a code on another device (RFC 8628).
//!
//! begin ─► silently? ─► ask for a code ─► show it ─► wait ─► poll ─► token
//!                                                      ▲       │
//!                                                      └───────┘   pending, slower, passing fault

mod answer;
#[cfg(feature = "testing")]
mod cases;
mod poll;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::answer::Started;
use self::poll::Polling;
use super::CredentialConfig;
use crate::attempts::http;
use crate::client::{Application, application_options, with_sign_in};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::effect::{CallbackId, HttpReply, HttpRequest, PromptRequest};
use crate::environment::Environment;
use crate::error::Invalid;
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::{Next, prompt};
use crate::needs::Needs;
use crate::oauth::{Form, correlation};
use crate::retry::RetryPolicy;
use crate::transcript::Redactor;
use crate::user::{
    ANY_ORGANIZATION, DEVELOPER_CLIENT, Label, Person, SignIn, UserOptions, is_default, proof,
    user_options,
};

/// Gets tokens for a person who signs in on another device, where this one has no browser: they
/// open a page there and type the code that the program shows them here.
///
/// The program's own code shows it: a callback, which gets the code, the page, a sentence with both
/// and the time that they have as [data](crate::effect::DeviceCode). The first sign-in brings what
/// later tokens are got by without asking. For the provider, and for all that share its cache, that
/// person stays the one: somebody else takes another cache, or has a record.
///
/// Whoever types a code signs *this program* in, so a code that somebody else sends along is a
/// known way to be robbed; administrators forbid this flow for that reason in many places.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/DeviceCodeCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceCodeCredential {
    application: Application,
    callback: CallbackId,
    #[serde(default, skip_serializing_if = "is_default")]
    user: UserOptions,
}

impl DeviceCodeCredential {
    /// People of a tenant (or of any organisation, as `organizations`) who sign in to this
    /// application, which must allow public client flows; and the name of the callback that shows
    /// them the code, which the provider's builder registers.
    ///
    /// # Errors
    ///
    /// The tenant or the client id is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        callback: CallbackId,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            callback,
            user: UserOptions::default(),
        })
    }

    /// Developers with a work or school account, who sign in to the application that the Azure
    /// tools use. Programs for others have an application of their own.
    pub fn for_developers(callback: CallbackId) -> Self {
        Self::new(ANY_ORGANIZATION, DEVELOPER_CLIENT, callback).expect("both are well-formed")
    }

    application_options!();
    user_options!();

    fn ask_for_code(&self, sign_in: SignIn, cx: &mut Context) -> Next {
        let sign_in = sign_in.by_asking(cx)?;
        let client = &sign_in.client;
        let form = Form::new()
            .field("client_id", client.client_id.as_str())
            .field("scope", with_sign_in(sign_in.request.scopes()));
        let form = match sign_in.request.claims_parameter() {
            Some(claims) => form.field("claims", claims),
            None => form,
        };
        let authority = &sign_in.application.authority;
        let endpoint = authority.device_authorization_endpoint(&client.tenant);
        let mut request = HttpRequest::post_form(endpoint, &form);
        request.headers = correlation(cx);
        let callback = self.callback.clone();
        http(
            request.retry(RetryPolicy::entra()),
            move |reply: HttpReply, cx| {
                let response = reply.or_else(|failure| cx.failed(failure))?;
                let started = Started::read(&response, cx).or_else(|cause| cx.failed(cause))?;
                let request = PromptRequest {
                    callback,
                    device_code: started.shown.clone(),
                };
                let polling = Polling::new(&started, cx);
                prompt(request, |shown, cx| {
                    shown.or_else(|failure| cx.failed(failure))?;
                    polling.wait(sign_in, cx)
                })
            },
        )
    }
}

impl Credential for DeviceCodeCredential {
    fn name(&self) -> &'static str {
        "DeviceCodeCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        identity.optional("account", self.user.account()).finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        Some(
            Self {
                user: self.user.redacted(redactor),
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
        let person = Person {
            application: self.application.clone(),
            prove: proof(None),
            options: self.user.clone(),
            label: Label::Anybody,
        };
        person.begin(move |sign_in, cx| self.ask_for_code(sign_in, cx), cx)
    }
}
