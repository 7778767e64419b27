//! Retry as data: which answers a request is repeated after, when, and how often.
//!
//! A policy is a value on the request and a table that users can replace. The one place that acts
//! on it is [`http`](crate::http), so that flows never see a retry.

mod delay;
mod text;

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::date;
use crate::effect::{HttpReply, HttpResponse};
use crate::oauth;
use crate::time::Now;
use crate::transcript::milliseconds as as_milliseconds;

pub(crate) use self::delay::{Delay, UsedDelays};
pub(crate) use self::text::{Statuses, statuses as as_texts};

/// When to repeat a request.
///
/// In a configuration durations are milliseconds and statuses are texts, such as `"404"` and
/// `"500-599"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The rules; the first that an answer falls under counts. After none of them: no retry.
    pub rules: Cow<'static, [RetryRule]>,
    /// In what form the request is repeated.
    #[serde(default)]
    pub repeat: Repeat,
    /// By which share each delay is lengthened or shortened at random, so that fleets spread: from
    /// 0 to 1, and whatever is beyond that counts as the nearer of the two. Where the server says
    /// when to come back, the share only lengthens the delay.
    #[serde(default, with = "text::share")]
    pub jitter: f64,
    /// The longest delay that the server may ask for and get; after a longer one the run gives up
    /// and reports it.
    #[serde(with = "as_milliseconds")]
    pub max_delay: Duration,
    /// No try begins so long after the first one began, or later.
    #[serde(with = "as_milliseconds")]
    pub budget: Duration,
}

/// One line of a retry table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryRule {
    /// Which statuses fall under it.
    #[serde(with = "as_texts")]
    pub statuses: Cow<'static, [RangeInclusive<u16>]>,
    /// Whether an exchange without an answer falls under it. A server that could not prove who it
    /// is never does: it will not be another one in a second.
    #[serde(default)]
    pub transport: bool,
    /// The delay after the first answer that falls under this rule, the second, and so on; after one
    /// more the run gives up. Answers under other rules use none of these up.
    #[serde(with = "text::delays")]
    pub delays: Cow<'static, [Duration]>,
    /// What counts instead of the policy's budget after an answer that falls under this rule.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "text::optional"
    )]
    pub budget: Option<Duration>,
}

/// In what form a request may be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// The same request again: secrets, metadata endpoints.
    #[default]
    Same,
    /// The request built anew, with a fresh assertion.
    Rebuild,
    /// Only if the server surely has seen nothing of it: what works once, such as authorization
    /// codes and rotating refresh tokens.
    OnlyIfNotSent,
}

impl RetryPolicy {
    /// The same request again by these rules, with a random share of a quarter, for a minute at the
    /// longest and after no pause that is longer than half a minute.
    ///
    /// ```
    /// use std::time::Duration;
    /// use azid_core::retry::{RetryPolicy, RetryRule};
    ///
    /// const SECONDS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2)];
    /// let rule = RetryRule::new(&[429..=429, 500..=599], SECONDS).or_no_answer();
    /// let mut policy = RetryPolicy::new(vec![rule]);
    /// policy.budget = Duration::from_secs(10);
    ///
    /// assert_eq!(policy.to_string(), "429, 500-599, no answer: after 1s, 2s");
    /// ```
    pub fn new(rules: impl Into<Cow<'static, [RetryRule]>>) -> Self {
        Self {
            rules: rules.into(),
            ..Self::table(&[], 0.25, 30, 60)
        }
    }

    /// No retry.
    pub const fn never() -> Self {
        Self {
            rules: Cow::Borrowed(&[]),
            repeat: Repeat::Same,
            jitter: 0.0,
            max_delay: Duration::ZERO,
            budget: Duration::ZERO,
        }
    }

