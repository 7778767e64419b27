//! One link of a chain, as code and as data.

use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::credential::Credential;
use crate::credentials::CredentialConfig;
use crate::identity::Identity;
use crate::nested::Nested;
use crate::plan::{Plan, PlanContext};
use crate::transcript::Redactor;

/// One link of a chain: a credential, and how long it may take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainLink {
    #[serde(flatten)]
    pub(super) credential: Nested,
    #[serde(
        rename = "within_milliseconds",
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_milliseconds"
    )]
    pub(super) within: Option<Duration>,
    #[serde(skip)]
    pub(super) may_hang: bool,
}

impl ChainLink {
    /// A credential that may take as long as the chain may.
    pub fn new(credential: impl Credential + 'static) -> Self {
        Nested::new(credential).into()
    }

    /// Goes on to the next link when so much time has passed: a link that has neither a token nor
    /// an answer by then is unavailable.
    pub fn within(mut self, at_most: Duration) -> Self {
        self.within = Some(at_most);
        self
    }

    /// Says that the link asks what may hang, such as a tool: while other links are to come, it takes
    /// half of the time that is left, at most.
    pub(crate) fn of_doubtful(credential: impl Credential + 'static) -> Self {
        Self {
            may_hang: true,
            ..Self::new(credential)
        }
    }

    pub(crate) fn credential(&self) -> Arc<dyn Credential> {
        self.credential.get()
    }

    /// What of the link changes which tokens it gets.
    pub(crate) fn identity(&self) -> Identity {
        let within = self.within.map(|within| within.as_nanos().to_string());
        Identity::of("link")
            .optional("within", within)
            .identity("credential", &self.credential.get().identity())
    }

    pub(crate) fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        self.credential.get().plan(cx)
    }

    /// None if the credential cannot be written down.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Option<Self> {
        Some(Self {
            credential: self.credential.redacted(redactor)?,
            within: self.within,
            may_hang: self.may_hang,
        })
    }
}

impl From<Nested> for ChainLink {
    fn from(credential: Nested) -> Self {
        Self {
            credential,
            within: None,
            may_hang: false,
        }
    }
}

impl From<CredentialConfig> for ChainLink {
    fn from(config: CredentialConfig) -> Self {
        Nested::from(config).into()
    }
}

impl<C: Credential + 'static> From<C> for ChainLink {
    fn from(credential: C) -> Self {
        Self::new(credential)
    }
}

/// A link is written as its credential, with one member more if it has a time limit.
impl<'de> Deserialize<'de> for ChainLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let within = members.remove("within_milliseconds").map(u64::deserialize);
        let within = within.transpose().map_err(D::Error::custom)?;
        let credential = Nested::deserialize(Value::Object(members)).map_err(D::Error::custom)?;
        Ok(Self {
            credential,
            within: within.map(Duration::from_millis),
            may_hang: false,
        })
    }
}

fn as_milliseconds<S: serde::Serializer>(
    within: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let milliseconds = within.unwrap_or_default().as_millis();
    serializer.serialize_u64(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}
