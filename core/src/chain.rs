//! Credentials that are asked in order until one has a token.
//!
//! begin ─► the winner of an earlier run ─► the first link ─► the second … ─► no link
//!
//! Each link answers one of three things: a token ─► done; unavailable ─► the next link; failed, or
//! only a person can help ─► stop, and no later link is asked.

mod link;

use std::time::Duration;

pub use self::link::ChainLink;
use crate::context::{Context, Position};
use crate::credential::Lane;
use crate::effect::{AuthorizeFailure, ExecFailure, HttpFailure};
use crate::environment::Environment;
use crate::error::{Cause, Error, ErrorKind, LinkError};
use crate::identity::Identity;
use crate::memory::{Fact, Memory, MemoryChange};
use crate::moves::{Link, Next, call_link, done};
use crate::token::AccessToken;
use crate::transcript::Redactor;

/// What one link of a chain answered in a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LinkVerdict {
    /// The link's name.
    pub link: &'static str,
    /// How long it took, in whole milliseconds.
    pub took: Duration,
    /// Why it has no token; none for the link that won.
    pub error: Option<Error>,
}

/// Links in order, and on which terms they are asked.
pub(crate) struct Chain {
    links: Vec<ChainLink>,
    position: Position,
    /// Under which name the winner is remembered; none for a chain that asks in order each time.
    pub(crate) memory: Option<String>,
}

impl Chain {
    /// These links, which are told that they stand so.
    pub(crate) fn new(links: Vec<ChainLink>, position: Position) -> Self {
        Self {
            links,
            position,
            memory: None,
        }
    }

    /// Asks the link first that won in an earlier run of this chain in this environment. A single
    /// link always wins, and needs no memory.
    pub(crate) fn remembering(mut self, name: &str, environment: &Environment) -> Self {
        if self.links.len() > 1 {
            self.memory = Some(self.memory_key(name, environment));
        }
        self
    }

    /// Asks the links.
    pub(crate) fn begin(self, cx: &mut Context) -> Next {
        let winner = self.winner(cx.memory());
        let rest = (0..self.links.len()).filter(|number| Some(*number) != winner);
        let order: Vec<_> = winner.into_iter().chain(rest).collect();
        let walk = Walk {
            order: order.into_iter(),
            winner,
            errors: Vec::new(),
            chain: self,
        };
        walk.go_on(cx)
    }

    /// One run at a time while it is not known who wins: two scopes, one search.
    pub(crate) fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        let lane = |link: &ChainLink| link.credential().lane(memory, environment);
        match self.winner(memory) {
            Some(winner) => lane(&self.links[winner]),
            None if self.memory.is_some() => Lane::OneAtATime,
            None if self.links.iter().any(|link| lane(link) == Lane::OneAtATime) => {
                Lane::OneAtATime
            }
            None => Lane::PerKey,
        }
    }

    fn winner(&self, memory: &Memory) -> Option<usize> {
        match memory.recall(self.memory.as_ref()?)? {
            Fact::Winner(number) => Some(*number).filter(|number| *number < self.links.len()),
            _ => None,
        }
    }

    /// The same for the same chain in the same environment, whatever its secrets are: they change
    /// nothing about what is available, and a transcript has only placeholders for them. Links
    /// made of code count by their names.
    fn memory_key(&self, name: &str, environment: &Environment) -> String {
        let mut redactor = Redactor::default();
        let builder = self
            .links
            .iter()
            .fold(Identity::of("chain"), |builder, link| {
                let data = link.credential.data(&mut redactor);
                let data = data.and_then(|data| serde_json::to_string(&data).ok());
                let within = link.within.map(|within| within.as_millis().to_string());
                builder
                    .field("link", link.credential().name())
                    .optional("data", data)
                    .optional("within", within)
            });
        let builder = environment.iter().fold(builder, |builder, (name, value)| {
            match Environment::mark(name, value) {
                Some(mark) => builder.field(name, mark.unwrap_or_default()),
                None => builder,
            }
        });
        format!("winner of {name} {}", builder.finish().short_text())
    }
}

/// A chain on its way from link to link.
struct Walk {
    chain: Chain,
    order: std::vec::IntoIter<usize>,
    winner: Option<usize>,
    errors: Vec<LinkError>,
}

/// The link that is asked now.
struct Asked {
    number: usize,
    name: &'static str,
    at: Duration,
    is_limited: bool,
}

impl Walk {
    fn go_on(mut self, cx: &mut Context) -> Next {
        let Some(number) = self.order.next() else {
            return cx
                .unavailable(Cause::NoLink)
                .map_err(|error| error.after(self.errors));
        };
        let link = &self.chain.links[number];
        let credential = link.credential();
        let asked = Asked {
            number,
            name: credential.name(),
            at: cx.elapsed(),
            is_limited: link.within.is_some(),
        };
        let terms = Link {
            request: None,
            position: Some(self.chain.position),
            within: self.limit(link, cx),
        };
        call_link(credential, terms, move |result, cx| {
            self.on_answer(result, asked, cx)
        })
    }

    /// How long a link may take: one that hangs is not to use up the time of those after it.
    fn limit(&self, link: &ChainLink, cx: &Context) -> Option<Duration> {
        if !link.may_hang || self.order.as_slice().is_empty() {
            return link.within;
        }
        let half = cx.time_left() / 2;
        Some(link.within.map_or(half, |within| within.min(half)))
    }

    fn on_answer(
        mut self,
        result: Result<AccessToken, Error>,
        asked: Asked,
        cx: &mut Context,
    ) -> Next {
        let error = match result {
            Ok(token) => return self.won(token, &asked, cx),
            Err(error) => asked.judge(error, cx),
        };
        let (link, took) = (asked.name, asked.took(cx));
        cx.note(LinkVerdict {
            link,
            took,
            error: Some(error.clone()),
        });
        if error.kind() != ErrorKind::Unavailable {
            return Err(error.after(self.errors));
        }
        self.errors.push(LinkError { link, took, error });
        self.go_on(cx)
    }

    fn won(self, token: AccessToken, asked: &Asked, cx: &mut Context) -> Next {
        cx.note(LinkVerdict {
            link: asked.name,
            took: asked.took(cx),
            error: None,
        });
        if let Some(key) = self.chain.memory {
            if self.winner != Some(asked.number) {
                cx.remember(MemoryChange::Learned {
                    key,
                    fact: Fact::Winner(asked.number),
                    on: cx.now().timestamp(),
                });
            }
        }
        done(if token.came_from().is_empty() {
            token.source(asked.name)
        } else {
            token
        })
    }
}

impl Asked {
    /// In whole milliseconds, as a transcript has them, so that a replay finds the same.
    fn took(&self, cx: &Context) -> Duration {
        let taken = cx.elapsed().as_millis() - self.at.as_millis();
        Duration::from_millis(u64::try_from(taken).unwrap_or(u64::MAX))
    }

    /// What an error means to the chain: a silence that only the link's own limit cut short is no
    /// failure.
    fn judge(&self, error: Error, cx: &Context) -> Error {
        let is_limited = self.is_limited && cx.was_cut_short();
        if is_limited && error.kind() == ErrorKind::Failed && is_silence(error.cause()) {
            let before = error.links().to_vec();
            let late = Error::of(ErrorKind::Unavailable, error.credential(), Cause::OutOfTime);
            return late.after(before);
        }
        error
    }
}

fn is_silence(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Http(HttpFailure::TimedOut)
            | Cause::Authorize(AuthorizeFailure::TimedOut)
            | Cause::Exec {
                failure: ExecFailure::TimedOut,
                ..
            }
    )
}