    /// Entra's token endpoint: three retries from 0.8 s, doubling, for passing faults. Where it names
    /// the client as one that asks too often (AADSTS50196 and 90055) and no pause, that counts as a
    /// pause of a minute, after which no run waits.
    pub const fn entra() -> Self {
        const RULES: &[RetryRule] =
            &[RetryRule::new(&[408..=408, 429..=429, 500..=500, 502..=504], SHORT).or_no_answer()];
        Self::table(RULES, 0.25, 30, 60)
    }

    /// The instance metadata service: five retries from 0.8 s, doubling, and for 410, which means
    /// that it is being updated for up to 70 s, four from 5 s.
    pub const fn imds() -> Self {
        const RULES: &[RetryRule] = &[
            RetryRule::new(&[410..=410], UPDATE),
            RetryRule::new(&[404..=404, 429..=429, 500..=599], LONG).or_no_answer(),
        ];
        Self::table(RULES, 0.0, 60, 120)
    }

    /// The instance metadata service within a chain, after it was seen to be there: every answer is
    /// retried as by [`imds`](Self::imds), but silence only twice, and no try begins more than 30 s
    /// after the first.
    ///
    /// So a wrong responder holds a chain up for 25 s with its 404, and for half a minute with its
    /// silence; one that is slow, or asks for pauses, for 40 s. The 75 s of an update are not cut
    /// short, since nobody else answers 410; after it no try begins more than 90 s after the first.
    pub const fn imds_in_chain() -> Self {
        const RULES: &[RetryRule] = &[
            RetryRule::new(&[410..=410], UPDATE).within(90),
            RetryRule::new(&[404..=404, 429..=429, 500..=599], LONG),
            RetryRule::new(&[], &[milliseconds(800), milliseconds(1600)]).or_no_answer(),
        ];
        Self::table(RULES, 0.0, 60, 30)
    }

    /// The other endpoints that hand out tokens of managed identities: three retries from 0.8 s,
    /// doubling, also of 404, which such an endpoint answers while it starts.
    pub const fn host_endpoint() -> Self {
        const STATUSES: &[RangeInclusive<u16>] =
            &[404..=404, 408..=408, 429..=429, 500..=500, 502..=504];
        const RULES: &[RetryRule] = &[RetryRule::new(STATUSES, SHORT).or_no_answer()];
        Self::table(RULES, 0.25, 30, 60)
    }

    /// Service Fabric: when it is throttled five retries from 1 s, doubling; after another fault
    /// of the server's two only, since its commonest cause, a resource that it does not know, stays.
    pub const fn service_fabric() -> Self {
        const RULES: &[RetryRule] = &[
            RetryRule::new(&[429..=429], THROTTLED),
            RetryRule::new(&[500..=599], &[milliseconds(1000), milliseconds(2000)]).or_no_answer(),
        ];
        Self::table(RULES, 0.25, 30, 60)
    }

    /// The same request again by these rules; times in seconds.
    const fn table(rules: &'static [RetryRule], jitter: f64, max_delay: u64, budget: u64) -> Self {
        Self {
            rules: Cow::Borrowed(rules),
            repeat: Repeat::Same,
            jitter,
            max_delay: Duration::from_secs(max_delay),
            budget: Duration::from_secs(budget),
        }
    }

    /// The same policy in whole milliseconds, as a configuration has them.
    pub(crate) fn in_milliseconds(mut self) -> Self {
        self.jitter = share(self.jitter);
        self.max_delay = whole_milliseconds(self.max_delay);
        self.budget = whole_milliseconds(self.budget);
        let is_whole = |rule: &RetryRule| {
            let mut all = rule.delays.iter().chain(&rule.budget);
            all.all(|delay| *delay == whole_milliseconds(*delay))
        };
        if !self.rules.iter().all(is_whole) {
            for rule in self.rules.to_mut() {
                rule.budget = rule.budget.map(whole_milliseconds);
                for delay in rule.delays.to_mut() {
                    *delay = whole_milliseconds(*delay);
                }
            }
        }
        self
    }

