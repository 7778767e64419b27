//! The effects that the user's own code answers: an assertion, a token, a message shown.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::failure::{Detail, Refusal, can_be_refused};
use super::{Effect, effect_step, sealed::Sealed};
use crate::request::TokenRequest;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::AccessToken;
use crate::transcript::Recording;

/// The name of a callback: chosen when a credential is made, and again when a provider is given
/// the code that answers. Two of a kind in one chain have two names, and so do not mix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallbackId(Arc<str>);

impl CallbackId {
    /// A name of the caller's choice.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Getting what proves who a client is from the user's own code: an assertion of its making
/// (RFC 7523) or a secret that it knows.
#[derive(Debug)]
pub enum Assertion {}

/// What is to prove who a client is. The two are sent in different fields, so a callback answers
/// for the one that it is registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofKind {
    /// A client secret (RFC 6749 section 2.3.1).
    ClientSecret,
    /// A client assertion (RFC 7523 section 2.2).
    ClientAssertion,
}

/// What is wanted, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionRequest {
    /// Which of the two is wanted.
    pub kind: ProofKind,
    /// Which callback of that kind answers.
    pub callback: CallbackId,
    /// The tenant whose token endpoint will see it.
    pub tenant: String,
    /// The client it authenticates.
    pub client_id: String,
    /// The token endpoint it is sent to, the usual audience.
    pub token_endpoint: Url,
}

/// How getting an assertion can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AssertionFailure {
    /// The callback has no assertion to give here, so another credential may be tried.
    Unavailable(Detail),
    /// The callback tried and failed, in its own words.
    Failed(Detail),
    /// The host did not try.
    Refused(Refusal),
}

/// Getting a token from the user's own code.
#[derive(Debug)]
pub enum Token {}

/// Which token is wanted of the user's code.
#[derive(Clone, Debug)]
pub struct TokenOrder {
    /// Which callback answers.
    pub callback: CallbackId,
    /// What was asked of the credential.
    pub request: TokenRequest,
}

/// How getting a token from the user's code can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenFailure {
    /// The callback has no token to give here, so another credential may be tried.
    Unavailable(Detail),
    /// The callback tried and failed, in its own words.
    Failed(Detail),
    /// The host did not try.
    Refused(Refusal),
}

/// Showing a person what to do.
#[derive(Debug)]
pub enum Prompt {}

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptRequest {
    /// Which callback shows it.
    pub callback: CallbackId,
    /// The device code to show.
    pub device_code: DeviceCode,
}

/// What a person needs to sign in on another device (RFC 8628 section 3.2).
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// The code to type. Whoever types it signs this program in, so it is kept out of `Debug`.
    pub user_code: Secret,
    /// Where to type it.
    pub verification_uri: Url,
    /// A sentence ready to show, with both in it.
    pub message: Secret,
    /// When the code ends.
    pub expires_on: Timestamp,
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCode")
            .field("verification_uri", &self.verification_uri.as_str())
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// How showing a message can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PromptFailure {
    /// The callback could not show it, in its own words.
    Failed(Detail),
    /// The person or the program called it off.
    Cancelled,
    /// The host did not try.
    Refused(Refusal),
}

impl fmt::Display for AssertionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(detail) => write!(f, "there is no assertion to be had: {detail}"),
            Self::Failed(detail) => write!(f, "the assertion callback failed: {detail}"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(detail) => write!(f, "there is no token to be had: {detail}"),
            Self::Failed(detail) => write!(f, "the token callback failed: {detail}"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl fmt::Display for PromptFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(detail) => write!(f, "the message could not be shown: {detail}"),
            Self::Cancelled => f.write_str("it was called off"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

can_be_refused!(AssertionFailure, Unavailable, Failed);
can_be_refused!(TokenFailure, Unavailable, Failed);
can_be_refused!(PromptFailure, Failed);

impl Sealed for Assertion {}
impl Sealed for Token {}
impl Sealed for Prompt {}

impl Effect for Assertion {
    type Request = AssertionRequest;
    type Output = Secret;
    type Failure = AssertionFailure;
    const NAME: &'static str = "assertion";
    effect_step!(Assertion);

    fn time_limit(_: &AssertionRequest) -> Option<Duration> {
        None
    }

    fn record(
        request: &AssertionRequest,
        reply: &Result<Secret, AssertionFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.assertion(request, reply);
    }
}

impl Effect for Token {
    type Request = TokenOrder;
    type Output = AccessToken;
    type Failure = TokenFailure;
    const NAME: &'static str = "token";
    effect_step!(Token);

    fn time_limit(_: &TokenOrder) -> Option<Duration> {
        None
    }

    fn record(
        request: &TokenOrder,
        reply: &Result<AccessToken, TokenFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.token(request, reply);
    }
}

impl Effect for Prompt {
    type Request = PromptRequest;
    type Output = ();
    type Failure = PromptFailure;
    const NAME: &'static str = "prompt";
    const ASKS_PERSON: bool = true;
    effect_step!(Prompt);

    fn secrets(request: &PromptRequest) -> &[Secret] {
        std::slice::from_ref(&request.device_code.user_code)
    }

    fn time_limit(_: &PromptRequest) -> Option<Duration> {
        None
    }

    fn record(
        request: &PromptRequest,
        reply: &Result<(), PromptFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.prompt(request, reply);
    }
}
