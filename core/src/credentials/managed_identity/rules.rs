//! What is retried, when the endpoint is probed and what its answers mean: data, for each source.

mod shown;

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ManagedIdentityId;
use crate::context::Position;
use crate::effect::{HttpFailure, HttpResponse};
use crate::error::Cause;
use crate::oauth::AnswerFault;
use crate::retry::{RetryPolicy, as_texts, whole_milliseconds};
use crate::transcript::milliseconds;

/// How a source of managed identities is treated; a program can replace all of it.
///
/// [`ManagedIdentitySource::rules`](super::ManagedIdentitySource::rules) gives the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SourceRules {
    /// After which answers the request is repeated, and when.
    pub retry: RetryPolicy,
    /// The same within a chain; none if there is no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_in_chain: Option<RetryPolicy>,
    /// Whether to see first that anybody answers at all. It is the metadata service alone that is
    /// probed; for another source this says nothing.
    #[serde(default)]
    pub probe: Probe,
    /// What an answer means that is no token: the first rule that it falls under counts. After
    /// none of them the source failed.
    #[serde(default)]
    pub verdicts: Cow<'static, [VerdictRule]>,
}

/// A look whether an endpoint is there, before it is asked for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Probe {
    /// None.
    #[default]
    Never,
    /// In a chain, where other credentials wait for their turn: one request without retries.
    InChain {
        /// How long it may take.
        #[serde(with = "milliseconds")]
        timeout: Duration,
    },
}

/// One line of the table that says what an answer means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VerdictRule {
    /// What is seen.
    pub sign: Sign,
    /// With which status; with any if there are none.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty", with = "as_texts")]
    pub statuses: Cow<'static, [RangeInclusive<u16>]>,
    /// Which identity was asked for.
    #[serde(default)]
    pub asked: Asked,
    /// Where the credential stands.
    #[serde(default)]
    pub standing: Standing,
    /// What it means.
    pub verdict: Verdict,
}

/// What can be seen of an exchange that brought no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Sign {
    /// No answer: no route, nobody listening, silence, a lost connection. Whoever could not prove
    /// by TLS who it is did answer.
    NoAnswer,
    /// An answer that no such endpoint gives: not JSON, or a redirect.
    NotJson,
    /// The word `unreachable` in an error or a page: a proxy, such as Docker Desktop's, says so of
    /// an address that it cannot reach.
    Unreachable,
    /// An error of the endpoint's own, whatever its name.
    Error,
    /// An error of the endpoint's own, by its name.
    ErrorNamed(Cow<'static, str>),
    /// An error that Entra gave to the endpoint, known by its AADSTS number.
    EntraError,
    /// Anything that is no token.
    Anything,
}

/// Which identity a request asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// Any.
    #[default]
    Any,
    /// The host's own.
    SystemAssigned,
    /// One by its id.
    ById,
}

/// Where a credential stands, as far as a verdict depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Anywhere.
    #[default]
    Anywhere,
    /// The program named this credential alone.
    Alone,
    /// In a chain.
    InChain,
}

/// What an answer without a token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is no such source here: a chain goes on.
    Unavailable,
    /// The source is there and said no, or broke: a chain stops.
    Failed,
}

impl SourceRules {
    /// For an endpoint that must be there, as one that the environment names: no probe, and whatever
    /// is wrong with it is a failure.
    pub fn new(retry: RetryPolicy) -> Self {
        Self {
            retry,
            retry_in_chain: None,
            probe: Probe::Never,
            verdicts: Cow::Borrowed(&[]),
        }
    }

    /// For the agent of Azure Arc, which can be installed and not running.
    pub(super) fn azure_arc() -> Self {
        const VERDICTS: &[VerdictRule] =
            &[VerdictRule::new(&[], Sign::NoAnswer, Verdict::Unavailable)
                .standing(Standing::InChain)];
        Self {
            verdicts: Cow::Borrowed(VERDICTS),
            ..Self::new(RetryPolicy::host_endpoint())
        }
    }

    /// For the instance metadata service, at whose address there may be nobody, or somebody else.
    pub(super) fn imds() -> Self {
        use Verdict::{Failed, Unavailable};
        const VERDICTS: &[VerdictRule] = &[
            VerdictRule::new(&[403..=403], Sign::Unreachable, Unavailable),
            // The status of a missing identity, but here the scope is wrong.
            VerdictRule::new(&[], Sign::EntraError, Failed),
            VerdictRule::new(
                &[],
                Sign::ErrorNamed(Cow::Borrowed("invalid_resource")),
                Failed,
            ),
            VerdictRule::new(&[400..=400], Sign::Error, Unavailable).asked(Asked::SystemAssigned),
            // It is there, and busy for longer than anybody waits.
            VerdictRule::new(&[410..=410, 429..=429], Sign::Anything, Failed),
            VerdictRule::new(&[], Sign::NotJson, Unavailable).standing(Standing::InChain),
            VerdictRule::new(&[], Sign::NoAnswer, Unavailable),
        ];
        Self {
            retry: RetryPolicy::imds(),
            retry_in_chain: Some(RetryPolicy::imds_in_chain()),
            probe: Probe::InChain {
                timeout: Duration::from_secs(1),
            },
            verdicts: Cow::Borrowed(VERDICTS),
        }
    }

