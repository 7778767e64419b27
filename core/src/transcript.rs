//! The transcript of a run: what was asked and what was answered, without a secret in it.
//!
//! It is redacted as it is recorded: every secret becomes `redacted-KIND-N`, the same secret the
//! same placeholder, in place, so that what was JSON or a form still is. So a transcript can be
//! handed to somebody else, and it [replays](Transcript::replay): the same credential, fed the
//! recorded replies, asks for the same things, and the recording of that is the transcript again.

mod diagram;
mod identity;
mod printed;
mod record;
mod recorded;
mod recorder;
mod recording;
mod redact;
mod replay;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::record::{Content, Exchange, Headers, Message, Place, Reply};
pub use self::recorded::Recorded;
pub(crate) use self::recorder::{Origin, Recorder};
pub use self::recording::Recording;
pub use self::redact::Redactor;
pub(crate) use self::redact::{is_placeholder, placeholder_in};

use crate::context::{Platform, Position};
use crate::credentials::CredentialConfig;
use crate::memory::Memory;
use crate::request::TokenRequest;
use crate::time::Timestamp;
use crate::user::is_default;

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Transcript {
    /// The version of this format; no other one is read.
    #[serde(deserialize_with = "this_version")]
    pub version: u32,
    /// The name of the credential.
    pub credential: String,
    /// The credential as data, where it can be had as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<CredentialConfig>,
    /// What was asked of it.
    pub request: TokenRequest,
    /// The variables that were set, of those that matter. One that should be plain and yet seems to
    /// hold a password is hidden, and may not decide in a replay what it decided then.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "without_repeats"
    )]
    pub environment: BTreeMap<String, String>,
    /// What earlier runs had left to remember.
    #[serde(default, skip_serializing_if = "Memory::is_empty")]
    pub memory: Memory,
    /// The platform that the run was on.
    pub platform: Platform,
    /// Where the credential stood.
    #[serde(default)]
    pub position: Position,
    /// Whether it was not to ask any person.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asks_nobody: bool,
    /// When the run started, in milliseconds since 1970 UTC.
    pub started: Timestamp,
    /// How long it was allowed to take, in milliseconds.
    #[serde(with = "milliseconds")]
    pub deadline: Duration,
    /// What was asked and answered, in order.
    pub exchanges: Vec<Exchange>,
    /// How it ended.
    pub ending: Ending,
}

const VERSION: u32 = 1;

fn this_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(D::Error::custom(format_args!(
            "this is version {other} of the format, and version {VERSION} is read"
        ))),
    }
}

/// Of two entries under one name it is not clear which counted.
fn without_repeats<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("texts by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some((name, value)) = map.next_entry::<String, String>()? {
                if entries.contains_key(&name) {
                    return Err(A::Error::custom(format_args!("duplicate entry `{name}`")));
                }
                entries.insert(name, value);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(Entries)
}

/// How a recorded run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Ending {
    /// With a token.
    Token {
        /// The token's placeholder.
        token: String,
        /// How it is used.
        token_type: String,
        /// When it expires.
        expires_on: Timestamp,
        /// When the server would like it renewed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh_on: Option<Timestamp>,
        /// The credential that got it.
        source: String,
    },
    /// With an error.
    Error {
        /// What it means to a chain: `unavailable`, `failed` or `interaction-required`.
        kind: String,
        /// The credential that it happened to.
        credential: String,
        /// The cause, by its name.
        cause: String,
        /// The endpoint's name for it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        error: String,
        /// The endpoint's AADSTS codes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        codes: Vec<u64>,
        /// The advice that was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        advice: Option<String>,
        /// What the links of a chain answered that were asked before, each in a line.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        links: Vec<String>,
    },
}

pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        u64::try_from(duration.as_millis())
            .unwrap_or(u64::MAX)
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