    /// The delay after an answer, or none to give up.
    pub(crate) fn delay_after(
        &self,
        reply: &HttpReply,
        used: &mut UsedDelays,
        now: Now,
    ) -> Option<Delay> {
        if self.repeat == Repeat::OnlyIfNotSent
            && !matches!(reply, Err(failure) if failure.surely_not_sent())
        {
            return None;
        }
        let number = self.rules.iter().position(|rule| rule.covers(reply))?;
        let rule = &self.rules[number];
        let own = *rule.delays.get(used.next(number))?;
        let asked = reply
            .as_ref()
            .ok()
            .and_then(|response| retry_after(response, now));
        let delay = Delay {
            own,
            asked: asked.unwrap_or_default(),
            budget: rule.budget.unwrap_or(self.budget),
        };
        (delay.nominal() <= self.max_delay).then_some(delay)
    }
}

/// Shows the table, one line for each rule.
impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return f.write_str("never");
        }
        for (number, rule) in self.rules.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{rule}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RetryRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Statuses(&self.statuses))?;
        if self.transport {
            let separator = if self.statuses.is_empty() { "" } else { ", " };
            write!(f, "{separator}no answer")?;
        }
        let delays: Vec<_> = self.delays.iter().map(|it| format!("{it:?}")).collect();
        write!(f, ": after {}", delays.join(", "))
    }
}

impl RetryRule {
    /// After one of these statuses, with these delays before the second try, the third, and so on.
    pub const fn new(
        statuses: &'static [RangeInclusive<u16>],
        delays: &'static [Duration],
    ) -> Self {
        Self {
            statuses: Cow::Borrowed(statuses),
            transport: false,
            delays: Cow::Borrowed(delays),
            budget: None,
        }
    }

    /// After an exchange without an answer too.
    pub const fn or_no_answer(mut self) -> Self {
        self.transport = true;
        self
    }

    const fn within(mut self, seconds: u64) -> Self {
        self.budget = Some(Duration::from_secs(seconds));
        self
    }

    fn covers(&self, reply: &HttpReply) -> bool {
        match reply {
            Ok(response) => self
                .statuses
                .iter()
                .any(|range| range.contains(&response.status)),
            Err(failure) => self.transport && failure.may_pass(),
        }
    }
}

/// How long a server wants not to be asked again, by any of the three headers that Azure uses, or else
/// by the code of its error.
fn retry_after(response: &HttpResponse, now: Now) -> Option<Duration> {
    pause_of_header(response, now).or_else(|| oauth::pause_of_code(response))
}

/// What its headers say of that.
pub(crate) fn pause_of_header(response: &HttpResponse, now: Now) -> Option<Duration> {
    let milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"]
        .iter()
        .find_map(|name| response.header(name)?.trim().parse::<u64>().ok())
        .map(Duration::from_millis);
    milliseconds.or_else(|| {
        let value = response.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = u64::try_from(date::parse(value)? - now.timestamp().unix_seconds()).ok()?;
        Some(Duration::from_secs(until))
    })
}

/// A share that is none counts as the nearest one. It is kept in millionths, which read back from a
/// text as they were.
pub(crate) fn share(share: f64) -> f64 {
    if share.is_nan() {
        0.0
    } else {
        (share.clamp(0.0, 1.0) * 1e6).round() / 1e6
    }
}

/// A duration without its part of a millisecond, as it is stored.
pub(crate) fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const SHORT: &[Duration] = &[milliseconds(800), milliseconds(1600), milliseconds(3200)];

const LONG: &[Duration] = &[
    milliseconds(800),
    milliseconds(1600),
    milliseconds(3200),
    milliseconds(6400),
    milliseconds(12_800),
];

/// An update of the metadata service takes up to 70 s.
const UPDATE: &[Duration] = &[
    milliseconds(5_000),
    milliseconds(10_000),
    milliseconds(20_000),
    milliseconds(40_000),
];

const THROTTLED: &[Duration] = &[
    milliseconds(1_000),
    milliseconds(2_000),
    milliseconds(4_000),
    milliseconds(8_000),
    milliseconds(16_000),
];
