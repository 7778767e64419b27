//! A person who signed in elsewhere, by the refresh token that this brought (RFC 6749 section 6).
//!
//! begin ─► redeem the last one known ─► token
//!                  │ of no use    ▲
//!                  ▼              │
//!          redeem the one given ──┘

#[cfg(feature = "testing")]
mod cases;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};

use super::CredentialConfig;
use crate::client::{Application, ClientCredential, application_options};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::secret::Secret;
use crate::transcript::Redactor;
use crate::user::{
    Label, Person, SignIn, UserOptions, client_credential_option, identify_client, proof,
};

/// Gets tokens for a person by a refresh token that the program has: from its own sign-in, from
/// another library, from a vault.
///
/// Whatever newer refresh token an exchange brings is left in the [`Memory`](crate::Memory), and is
/// used from then on. Nobody is ever asked: when no token is good any more, the error's kind is
/// [`InteractionRequired`](crate::ErrorKind::InteractionRequired).
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/RefreshTokenCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshTokenCredential {
    application: Application,
    #[serde(deserialize_with = "refresh_token")]
    refresh_token: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_credential: Option<ClientCredential>,
    /// What the token's successors are kept under: a few bits of its digest, which say nothing of
    /// the token. Only a transcript has it as data, where the token itself is a placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lineage: Option<String>,
}

impl RefreshTokenCredential {
    /// A public client of the public cloud, by its tenant, its client id and the refresh token that
    /// it was given there.
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        refresh_token: impl Into<Secret>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            refresh_token: is_there(refresh_token.into())?,
            client_credential: None,
            lineage: None,
        })
    }

    application_options!();
    client_credential_option!();

    fn lineage(&self) -> String {
        let digest = || Sha256::digest(self.refresh_token.expose())[..8].to_vec();
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.lineage.clone().unwrap_or_else(|| hex(digest()))
    }
}

impl Credential for RefreshTokenCredential {
    fn name(&self) -> &'static str {
        "RefreshTokenCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        let identity = identity.secret("refresh token", &self.refresh_token);
        identify_client(self.client_credential.as_ref(), identity)
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        Lane::OneAtATime
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        Some(
            Self {
                application: self.application.clone(),
                refresh_token: redactor.secret("refresh-token", &self.refresh_token),
                client_credential: match &self.client_credential {
                    Some(proof) => Some(proof.redacted(redactor)?),
                    None => None,
                },
                lineage: Some(self.lineage()),
            }
            .into(),
        )
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let person = Person {
            application: self.application.clone(),
            prove: proof(self.client_credential.as_ref()),
            options: UserOptions::default(),
            label: Label::Refresh(self.lineage()),
        };
        let given = self.refresh_token.clone();
        cx.know(&given);
        let redeem_given = |sign_in: SignIn, cx: &mut Context| {
            if cx.memory().has_rejected(&given) {
                return sign_in.require(cx);
            }
            sign_in.refresh(given, |sign_in, cx| sign_in.require(cx), cx)
        };
        person.begin(redeem_given, cx)
    }
}

fn is_there(token: Secret) -> Result<Secret, Invalid> {
    if token.is_empty() {
        return Err(Invalid::new(What::RefreshToken, "it must not be empty"));
    }
    Ok(token)
}

fn refresh_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    is_there(Secret::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
