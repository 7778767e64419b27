//! Retry as data: which answers a request is repeated after, when, and how often.
//!
//! A policy is a value on the request and a table that users can replace. The one place that acts
//! on it is [`http`](crate::http), so that flows never see a retry.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::date;
use crate::effect::{HttpFailure, HttpReply, HttpResponse};
use crate::entropy::Entropy;
use crate::time::Now;

/// When to repeat a request.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The rules; the first that an answer falls under counts. After none of them: no retry.
    pub rules: Cow<'static, [RetryRule]>,
    /// In what form the request is repeated.
    pub repeat: Repeat,
    /// By which share each delay is lengthened or shortened at random, so that fleets spread.
    pub jitter: f64,
    /// The longest delay that the server may ask for and get; after a longer one the run gives up
    /// and reports it.
    pub max_delay: Duration,
    /// No try begins so long after the first one began, or later.
    pub budget: Duration,
}

/// One line of a retry table.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryRule {
    /// Which statuses fall under it.
    pub statuses: Cow<'static, [RangeInclusive<u16>]>,
    /// Whether an exchange without an answer falls under it.
    pub transport: bool,
    /// The delay before the second try, the third, and so on; after the last the run gives up.
    pub delays: Cow<'static, [Duration]>,
}

/// In what form a request may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The same request again: secrets, metadata endpoints.
    Same,
    /// The request built anew, with a fresh assertion.
    Rebuild,
    /// Only if the server surely has seen nothing of it: what works once, such as authorization
    /// codes and rotating refresh tokens.
    OnlyIfNotSent,
}

impl RetryPolicy {
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

    /// Entra's token endpoint: three retries from 0.8 s, doubling, for passing faults.
    pub const fn entra() -> Self {
        const RULES: &[RetryRule] = &[RetryRule {
            statuses: Cow::Borrowed(&[408..=408, 429..=429, 500..=500, 502..=504]),
            transport: true,
            delays: Cow::Borrowed(&[milliseconds(800), milliseconds(1600), milliseconds(3200)]),
        }];
        Self {
            rules: Cow::Borrowed(RULES),
            repeat: Repeat::Same,
            jitter: 0.25,
            max_delay: Duration::from_secs(30),
            budget: Duration::from_secs(60),
        }
    }

    /// The instance metadata service: five retries from 0.8 s, doubling, and for 410, which means
    /// that it is being updated for up to 70 s, four from 5 s.
    pub const fn imds() -> Self {
        const RULES: &[RetryRule] = &[
            RetryRule {
                statuses: Cow::Borrowed(&[410..=410]),
                transport: false,
                delays: Cow::Borrowed(&[
                    milliseconds(5_000),
                    milliseconds(10_000),
                    milliseconds(20_000),
                    milliseconds(40_000),
                ]),
            },
            RetryRule {
                statuses: Cow::Borrowed(&[404..=404, 429..=429, 500..=599]),
                transport: true,
                delays: Cow::Borrowed(&[
                    milliseconds(800),
                    milliseconds(1600),
                    milliseconds(3200),
                    milliseconds(6400),
                    milliseconds(12_800),
                ]),
            },
        ];
        Self {
            rules: Cow::Borrowed(RULES),
            repeat: Repeat::Same,
            jitter: 0.0,
            max_delay: Duration::from_secs(60),
            budget: Duration::from_secs(120),
        }
    }

    /// The delay after the failed try number `tries` (from 1), or none to give up.
    pub(crate) fn delay_after(&self, tries: usize, reply: &HttpReply, now: Now) -> Option<Delay> {
        if self.repeat == Repeat::OnlyIfNotSent
            && !matches!(reply, Err(failure) if failure.surely_not_sent())
        {
            return None;
        }
        let rule = self.rules.iter().find(|rule| rule.covers(reply))?;
        let own = *rule.delays.get(tries.checked_sub(1)?)?;
        let asked = reply
            .as_ref()
            .ok()
            .and_then(|response| retry_after(response, now));
        let delay = Delay {
            own,
            asked: asked.unwrap_or_default(),
        };
        (delay.nominal() <= self.max_delay).then_some(delay)
    }
}

/// How long to wait before the next try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delay {
    own: Duration,
    asked: Duration,
}

impl Delay {
    /// The wait before its random share.
    pub(crate) fn nominal(self) -> Duration {
        self.own.max(self.asked)
    }

    /// The wait with its random share, but never shorter than the server asked for.
    pub(crate) fn drawn(self, jitter: f64, entropy: &mut Entropy) -> Duration {
        entropy.jitter(self.nominal(), jitter).max(self.asked)
    }
}

impl RetryRule {
    fn covers(&self, reply: &HttpReply) -> bool {
        match reply {
            Ok(response) => self
                .statuses
                .iter()
                .any(|range| range.contains(&response.status)),
            Err(HttpFailure::Refused(_) | HttpFailure::BodyTooLarge { .. }) => false,
            Err(_) => self.transport,
        }
    }
}

/// How long a server wants not to be asked again, in any of the three headers that Azure uses.
pub(crate) fn retry_after(response: &HttpResponse, now: Now) -> Option<Duration> {
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

const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
