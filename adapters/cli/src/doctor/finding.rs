//! What was found out, and what it means for the chain.

use std::time::Duration;

use azid_core::{AccessToken, Error, ErrorKind, Plan};

use crate::{Exit, Problem, token};

/// What was found out in all.
pub(super) struct Diagnosis {
    pub(super) scope: String,
    pub(super) plan: Plan,
    pub(super) findings: Vec<Finding>,
}

/// What a link came to by itself.
pub(super) struct Finding {
    pub(super) link: &'static str,
    pub(super) took: Duration,
    pub(super) result: Result<AccessToken, Error>,
}

impl Diagnosis {
    /// The link at which the chain ends: the first that is there, whatever it says.
    pub(super) fn end(&self) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        findings.find(|finding| finding.verdict() != UNAVAILABLE)
    }

    /// What the chain comes to.
    pub(super) fn verdict(&self) -> Result<(), Problem> {
        let chain = self.plan.credential;
        let Some(end) = self.end() else {
            let message = format!(
                "{chain} has no link that can be tried here; what to do: take one of the cures"
            );
            return Err(Problem::new(Exit::Unavailable, message));
        };
        let Err(error) = &end.result else {
            return Ok(());
        };
        let mut message = format!("{chain} ends at {}: {}", end.link, end.verdict());
        let mut others = self.findings.iter();
        if let Some(other) = others.find(|finding| finding.result.is_ok()) {
            message.push_str(&format!(
                "; what to do: mend it, or set AZURE_TOKEN_CREDENTIALS to {}, which has a token",
                other.link
            ));
        }
        Err(Problem::new(token::exit(error), message))
    }
}

const UNAVAILABLE: &str = "unavailable";

impl Finding {
    /// In a word.
    pub(super) fn verdict(&self) -> &'static str {
        match self.result.as_ref().map_err(Error::kind) {
            Ok(_) => "token",
            Err(ErrorKind::Unavailable) => UNAVAILABLE,
            Err(ErrorKind::InteractionRequired) => "needs a person",
            Err(_) => "failed",
        }
    }

    /// What was seen, without the name and the cure that the error's own text has too.
    pub(super) fn cause(&self) -> Option<String> {
        let error = self.result.as_ref().err()?;
        Some(error.seen().replace(char::is_control, " "))
    }

    /// What to do.
    pub(super) fn cure(&self) -> Option<&'static str> {
        self.result.as_ref().err()?.advice()
    }
}
