//! The rules as a table for people.

use std::fmt;

use super::{Asked, Probe, Sign, SourceRules, Standing, Verdict, VerdictRule};
use crate::retry::Statuses;

/// Shows the rules as a table, one to a line.
impl fmt::Display for SourceRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "probe: {}", self.probe)?;
        for rule in self.retry.to_string().lines() {
            writeln!(f, "retry: {rule}")?;
        }
        for rule in self.retry_in_chain.iter().map(ToString::to_string) {
            for rule in rule.lines() {
                writeln!(f, "retry in a chain: {rule}")?;
            }
        }
        for rule in &*self.verdicts {
            writeln!(f, "verdict: {rule}")?;
        }
        f.write_str("verdict: else: failed")
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::InChain { timeout } => write!(f, "in a chain, for {timeout:?}"),
        }
    }
}

impl fmt::Display for VerdictRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.statuses.is_empty() {
            write!(f, "{}, ", Statuses(&self.statuses))?;
        }
        match &self.sign {
            Sign::NoAnswer => f.write_str("no answer")?,
            Sign::NotJson => f.write_str("no JSON")?,
            Sign::Unreachable => f.write_str("says `unreachable`")?,
            Sign::Error => f.write_str("any error")?,
            Sign::ErrorNamed(name) => write!(f, "error `{name}`")?,
            Sign::EntraError => f.write_str("an error of Entra's")?,
            Sign::Anything => f.write_str("anything")?,
        }
        f.write_str(match self.asked {
            Asked::Any => "",
            Asked::SystemAssigned => ", system-assigned",
            Asked::ById => ", by id",
        })?;
        f.write_str(match self.standing {
            Standing::Anywhere => "",
            Standing::Alone => ", alone",
            Standing::InChain => ", in a chain",
        })?;
        f.write_str(match self.verdict {
            Verdict::Unavailable => ": unavailable",
            Verdict::Failed => ": failed",
        })
    }
}
