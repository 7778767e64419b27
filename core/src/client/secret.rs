//! Client secrets: given, in a file, or known to the user's own code.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::callback::Callback;
use super::exchange::{Client, Proof, Prove, Proven};
use super::text_file::read_text;
use crate::context::Context;
use crate::effect::{CallbackId, ProofKind};
use crate::error::{Invalid, What};
use crate::identity::{Identity, IdentityBuilder};
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

/// Written as the text of the secret, or as the place that it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Source {
    Value(Secret),
    At(Place),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Place {
    File(String),
    Callback(Callback),
}

impl ClientSecret {
    /// The secret that a file holds, without the white space around it.
    pub fn from_file(path: impl Into<String>) -> Self {
        Self(Source::At(Place::File(path.into())))
    }

    /// The secret that the callback of this name answers, which the provider's builder registers.
    pub fn from_callback(callback: CallbackId) -> Self {
        Self(Source::At(Place::Callback(Callback::new(callback))))
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
            Source::At(Place::File(path)) => identity.field("secret file", path).finish(),
            Source::At(Place::Callback(callback)) => {
                identity.identity("secret callback", &callback.identity())
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

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client secret as a text, or a map with its `file` or its `callback`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Source, E> {
        Secret::deserialize(text.into_deserializer()).map(Source::Value)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Source, E> {
        Secret::deserialize(text.into_deserializer()).map(Source::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, place: A) -> Result<Source, A::Error> {
        Place::deserialize(MapAccessDeserializer::new(place)).map(Source::At)
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
            Source::At(Place::File(path)) => {
                read_text(What::ClientSecret, path.clone(), cx, |secret, cx| {
                    then(Proof::Secret(secret), cx)
                })
            }
            Source::At(Place::Callback(callback)) => {
                callback.ask(ProofKind::ClientSecret, client, |secret, cx| {
                    then(Proof::Secret(secret), cx)
                })
            }
        }
    }

    fn at_hand(&self) -> Option<Proof> {
        match &self.0 {
            Source::Value(secret) => Some(Proof::Secret(secret.clone())),
            Source::At(_) => None,
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
