//! What a credential would do, said before it does anything.

use std::fmt;

use serde::Serialize;

use crate::context::{Platform, Position};
use crate::environment::Environment;
use crate::error::Cause;

/// What a plan may look at: inputs only, nothing that takes an effect.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// The platform.
    pub platform: Platform,
    /// Where the credential would stand.
    pub position: Position,
}

/// What a credential would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The credential's name.
    pub credential: &'static str,
    /// Whether it can begin.
    pub readiness: Readiness,
    /// Where it would get its token, in words.
    pub source: Option<String>,
    /// The plans of the credentials that it would call, in order.
    pub links: Vec<Plan>,
}

/// Whether a credential can begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Readiness {
    /// It has all that it needs to try.
    Ready,
    /// These variables are not set, or empty.
    Missing(Vec<&'static str>),
    /// Something that is set is not valid.
    Invalid(String),
    /// None of its links can try.
    NoLink,
}

impl Plan {
    /// A credential that can begin.
    pub fn ready(credential: &'static str) -> Self {
        Self {
            credential,
            readiness: Readiness::Ready,
            source: None,
            links: Vec::new(),
        }
    }

    /// A credential that lacks variables.
    pub fn missing(credential: &'static str, variables: Vec<&'static str>) -> Self {
        Self {
            readiness: Readiness::Missing(variables),
            ..Self::ready(credential)
        }
    }

    /// A credential that something is wrong with.
    pub fn invalid(credential: &'static str, problem: impl fmt::Display) -> Self {
        Self {
            readiness: Readiness::Invalid(problem.to_string()),
            ..Self::ready(credential)
        }
    }

    /// A credential that cannot begin, for this cause.
    pub(crate) fn hindered(credential: &'static str, cause: Cause) -> Self {
        match cause {
            Cause::MissingVariables(names) => Self::missing(credential, names),
            cause => Self::invalid(credential, cause),
        }
    }

    /// A credential that asks others in order. It can begin if one of them can, unless something
    /// is wrong with one before that.
    pub fn of_links(credential: &'static str, links: Vec<Plan>) -> Self {
        let decides = links.iter().find(|link| match link.readiness {
            Readiness::Ready | Readiness::Invalid(_) => true,
            Readiness::Missing(_) | Readiness::NoLink => false,
        });
        let readiness = match decides {
            Some(link) => link.readiness.clone(),
            None => Readiness::NoLink,
        };
        Self {
            readiness,
            links,
            ..Self::ready(credential)
        }
    }

    /// Says where the token would come from.
    pub fn from_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.readiness {
            Readiness::Ready => write!(f, "{}: ready", self.credential)?,
            Readiness::Missing(names) => {
                write!(f, "{}: not set: {}", self.credential, names.join(", "))?
            }
            Readiness::Invalid(problem) => write!(f, "{}: {problem}", self.credential)?,
            Readiness::NoLink => write!(f, "{}: none of these can try", self.credential)?,
        }
        if let Some(source) = &self.source {
            write!(f, ", from {source}")?;
        }
        self.links
            .iter()
            .try_for_each(|link| write!(f, "\n  {}", link.to_string().replace('\n', "\n  ")))
    }
}
