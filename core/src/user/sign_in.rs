//! Getting a token for a person: silently while that works, else by asking.
//!
//! begin ─► recall ─► redeem the refresh token ─► finish ─► token
//!             │ none      │ of no use              ▲
//!             └─────┬─────┘                        │
//!                   ▼                              │
//!             ask the person ─► redeem what that brought
//!
//! One refresh token serves all resources of an account. It is kept under the authority, the tenant,
//! the client and the account; which account a credential signed in is kept beside it.
//!
//! Once that is known it stays: an answer for another account is refused, whether a person was asked
//! or not; of two runs that began before it was known, the one that ends later is
//! ([`Outcome::refuse_other_account`](crate::Outcome::refuse_other_account)). So the tokens that are held under one credential are always one person's, whatever else
//! they are held beside, and no cache need find out whose to drop.

use std::fmt;
use std::sync::Arc;

use super::account::{Holder, Likeness};
use super::fault::SignInFault;
use super::options::{Interaction, UserOptions};
use super::record::AuthenticationRecord;
use crate::client::{Application, Client, Exchange, Grant, Prove, SIGN_IN_SCOPES};
use crate::context::Context;
use crate::error::{Cause, Error, Invalid, What};
use crate::memory::{Fact, Memory, MemoryChange};
use crate::moves::{Next, done};
use crate::oauth::{AnswerFault, IdToken, ServiceError, TokenAnswer};
use crate::request::TokenRequest;
use crate::secret::Secret;

/// Whom a credential signs in.
pub(crate) struct Person {
    pub(crate) application: Application,
    pub(crate) prove: Arc<dyn Prove>,
    pub(crate) options: UserOptions,
    pub(crate) label: Label,
}

/// What tells a sign-in from others to the same application. Labels of two kinds are never equal,
/// whatever is in them.
pub(crate) enum Label {
    /// Whoever signed in first.
    Anybody,
    /// Whoever signed in where this name was filled in, which need not be theirs.
    Hint(String),
    /// Who has this name, and a password.
    Name(String),
    /// The account of a record, by its id.
    Record(String),
    /// One sign-in of a web application, by its id.
    SignIn(String),
    /// Who has a given refresh token, by what its successors are kept under.
    Refresh(String),
}

/// A sign-in under way.
pub(crate) struct SignIn {
    pub(crate) application: Application,
    pub(crate) client: Arc<Client>,
    /// What to ask for: what the run is asked for, with the claims of the last challenge.
    pub(crate) request: TokenRequest,
    /// Whose session it is, if that is known.
    pub(crate) account: Option<AuthenticationRecord>,
    prove: Arc<dyn Prove>,
    options: UserOptions,
    label: Label,
    /// What the keys of its facts begin with.
    prefix: &'static str,
    /// Whether a person was asked, or a password sent, instead of a refresh.
    asked: bool,
    refused: Option<Box<ServiceError>>,
}

