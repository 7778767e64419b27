//! The entries of a transcript: every effect's request and reply as data without secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{milliseconds, without_repeats};
use crate::effect::{
    AssertionFailure, AuthorizeFailure, ExecFailure, FileFailure, HttpFailure, PromptFailure,
    ProofKind, Requirement, SignFailure, SignatureAlgorithm, SleepFailure, SleepReason,
    TokenFailure,
};
use crate::time::Timestamp;

/// One effect: what was asked, what was answered, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// What was asked and answered.
    #[serde(flatten)]
    pub message: Message,
    /// The wall clock at the reply, in milliseconds from the start of the run.
    pub at: i64,
    /// The run's own clock at the reply, in milliseconds.
    #[serde(with = "milliseconds")]
    pub elapsed: Duration,
}

/// The header fields that are shown, by lower-case name.
pub type Headers = BTreeMap<String, String>;

/// A reply as recorded: the output, or the failure without the host's own words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply<T, F> {
    /// It worked.
    Ok(T),
    /// It did not.
    Failure(F),
}

/// An effect with its reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Message {
    /// An HTTP exchange.
    Http {
        /// The method.
        method: String,
        /// The URL; query values that are not known to be harmless are placeholders.
        url: String,
        /// The header fields.
        #[serde(deserialize_with = "without_repeats")]
        headers: Headers,
        /// The body.
        #[serde(default, skip_serializing_if = "Content::is_empty")]
        body: Content,
        /// The requirements that differ from the default, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        requirements: Vec<Requirement>,
        /// The answer.
        reply: Reply<Answer, HttpFailure>,
    },
    /// A file read.
    ReadFile {
        /// The path.
        path: String,
        /// How many bytes were allowed.
        max_bytes: usize,
        /// The content.
        reply: Reply<Content, FileFailure>,
    },
    /// A program run.
    Exec {
        /// The program.
        program: String,
        /// The arguments.
        arguments: Vec<String>,
        /// How it ended and what it printed.
        reply: Reply<Printed, ExecFailure>,
    },
    /// A signature.
    Sign {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
        /// The signer's name, if the key has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<String>,
        /// The signature's placeholder.
        reply: Reply<String, SignFailure>,
    },
    /// A client's proof from the user's code.
    Assertion {
        /// What was wanted: a secret or an assertion.
        kind: ProofKind,
        /// The callback's name.
        callback: String,
        /// The client that it authenticates.
        client_id: String,
        /// The endpoint that it goes to.
        token_endpoint: String,
        /// The proof's placeholder.
        reply: Reply<String, AssertionFailure>,
    },
    /// A token from the user's code.
    Token {
        /// The callback's name.
        callback: String,
        /// The token.
        reply: Reply<Granted, TokenFailure>,
    },
    /// A message shown.
    Prompt {
        /// The callback's name.
        callback: String,
        /// The page that was named.
        verification_uri: String,
        /// Whether it was shown.
        reply: Reply<(), PromptFailure>,
    },
    /// A sign-in by a browser.
    Authorize {
        /// The authorization endpoint, with its parameters.
        endpoint: String,
        /// How it ended.
        reply: Reply<Place, AuthorizeFailure>,
    },
    /// A wait.
    Sleep {
        /// Why.
        reason: SleepReason,
        /// How long, before the random share is added, in milliseconds.
        #[serde(with = "milliseconds")]
        nominal: Duration,
        /// Whether it was waited.
        reply: Reply<(), SleepFailure>,
    },
}

/// A recorded HTTP answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "without_repeats"
    )]
    pub headers: Headers,
    /// The body.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub body: Content,
}

/// A recorded end of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printed {
    /// The exit code; none after a signal.
    pub exit_code: Option<i32>,
    /// Standard output.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub stdout: Content,
    /// Standard error.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub stderr: Content,
}

/// A recorded token of the user's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// The token's placeholder.
    pub token: String,
    /// How it is used.
    pub token_type: String,
    /// When it expires.
    pub expires_on: Timestamp,
    /// When it is to be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_on: Option<Timestamp>,
}

/// A recorded answer to a sign-in by a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The listener's port.
    pub port: u16,
    /// The code's placeholder; none if it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error, if it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was said of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A redacted body, file or output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Content {
    /// Nothing.
    #[default]
    Empty,
    /// JSON, member by member.
    Json(Value),
    /// A form, field by field.
    Form(Vec<(String, String)>),
    /// Text: a placeholder, with those words kept that the library looks for, and ` words` where
    /// it is more than one.
    Text(String),
    /// Bytes that are no text, of which nothing is kept.
    Binary,
}

impl Content {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }
}
