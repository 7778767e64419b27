//! Client secrets: given, in a file, or known to the user's own code.

use serde::{Deserialize, Serialize};

use super::callback::ask_callback;
use super::exchange::{Client, Proof, Prove, Proven};
use super::text_file::read_text;
use crate::context::Context;
use crate::effect::CallbackId;
use crate::error::{Invalid, What};
use crate::identity::{Identity, IdentityBuilder, Instance};
use crate::moves::Next;
use crate::oauth::ServiceError;
use crate::retry::Repeat;
use crate::secret::Secret;
use crate::transcript::Redactor;

/// The *value* of a client secret (not the secret's id), or where it is to be found.
///
/// A file and a callback are asked at every exchange with Entra, about once an hour, and once more
/// when Entra says that the secret is wrong or expired, so a rotated secret is taken up without a
/// restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Source", into = "Source")]
pub struct ClientSecret(Source);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Source {
    Value(Secret),
    File {
        file: String,
    },
    Callback {
        callback: CallbackId,
        #[serde(skip)]
        instance: Instance,
    },
}

impl ClientSecret {
    /// The secret that a file holds, without the white space around it.
    pub fn from_file(path: impl Into<String>) -> Self {
        Self(Source::File { file: path.into() })
    }

    /// The secret that the callback of this name answers, which the provider's builder registers.
    pub fn from_callback(callback: CallbackId) -> Self {
        Self(Source::Callback {
            callback,
            instance: Instance::default(),
        })
    }

    pub(crate) fn checked(self) -> Result<Self, Invalid> {
        match &self.0 {
            Source::Value(secret) if secret.is_empty() => {
                Err(Invalid::new(What::ClientSecret, "it must not be empty"))
            }
            _ => Ok(self),
        }
    }

    pub(crate) fn identify(&self, identity: IdentityBuilder) -> Identity {
        match &self.0 {
            Source::Value(secret) => identity.secret("secret", secret).finish(),
            Source::File { file } => identity.field("secret file", file).finish(),
            Source::Callback { instance, .. } => {
                identity.identity("secret callback", &instance.identity())
            }
        }
    }

    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        match &self.0 {
            Source::Value(secret) => Self(Source::Value(redactor.secret("secret", secret))),
            _ => self.clone(),
        }
    }
}

impl TryFrom<Source> for ClientSecret {
    type Error = Invalid;

    fn try_from(source: Source) -> Result<Self, Invalid> {
        Self(source).checked()
    }
}

impl From<ClientSecret> for Source {
    fn from(secret: ClientSecret) -> Self {
        secret.0
    }
}

impl<S: Into<Secret>> From<S> for ClientSecret {
    fn from(value: S) -> Self {
        Self(Source::Value(value.into()))
    }
}

impl Prove for ClientSecret {
    fn prove(&self, client: &Client, then: Proven, cx: &mut Context) -> Next {
        match &self.0 {
            Source::Value(secret) => then(Proof::Secret(secret.clone()), cx),
            Source::File { file } => {
                let path = file.clone();
                read_text(path, |secret, cx| then(Proof::Secret(secret), cx))
            }
            Source::Callback { callback, .. } => {
                ask_callback(callback, What::ClientSecret, client, |secret, cx| {
                    then(Proof::Secret(secret), cx)
                })
            }
        }
    }

    fn repeat(&self) -> Repeat {
        match self.0 {
            Source::Value(_) => Repeat::Same,
            _ => Repeat::Rebuild,
        }
    }

    fn may_be_renewed(&self, refused: &ServiceError) -> bool {
        let says_secret = |code| refused.codes().contains(&code);
        !matches!(self.0, Source::Value(_)) && (says_secret(7000215) || says_secret(7000222))
    }
}