    /// The same rules in whole milliseconds, as a configuration has them.
    pub(super) fn in_milliseconds(self) -> Self {
        Self {
            retry: self.retry.in_milliseconds(),
            retry_in_chain: self.retry_in_chain.map(RetryPolicy::in_milliseconds),
            probe: self.probe.in_milliseconds(),
            ..self
        }
    }

    /// The retries where the credential stands.
    pub(super) fn retry_at(&self, position: Position) -> RetryPolicy {
        let in_chain = self.retry_in_chain.as_ref();
        let policy = in_chain.filter(|_| position != Position::Alone);
        policy.unwrap_or(&self.retry).clone()
    }

    /// What an answer means that is no token, or that none came.
    pub(super) fn verdict(
        &self,
        cause: &Cause,
        response: Option<&HttpResponse>,
        identity: &ManagedIdentityId,
        position: Position,
    ) -> Verdict {
        let rule = self
            .verdicts
            .iter()
            .find(|rule| rule.covers(cause, response, identity, position));
        rule.map_or(Verdict::Failed, |rule| rule.verdict)
    }

    /// Whether an answer to a probe is that of a proxy which cannot reach the endpoint. Nothing
    /// else about it means anything, since a probe lacks what the endpoint demands.
    pub(super) fn sees_only_a_proxy(
        &self,
        cause: &Cause,
        response: &HttpResponse,
        identity: &ManagedIdentityId,
        position: Position,
    ) -> bool {
        self.verdicts
            .iter()
            .filter(|rule| rule.sign == Sign::Unreachable)
            .find(|rule| rule.covers(cause, Some(response), identity, position))
            .is_some_and(|rule| rule.verdict == Verdict::Unavailable)
    }
}

impl Probe {
    pub(super) fn in_milliseconds(self) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::InChain { timeout } => Self::InChain {
                timeout: whole_milliseconds(timeout),
            },
        }
    }
}

impl VerdictRule {
    /// What a sign with one of these statuses, or with any if there are none, means anywhere and
    /// for any identity.
    pub const fn new(
        statuses: &'static [RangeInclusive<u16>],
        sign: Sign,
        verdict: Verdict,
    ) -> Self {
        Self {
            sign,
            statuses: Cow::Borrowed(statuses),
            asked: Asked::Any,
            standing: Standing::Anywhere,
            verdict,
        }
    }

    /// The same only where this identity was asked for.
    pub const fn asked(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }

    /// The same only where the credential stands so.
    pub const fn standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    fn covers(
        &self,
        cause: &Cause,
        response: Option<&HttpResponse>,
        identity: &ManagedIdentityId,
        position: Position,
    ) -> bool {
        self.standing.covers(position)
            && self.asked.covers(identity)
            && self.covers_status(response)
            && self.sign.covers(cause, response)
    }

    fn covers_status(&self, response: Option<&HttpResponse>) -> bool {
        let is_one = |response: &HttpResponse| {
            let mut ranges = self.statuses.iter();
            ranges.any(|range| range.contains(&response.status))
        };
        self.statuses.is_empty() || response.is_some_and(is_one)
    }
}

impl Sign {
    fn covers(&self, cause: &Cause, response: Option<&HttpResponse>) -> bool {
        match (self, cause) {
            (Self::Anything, _) | (Self::Error, Cause::Service(_)) => true,
            (Self::NoAnswer, Cause::Http(failure)) => is_silence(failure),
            (Self::NotJson, Cause::Answer(fault)) => matches!(
                fault,
                AnswerFault::NotJson { .. } | AnswerFault::Redirect { .. }
            ),
            (Self::Unreachable, cause) => says_unreachable(cause, response),
            (Self::ErrorNamed(name), Cause::Service(error)) => error.error() == *name,
            (Self::EntraError, Cause::Service(error)) => !error.codes().is_empty(),
            _ => false,
        }
    }
}

/// Whether nobody answered at all.
pub(super) fn is_silence(failure: &HttpFailure) -> bool {
    matches!(
        failure,
        HttpFailure::Resolve(_)
            | HttpFailure::Connect(_)
            | HttpFailure::TimedOut
            | HttpFailure::Lost { .. }
    )
}

/// Looks where a transcript keeps the word: in the error's own texts, or in a page of text.
fn says_unreachable(cause: &Cause, response: Option<&HttpResponse>) -> bool {
    let says = |text: &str| text.contains("unreachable");
    match cause {
        Cause::Service(error) => says(error.error()) || says(error.description()),
        Cause::Answer(AnswerFault::NotJson { .. }) => response
            .and_then(|response| std::str::from_utf8(response.body.expose()).ok())
            .is_some_and(says),
        _ => false,
    }
}

impl Asked {
    fn covers(self, identity: &ManagedIdentityId) -> bool {
        match self {
            Self::Any => true,
            Self::SystemAssigned => identity.is_system_assigned(),
            Self::ById => !identity.is_system_assigned(),
        }
    }
}

impl Standing {
    fn covers(self, position: Position) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Alone => position == Position::Alone,
            Self::InChain => position != Position::Alone,
        }
    }
}
