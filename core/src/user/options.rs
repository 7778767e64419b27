//! What a program may say about how people are asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::record::AuthenticationRecord;
use crate::client::{ClientCredential, Prove, PublicClient};
use crate::identity::{Identity, IdentityBuilder};
use crate::transcript::Redactor;

/// When a credential asks a person to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interaction {
    /// When nobody is signed in, or more is needed than an earlier sign-in brought.
    #[default]
    WhenNeeded,
    /// Never: then the error's kind is
    /// [`InteractionRequired`](crate::ErrorKind::InteractionRequired), and
    /// [`Error::interaction_request`](crate::Error::interaction_request) is what to ask for when it
    /// suits. Other libraries call it to disable automatic authentication.
    Never,
    /// Every time, though somebody is signed in: for a command that is named `login`. It must be the
    /// same person again.
    Always,
}

/// What the sign-in page shows first (OpenID Connect Core 1.0 section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignInPrompt {
    /// The accounts to choose from.
    #[default]
    SelectAccount,
    /// The form for a name and a password, whoever is signed in.
    Login,
    /// The form that asks for consent.
    Consent,
    /// Nothing: it answers at once, with an error if it would have to ask.
    None,
    /// The form for a new account.
    Create,
}

impl SignInPrompt {
    fn as_str(self) -> &'static str {
        match self {
            Self::SelectAccount => "select_account",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::None => "none",
            Self::Create => "create",
        }
    }
}

/// Whether an option was left as it is, and so need not be written down.
pub(crate) fn is_default<T: Default + PartialEq>(option: &T) -> bool {
    *option == T::default()
}

/// Whom to ask, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UserOptions {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) interaction: Interaction,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<AuthenticationRecord>,
}

impl UserOptions {
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        let record = self.record.as_ref();
        Self {
            record: record.map(|record| record.redacted(redactor)),
            ..self.clone()
        }
    }

    /// The account's part of an identity.
    pub(crate) fn account(&self) -> Option<&str> {
        let record = self.record.as_ref();
        record.map(AuthenticationRecord::home_account_id)
    }
}

impl AuthenticationRecord {
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        Self {
            username: redacted_name(&self.username, redactor),
            ..self.clone()
        }
    }
}

fn redacted_name(name: &str, redactor: &mut Redactor) -> String {
    redactor.secret("name", &name.into()).expose().to_owned()
}

/// What the sign-in page is told beside what every sign-in needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AuthorizationOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<SignInPrompt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) domain_hint: Option<String>,
}

impl AuthorizationOptions {
    /// Adds the parameters. Without a prompt the accounts are shown, or the form for the one that
    /// is hinted at.
    pub(crate) fn fill(&self, url: &mut Url, known: Option<&AuthenticationRecord>) {
        let known = known.map(AuthenticationRecord::username);
        let hint = self.login_hint.as_deref().or(known);
        let hint = hint.filter(|hint| !hint.is_empty());
        let unless_told = match hint {
            Some(_) => SignInPrompt::Login,
            None => SignInPrompt::SelectAccount,
        };
        let mut query = url.query_pairs_mut();
        query.append_pair("prompt", self.prompt.unwrap_or(unless_told).as_str());
        if let Some(hint) = hint {
            query.append_pair("login_hint", hint);
        }
        if let Some(hint) = &self.domain_hint {
            query.append_pair("domain_hint", hint);
        }
    }

    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        let hint = self.login_hint.as_deref();
        Self {
            login_hint: hint.map(|name| redacted_name(name, redactor)),
            ..self.clone()
        }
    }
}

/// The options that every credential has that asks people, as methods.
macro_rules! user_options {
    () => {
        /// Says when to ask a person to sign in.
        pub fn interaction(mut self, interaction: crate::user::Interaction) -> Self {
            self.user.interaction = interaction;
            self
        }

        /// Asks for this account only, which signed in before. Without a record whoever signs in
        /// first stays, for this provider and for all that share its cache, and an answer for
        /// somebody else is an error,
        /// [`SignInFault::OtherAccount`](crate::SignInFault::OtherAccount): the tokens of two people
        /// would lie side by side. For another person, take another cache.
        pub fn authentication_record(mut self, record: crate::user::AuthenticationRecord) -> Self {
            self.user.record = Some(record);
            self
        }
    };
}

/// What the sign-in page can be told, as methods.
macro_rules! hint_options {
    () => {
        /// Says what the sign-in page shows first.
        pub fn prompt(mut self, prompt: crate::user::SignInPrompt) -> Self {
            self.authorization.prompt = Some(prompt);
            self
        }

        /// Fills in the name of the account.
        pub fn login_hint(mut self, name: impl Into<String>) -> Self {
            self.authorization.login_hint = Some(name.into());
            self
        }

        /// Names the organisation whose sign-in page to go to.
        pub fn domain_hint(mut self, domain: impl Into<String>) -> Self {
            self.authorization.domain_hint = Some(domain.into());
            self
        }
    };
}

/// The proof of a confidential client, as a method.
macro_rules! client_credential_option {
    () => {
        /// Says what the application proves who it is with, if it is a confidential client.
        ///
        /// # Errors
        ///
        /// It is empty.
        pub fn client_credential(
            mut self,
            proof: impl Into<crate::client::ClientCredential>,
        ) -> Result<Self, crate::error::Invalid> {
            self.client_credential = Some(proof.into().checked()?);
            Ok(self)
        }
    };
}

pub(crate) use {client_credential_option, hint_options, user_options};

/// How a client proves who it is that may be a public one.
pub(crate) fn proof(of: Option<&ClientCredential>) -> Arc<dyn Prove> {
    match of {
        Some(proof) => Arc::new(proof.clone()),
        None => Arc::new(PublicClient),
    }
}

/// Adds a client's proof to an identity, if it is a confidential one.
pub(crate) fn identify_client(
    of: Option<&ClientCredential>,
    identity: IdentityBuilder,
) -> Identity {
    match of {
        Some(proof) => proof.identify(identity),
        None => identity.finish(),
    }
}
