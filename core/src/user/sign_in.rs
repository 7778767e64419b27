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

use std::fmt;
use std::sync::Arc;

use super::fault::SignInFault;
use super::options::{Interaction, UserOptions};
use super::record::AuthenticationRecord;
use crate::client::{Application, Client, Exchange, Grant, Prove, SIGN_IN_SCOPES};
use crate::context::Context;
use crate::error::{Cause, Error, Invalid, What};
use crate::memory::{Fact, MemoryChange};
use crate::moves::{Next, done};
use crate::oauth::{AnswerFault, IdToken, ServiceError, TokenAnswer, client_info};
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
    /// Whoever signed in last.
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
    pub(crate) client: Client,
    /// What to ask for: what the run is asked for, with the claims of the last challenge.
    pub(crate) request: TokenRequest,
    /// Whose session it is, if that is known.
    pub(crate) account: Option<AuthenticationRecord>,
    prove: Arc<dyn Prove>,
    options: UserOptions,
    label: Label,
    /// Whether a person was asked, who may be another one than the last time.
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
        client: Client,
        ask: impl FnOnce(SignIn, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        let label = match self.options.account() {
            Some(account) => Label::Record(account.to_owned()),
            None => self.label,
        };
        let mut sign_in = SignIn {
            label,
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
        match cx.memory().recall(&sign_in.token_key()) {
            Some(Fact::RefreshToken(token)) if may_be_silent => {
                let token = token.clone();
                sign_in.refresh(token, |sign_in, cx| sign_in.ask(ask, cx), cx)
            }
            _ => sign_in.ask(ask, cx),
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
                    if error.ends_refresh_token() {
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
        let signed_in = self.read_account(&answer, id_token.as_ref());
        let is_other = |signed_in: &AuthenticationRecord| {
            let account = self.account.as_ref();
            account.is_some_and(|it| it.home_account_id != signed_in.home_account_id)
        };
        // Who is asked for by a record, or is refreshed, cannot turn into somebody else. An id token
        // alone names the account in another way than a record of both ids does.
        let is_sure = answer.client_info.as_ref().and_then(client_info).is_some();
        let is_bound = self.options.record.is_some() || !self.asked;
        if let Some(record) = &self.options.record {
            let is_same = |it: &AuthenticationRecord| it.home_account_id == record.home_account_id;
            if !is_sure && !signed_in.as_ref().is_some_and(is_same) {
                return Self::fail(SignInFault::UnknownAccount, cx);
            }
        }
        if is_bound && is_sure && signed_in.as_ref().is_some_and(is_other) {
            return Self::fail(SignInFault::OtherAccount, cx);
        }
        self.remember(signed_in, answer.refresh_token, cx);
        done(answer.token)
    }

    fn remember(
        mut self,
        signed_in: Option<AuthenticationRecord>,
        refresh_token: Option<Secret>,
        cx: &mut Context,
    ) {
        let now = cx.now().timestamp();
        if let Some(mut record) = signed_in {
            if let Some(known) = self.account.filter(|_| record.username.is_empty()) {
                record.username = known.username;
            }
            let key = account_key(&self.application, &self.label);
            let fact = Fact::SignedIn(record.clone());
            if cx.memory().recall(&key) != Some(&fact) {
                let on = cx.memory().time_after(&key, now);
                cx.remember(MemoryChange::Learned { key, fact, on });
            }
            self.account = Some(record);
        } else if self.asked {
            self.account = None;
        }
        if let Some(token) = refresh_token.filter(|token| !token.is_empty()) {
            let key = self.token_key();
            let fact = Fact::RefreshToken(token);
            let on = cx.memory().time_after(&key, now);
            cx.remember(MemoryChange::Learned { key, fact, on });
        }
    }

    /// Who signed in: by the account's ids beside the token, or else by its subject.
    fn read_account(
        &self,
        answer: &TokenAnswer,
        id_token: Option<&IdToken>,
    ) -> Option<AuthenticationRecord> {
        let claim = |name: &str| id_token.and_then(|it| it.text(name)).map(str::to_owned);
        let ids = answer.client_info.as_ref().and_then(client_info);
        let (home_account_id, home_tenant) = match ids {
            Some((user, tenant)) => (format!("{user}.{tenant}"), Some(tenant)),
            None => (claim("sub")?, None),
        };
        let authority = self.application.authority.url().host_str();
        let client_id = self.client.client_id.as_str();
        let mut record =
            AuthenticationRecord::new(authority.unwrap_or_default(), client_id, home_account_id);
        let asked = || self.client.tenant.as_str().to_owned();
        record.tenant_id = claim("tid").or(home_tenant).unwrap_or_else(asked);
        let name = id_token.and_then(IdToken::user_name);
        record.username = name.unwrap_or_default().to_owned();
        Some(record)
    }

    fn account_key(&self) -> String {
        account_key(&self.application, &self.label)
    }

    fn token_key(&self) -> String {
        let of = match &self.account {
            Some(account) => format!("account:{}", account.home_account_id),
            None => self.label.to_string(),
        };
        format!("refresh token of {of} for {}", place(&self.application))
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

fn account_key(application: &Application, label: &Label) -> String {
    format!("account of {label} for {}", place(application))
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