impl Person {
    /// Gets a token without asking if that is possible, else goes on with `ask`.
    pub(crate) fn begin(
        self,
        ask: impl FnOnce(SignIn, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        check_scopes(cx.request()).or_else(|invalid| cx.failed(invalid))?;
        if let Some(record) = &self.options.record {
            let is_good = record.check(&self.application.authority, &self.application.client_id);
            is_good.or_else(|invalid| cx.failed(invalid))?;
        }
        let application = self.application.clone();
        application.reach(|client, cx| self.recall(client, ask, cx), cx)
    }

    fn recall(
        self,
        client: Arc<Client>,
        ask: impl FnOnce(SignIn, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        let label = match self.options.account() {
            Some(account) => Label::Record(account.to_owned()),
            None => self.label,
        };
        let prefix = match self.prove.is_private() {
            true => Memory::PRIVATE,
            false => "",
        };
        let mut sign_in = SignIn {
            label,
            prefix,
            request: cx.request().clone(),
            account: self.options.record.clone(),
            application: self.application,
            client,
            prove: self.prove,
            options: self.options,
            asked: false,
            refused: None,
        };
        if sign_in.account.is_none() {
            if let Some(Fact::SignedIn(record)) = cx.memory().recall(&sign_in.account_key()) {
                sign_in.account = Some(record.clone());
            }
        }
        let may_be_silent = sign_in.options.interaction != Interaction::Always;
        let Some(Fact::RefreshToken(token)) = cx.memory().recall(&sign_in.token_key()) else {
            return sign_in.ask(ask, cx);
        };
        let token = token.clone();
        cx.know(&token);
        match may_be_silent {
            true => sign_in.refresh(token, |sign_in, cx| sign_in.ask(ask, cx), cx),
            false => sign_in.ask(ask, cx),
        }
    }
}

impl SignIn {
    /// Redeems a refresh token; goes on with `otherwise` if it is of no use here.
    pub(crate) fn refresh(
        mut self,
        token: Secret,
        otherwise: impl FnOnce(Self, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        self.asked = false;
        let grant = Grant::RefreshToken(token.clone());
        self.exchange(
            grant,
            |mut sign_in, answer, cx| match answer {
                Ok(answer) => sign_in.finish(answer, None, cx),
                Err(Cause::Service(error)) if error.wants_sign_in() => {
                    if error.ends_refresh_token() && sign_in.is_at_home() {
                        cx.remember(MemoryChange::Rejected(token));
                    }
                    if let Some(claims) = error.claims() {
                        sign_in.request = sign_in.request.claims(claims);
                    }
                    sign_in.refused = Some(error);
                    otherwise(sign_in, cx)
                }
                Err(cause) => cx.failed(cause),
            },
            cx,
        )
    }

    /// Whether the tenant that is asked is the one that the session belongs to. What another says of
    /// it holds there alone: a token that was not used there for long has expired there.
    fn is_at_home(&self) -> bool {
        let account = self.account.as_ref().map(AuthenticationRecord::tenant_id);
        let homes = [Some(self.application.tenant.as_str()), account];
        let asked = self.client.tenant.as_str();
        homes
            .iter()
            .flatten()
            .any(|it| it.eq_ignore_ascii_case(asked))
    }

    /// Redeems what a person brought, with the nonce that they were sent away with if there is one.
    pub(crate) fn redeem(self, grant: Grant, nonce: Option<Secret>, cx: &mut Context) -> Next {
        self.exchange(
            grant,
            move |sign_in, answer, cx| match answer {
                Ok(answer) => sign_in.finish(answer, nonce.as_ref(), cx),
                Err(cause) => cx.failed(cause),
            },
            cx,
        )
    }

    /// Asks the token endpoint once, and goes on with the answer.
    pub(crate) fn exchange(
        self,
        grant: Grant,
        then: impl FnOnce(Self, Result<TokenAnswer, Cause>, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        let (client, prove) = (self.client.clone(), Arc::clone(&self.prove));
        Exchange::new(client, prove, grant)
            .asking(self.request.clone())
            .begin_then(|answer, cx| then(self, answer, cx), cx)
    }

    fn ask(mut self, ask: impl FnOnce(Self, &mut Context) -> Next, cx: &mut Context) -> Next {
        self.asked = true;
        ask(self, cx)
    }

    /// The same sign-in, where a person may be asked for it.
    pub(crate) fn by_asking(self, cx: &Context) -> Result<Self, Error> {
        if self.options.interaction == Interaction::Never || !cx.may_ask() {
            return self.require(cx);
        }
        Ok(self)
    }

    /// The end of a flow that cannot go on without a person.
    pub(crate) fn require<T>(self, cx: &Context) -> Result<T, Error> {
        let request = self.request.tenant(self.client.tenant.as_str());
        cx.failed(Cause::SignIn {
            fault: SignInFault::Required(Box::new(request)),
            service: self.refused,
        })
    }

    /// The end of a flow in which something else than an exchange came in between.
    pub(crate) fn fail(fault: SignInFault, cx: &Context) -> Next {
        cx.failed(Cause::SignIn {
            fault,
            service: None,
        })
    }

    /// Checks whose token it is, remembers how to get the next one, and ends with it.
    pub(crate) fn finish(
        self,
        answer: TokenAnswer,
        nonce: Option<&Secret>,
        cx: &mut Context,
    ) -> Next {
        let id_token = answer.id_token.as_ref().and_then(IdToken::read);
        if let Some(nonce) = nonce {
            let Some(id_token) = &id_token else {
                return cx.failed(AnswerFault::Lacks("id_token"));
            };
            if !id_token.answers(nonce) {
                return Self::fail(SignInFault::OtherNonce, cx);
            }
        }
        let holder = Holder::read(&answer, id_token.as_ref());
        if let Some(known) = &self.account {
            // Who refreshes need not be told again whose token it is, save where a record asks.
            let may_be_unsaid = !self.asked && self.options.record.is_none();
            match holder.likeness(known) {
                Likeness::Same => {}
                Likeness::Unsaid if may_be_unsaid => {}
                Likeness::Other => return Self::fail(SignInFault::OtherAccount, cx),
                Likeness::Unclear | Likeness::Unsaid => {
                    return Self::fail(SignInFault::UnknownAccount, cx);
                }
            }
        }
        self.remember(holder, answer.refresh_token, cx);
        done(answer.token)
    }

    fn remember(mut self, holder: Holder, refresh_token: Option<Secret>, cx: &mut Context) {
        let authority = self.application.authority.url().host_str();
        self.account = holder.record(
            self.account.take(),
            authority.unwrap_or_default(),
            &self.client,
        );
        if let Some(record) = self.account.clone() {
            learn(self.account_key(), Fact::SignedIn(record), cx);
        }
        if let Some(token) = refresh_token.filter(|token| !token.is_empty()) {
            learn(self.token_key(), Fact::RefreshToken(token), cx);
        }
    }

    fn account_key(&self) -> String {
        let (label, place) = (&self.label, place(&self.application));
        format!("{}account of {label} for {place}", self.prefix)
    }

    fn token_key(&self) -> String {
        let of = match &self.account {
            Some(account) => format!("account:{}", account.home_account_id),
            None => self.label.to_string(),
        };
        let place = place(&self.application);
        format!("{}refresh token of {of} for {place}", self.prefix)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, of) = match self {
            Self::Anybody => return f.write_str("anybody"),
            Self::Hint(name) => ("hint", name),
            Self::Name(name) => ("name", name),
            Self::Record(account) => ("record", account),
            Self::SignIn(id) => ("sign-in", id),
            Self::Refresh(lineage) => ("refresh", lineage),
        };
        write!(f, "{kind}:{of}")
    }
}

/// Remembers a fact that was learned just now, if it is news.
fn learn(key: String, fact: Fact, cx: &mut Context) {
    if cx.memory().recall(&key) != Some(&fact) {
        let on = cx.memory().time_after(&key, cx.now().timestamp());
        cx.remember(MemoryChange::Learned { key, fact, on });
    }
}

/// Where a session is good.
fn place(application: &Application) -> String {
    let (client, tenant) = (&application.client_id, &application.tenant);
    let (client, tenant) = (client.as_str(), tenant.as_str().to_ascii_lowercase());
    format!("{client} at {}{tenant}", application.authority)
}

/// Refuses the scopes that every sign-in adds by itself.
pub(crate) fn check_scopes(request: &TokenRequest) -> Result<(), Invalid> {
    let is_reserved = |scope: &&String| {
        let mut reserved = SIGN_IN_SCOPES.iter();
        reserved.any(|it| it.eq_ignore_ascii_case(scope))
    };
    match request.scopes().iter().find(is_reserved) {
        Some(scope) => Err(Invalid::new(
            What::Scopes,
            format!("`{scope}` is asked for anyway; name the scopes of a resource"),
        )),
        None => Ok(()),
    }
}
