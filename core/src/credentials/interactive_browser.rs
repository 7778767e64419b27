//! A person with a browser on this machine (RFC 6749 section 4.1, RFC 8252).
//!
//! begin ─► silently? ─► send to the sign-in page ─► redeem the code ─► token

#[cfg(feature = "testing")]
mod cases;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::CredentialConfig;
use crate::client::{Application, Grant, application_options};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::effect::{
    AuthorizeAnswer, AuthorizeFailure, AuthorizeRequest, Authorized, Detail, LoopbackRedirect,
    ResponseMode,
};
use crate::environment::Environment;
use crate::error::{Cause, Invalid};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::{Next, authorize};
use crate::needs::Needs;
use crate::oauth::safe_text;
use crate::transcript::{Redactor, milliseconds};
use crate::user::{
    ANY_ORGANIZATION, AuthorizationOptions, DEVELOPER_CLIENT, Label, Person, SignIn, SignInFault,
    SignInSecrets, UserOptions, authorize_url, denied, hint_options, is_default, proof,
    user_options,
};

/// Gets tokens for the person in front of this machine: their browser opens the sign-in page, and
/// the answer comes to a port of this machine. The first sign-in brings what later tokens are got
/// by without asking. For the provider, and for all that share its cache, that person stays the one:
/// somebody else takes another cache, or has a record.
///
/// The code is bound to this program by PKCE and a nonce, and comes in a form that leaves no trace
/// in the browser's history.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/InteractiveBrowserCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InteractiveBrowserCredential {
    application: Application,
    #[serde(default, skip_serializing_if = "is_default")]
    user: UserOptions,
    #[serde(default, skip_serializing_if = "is_default")]
    authorization: AuthorizationOptions,
    #[serde(default, skip_serializing_if = "is_default")]
    redirect: LoopbackRedirect,
    #[serde(default, skip_serializing_if = "is_default")]
    response_mode: ResponseMode,
    #[serde(default = "five_minutes", with = "milliseconds")]
    timeout: Duration,
}

const fn five_minutes() -> Duration {
    Duration::from_secs(300)
}

impl InteractiveBrowserCredential {
    /// People of a tenant (or of any organisation, as `organizations`) who sign in to this
    /// application, which must be registered with `http://localhost` as a redirect URI of mobile
    /// and desktop applications.
    ///
    /// # Errors
    ///
    /// The tenant or the client id is empty or malformed.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            user: UserOptions::default(),
            authorization: AuthorizationOptions::default(),
            redirect: LoopbackRedirect::default(),
            response_mode: ResponseMode::default(),
            timeout: five_minutes(),
        })
    }

    /// Developers with a work or school account, who sign in to the application that the Azure
    /// tools use. Programs for others have an application of their own.
    pub fn for_developers() -> Self {
        Self::new(ANY_ORGANIZATION, DEVELOPER_CLIENT).expect("both are well-formed")
    }

    application_options!();
    user_options!();
    hint_options!();

    /// Says where the answer goes, if the application is registered with something else than
    /// `http://localhost`.
    pub fn redirect(mut self, redirect: LoopbackRedirect) -> Self {
        self.redirect = redirect;
        self
    }

    /// Says how the answer comes: in a form, unless the authority can only send a query, which
    /// stays in the browser's history.
    pub fn response_mode(mut self, response_mode: ResponseMode) -> Self {
        self.response_mode = response_mode;
        self
    }

    /// Says how long the person has, five minutes unless said otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn send_to_page(&self, sign_in: SignIn, cx: &mut Context) -> Next {
        let sign_in = sign_in.by_asking(cx)?;
        let secrets = SignInSecrets::draw(cx.entropy());
        let tenant = &sign_in.client.tenant;
        let mut page = authorize_url(&self.application, tenant, &sign_in.request, &secrets);
        self.authorization.fill(&mut page, sign_in.account.as_ref());
        let request = AuthorizeRequest {
            endpoint: page,
            redirect: self.redirect.clone(),
            state: secrets.state.clone(),
            response_mode: self.response_mode,
            timeout: self.timeout,
        };
        let redirect = self.redirect.clone();
        let asked = request.clone();
        authorize(request, move |reply, cx| {
            let authorized = match reply {
                Ok(authorized) => authorized,
                Err(failure) => return not_authorized(failure, &asked, cx),
            };
            let Authorized { port, answer } = authorized;
            match answer {
                AuthorizeAnswer::Code(code) => {
                    let grant = Grant::AuthorizationCode {
                        code,
                        redirect_uri: redirect.uri(port),
                        verifier: secrets.verifier,
                    };
                    sign_in.redeem(grant, Some(secrets.nonce), cx)
                }
                AuthorizeAnswer::Denied { error, description } => {
                    cx.failed(denied(&error, description.as_str(), cx.sent_secrets()))
                }
            }
        })
    }
}

fn not_authorized(failure: AuthorizeFailure, asked: &AuthorizeRequest, cx: &Context) -> Next {
    match failure {
        AuthorizeFailure::NoBrowser(reason) => cx.unavailable(Cause::SignIn {
            fault: no_browser(&asked.endpoint, &reason, cx),
            service: None,
        }),
        AuthorizeFailure::NoListener(_) => cx.unavailable(failure),
        failure => cx.failed(failure),
    }
}

/// The page and the host's words, without what could be used to take the sign-in over, and without
/// the person's name: of a page that the host quotes, no query is kept.
fn no_browser(endpoint: &Url, reason: &Detail, cx: &Context) -> SignInFault {
    const SHOWN: [&str; 4] = ["client_id", "response_type", "scope", "domain_hint"];
    let mut page = endpoint.clone();
    let pairs = endpoint.query_pairs();
    let pairs = pairs.filter(|(name, _)| SHOWN.contains(&&**name));
    page.query_pairs_mut().clear().extend_pairs(pairs);
    let words = reason.as_str().split(' ').map(|word| match word.find('?') {
        Some(query) if word.contains("://") => &word[..query],
        _ => word,
    });
    let words: Vec<_> = words.collect();
    let reason = Detail::new(safe_text(&words.join(" "), 200, cx.sent_secrets()));
    SignInFault::NoBrowser { page, reason }
}

impl Credential for InteractiveBrowserCredential {
    fn name(&self) -> &'static str {
        "InteractiveBrowserCredential"
    }

    fn identity(&self) -> Identity {
        let hints = &self.authorization;
        let identity = self.application.identity_of(self.name());
        identity
            .optional("account", self.user.account())
            .optional("login hint", hints.login_hint.as_ref())
            .optional("domain hint", hints.domain_hint.as_ref())
            .finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        Some(
            Self {
                user: self.user.redacted(redactor),
                authorization: self.authorization.redacted(redactor),
                ..self.clone()
            }
            .into(),
        )
    }

    #[inline]
    fn needs() -> Needs {
        Needs::BROWSER
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let hint = self.authorization.login_hint.clone();
        let person = Person {
            application: self.application.clone(),
            prove: proof(None),
            options: self.user.clone(),
            label: hint.map_or(Label::Anybody, Label::Hint),
        };
        person.begin(move |sign_in, cx| self.send_to_page(sign_in, cx), cx)
    }
}
