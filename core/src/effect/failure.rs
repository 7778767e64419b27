//! What all failures of effects have in common: any of them can be a refusal.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CallbackId, Requirement};

/// How an effect can go wrong. Every kind of effect has its own type with its own causes.
pub trait Failure:
    Clone + PartialEq + fmt::Debug + fmt::Display + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The failure that says the host refused to try.
    fn refused(refusal: Refusal) -> Self;

    /// The refusal, if that is what the failure is.
    fn refusal(&self) -> Option<&Refusal>;

    /// The failure without the host's own words, as a transcript keeps it.
    fn without_words(&self) -> Self;
}

/// Why a host did not even try an effect. A refusal is never retried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Refusal {
    /// The host has no means for this kind of effect. The credential is unavailable there.
    NoSuchEffect,
    /// The host cannot honour a requirement of the request, named here. The credential failed,
    /// since going on to a weaker way would ignore what was required.
    Requirement(Requirement),
    /// Nothing was registered under the callback's name. The credential failed: it is a slip in
    /// the program that built the provider.
    NotRegistered(CallbackId),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchEffect => f.write_str("the host does not offer this effect"),
            Self::Requirement(name) => write!(f, "the host cannot honour the requirement `{name}`"),
            Self::NotRegistered(callback) => {
                write!(
                    f,
                    "nothing is registered under the callback name `{callback}`"
                )
            }
        }
    }
}

/// A host's own words about a failure: one line, at most 200 characters, no control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail(String);

impl Detail {
    const MOST: usize = 200;

    /// Keeps what is fit to show of a host's error text. Hosts must not put secrets in it.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(fit_to_show(&text.to_string(), Self::MOST))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One line of so many characters.
fn fit_to_show(text: &str, most: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(most)
        .collect()
}

/// Writes nothing of the text: a transcript keeps which failure it was, not the host's words.
impl Serialize for Detail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Detail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self::default())
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Implements [`Failure`] for a type with a `Refused(Refusal)` variant, and these others that hold
/// the host's own words and nothing else.
macro_rules! can_be_refused {
    ($failure:ty $(, $worded:ident)*) => {
        impl $crate::effect::Failure for $failure {
            fn refused(refusal: $crate::effect::Refusal) -> Self {
                Self::Refused(refusal)
            }

            fn refusal(&self) -> Option<&$crate::effect::Refusal> {
                match self {
                    Self::Refused(refusal) => Some(refusal),
                    _ => None,
                }
            }

            fn without_words(&self) -> Self {
                match self {
                    $(Self::$worded(_) => Self::$worded($crate::effect::Detail::default()),)*
                    other => other.clone(),
                }
            }
        }

        impl std::error::Error for $failure {}
    };
}
pub(crate) use can_be_refused;
