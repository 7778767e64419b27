//! A person who comes back to a web application from the sign-in page (RFC 6749 section 4.1.3).
//!
//! begin ─► silently? ─► redeem the code, once ─► token

#[cfg(feature = "testing")]
mod cases;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::client::{ClientCredential, Grant};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Error, Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::secret::Secret;
use crate::transcript::Redactor;
use crate::user::{
    AuthorizationSession, Label, Person, SessionData, SignIn, UserOptions, identify_client, proof,
};

const NAME: &str = "AuthorizationCodeCredential";

/// Gets tokens for a person who was sent to sign in by an
/// [`AuthorizationRequest`](crate::AuthorizationRequest), by the answer that they came back with.
///
/// The code in it works once: with the first token comes what later ones are got by, which is left
/// in the [`Memory`](crate::Memory). One credential stands for one person's sign-in, and its tokens
/// are never another person's. When the session has ended the error's kind is
/// [`InteractionRequired`](crate::ErrorKind::InteractionRequired), and the person is to be sent
/// away anew.
///
/// As data it is for transcripts. A sign-in that was kept goes on by
/// [`AuthorizationRequest::resume`](crate::AuthorizationRequest::resume).
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/AuthorizationCodeCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationCodeCredential {
    session: SessionData,
    code: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_credential: Option<ClientCredential>,
    /// Whether it comes from data, which then say where a proof of the client is sent.
    #[serde(skip, default = "from_data")]
    is_from_data: bool,
}

const fn from_data() -> bool {
    true
}

impl AuthorizationCodeCredential {
    /// A public client, by the session and the parameters of the answer to it: the body of the
    /// form, or the query, as it came.
    ///
    /// # Errors
    ///
    /// The answer belongs to another session, is an error, or cannot be read.
    pub fn new(session: AuthorizationSession, answer: &[u8]) -> Result<Self, Error> {
        let code = session.0.read_code(answer, NAME)?;
        Ok(Self {
            session: session.0,
            code,
            client_credential: None,
            is_from_data: false,
        })
    }

    /// Says what the application proves who it is with, if it is a confidential client.
    ///
    /// # Errors
    ///
    /// It is empty, or this was read as data, which would say where the proof is sent.
    pub fn client_credential(
        mut self,
        proof: impl Into<ClientCredential>,
    ) -> Result<Self, Invalid> {
        if self.is_from_data {
            let why = "one that was read as data holds its client credential, or has none";
            return Err(Invalid::new(What::Session, why));
        }
        self.client_credential = Some(proof.into().checked()?);
        Ok(self)
    }

    fn redeem_code(&self, sign_in: SignIn, cx: &mut Context) -> Next {
        if sign_in.account.is_some() {
            return sign_in.require(cx); // the code was redeemed before
        }
        let grant = Grant::AuthorizationCode {
            code: self.code.clone(),
            redirect_uri: self.session.redirect_uri.clone(),
            verifier: self.session.verifier.clone(),
        };
        sign_in.redeem(grant, Some(self.session.nonce.clone()), cx)
    }
}

impl Credential for AuthorizationCodeCredential {
    fn name(&self) -> &'static str {
        NAME
    }

    fn identity(&self) -> Identity {
        let identity = self.session.application.identity_of(NAME);
        let identity = identity
            .field("session", &self.session.id)
            .field("redirect URI", &self.session.redirect_uri)
            .secret("verifier", &self.session.verifier)
            .secret("nonce", &self.session.nonce)
            .secret("code", &self.code);
        identify_client(self.client_credential.as_ref(), identity)
    }

    /// Two runs that redeem the code at once would spoil it for each other.
    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        Some(
            Self {
                session: self.session.redacted(redactor),
                code: redactor.secret("code", &self.code),
                client_credential: match &self.client_credential {
                    Some(proof) => Some(proof.redacted(redactor)?),
                    None => None,
                },
                is_from_data: true,
            }
            .into(),
        )
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let person = Person {
            application: self.session.application.clone(),
            prove: proof(self.client_credential.as_ref()),
            options: UserOptions::default(),
            label: Label::SignIn(self.session.id.clone()),
        };
        person.begin(move |sign_in, cx| self.redeem_code(sign_in, cx), cx)
    }
}
