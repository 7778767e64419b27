//! Why a tool has no token, in words that say what to do.

use std::fmt;

use serde_json::Value;

use super::mask::masked;
use super::{LOOK_INTO_IT, Tool};
use crate::error::Fault;
use crate::oauth::{for_code, safe_text};
use crate::tenant::TenantId;

/// The error of a developer tool that ran, or is not there to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    pub(super) tool: &'static Tool,
    pub(super) tenant: Option<TenantId>,
    pub(super) problem: ToolProblem,
    pub(super) exit_code: Option<i32>,
    pub(super) message: String,
    pub(super) codes: Vec<u64>,
}

/// What is wrong with a developer tool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolProblem {
    /// Its program is not there.
    NotInstalled,
    /// PowerShell is there, but not the module that has tokens.
    ModuleMissing,
    /// A policy of the machine forbids what it needs.
    ForbiddenByPolicy,
    /// Nobody is logged in to it, or the login is too old.
    LoggedOut,
    /// The request has claims, which only a new login satisfies.
    Claims {
        /// The command that logs in so.
        login: String,
        /// Whether the tool is too old to have an option for claims.
        too_old: bool,
    },
    /// Somebody is logged in, and Entra gives that account no such token: consent is missing, a
    /// policy forbids it, the tenant or the scope is wrong.
    Refused,
    /// Somebody is logged in, and has no subscription of the name that was asked for.
    UnknownSubscription,
    /// It ended with an error of its own, or by a signal, without a word of Entra's.
    Broken,
    /// It ended well, but printed no token in a form that is known.
    NoToken,
}

impl ToolError {
    pub(super) fn new(tool: &'static Tool, tenant: Option<TenantId>, problem: ToolProblem) -> Self {
        Self {
            tool,
            tenant,
            problem,
            exit_code: None,
            message: String::new(),
            codes: Vec::new(),
        }
    }

    /// The name of the tool's program, such as `az`.
    pub fn program(&self) -> &'static str {
        self.tool.program
    }

    /// What is wrong.
    pub fn problem(&self) -> &ToolProblem {
        &self.problem
    }

    /// The code that it ended with; none if it did not run, or a signal ended it.
    pub fn exit_code(&self) -> Option<i32> {
        self.exit_code
    }

    /// What it says in words: one line, masked, at most 1,024 characters.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Entra's AADSTS numbers in what it says, without their prefix.
    pub fn codes(&self) -> &[u64] {
        &self.codes
    }

    pub(crate) fn fault(&self) -> Fault {
        match self.problem {
            ToolProblem::LoggedOut | ToolProblem::Claims { .. } => Fault::User,
            ToolProblem::UnknownSubscription => Fault::Configuration,
            _ if !self.codes.is_empty() => Fault::Configuration,
            _ => Fault::Host,
        }
    }

    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self.problem {
            ToolProblem::NotInstalled => Some(self.tool.install),
            ToolProblem::ModuleMissing => Some(self.tool.module_advice),
            ToolProblem::ForbiddenByPolicy => {
                Some("have the machine's policy allow such scripts, or use another tool")
            }
            ToolProblem::LoggedOut if self.tenant.is_some() => Some(self.tool.tenant_advice),
            ToolProblem::LoggedOut => Some(self.tool.advice),
            ToolProblem::Claims { too_old: true, .. } => {
                Some("update the tool, or run that command")
            }
            ToolProblem::Claims { .. } => Some("run that command, then ask again"),
            ToolProblem::Refused => self.codes.iter().find_map(|code| for_code(*code)),
            ToolProblem::UnknownSubscription => Some(
                "name a subscription that `az account list --all` shows, or log in to an account that has it",
            ),
            ToolProblem::Broken => Some(LOOK_INTO_IT),
            ToolProblem::NoToken => Some("update the tool"),
        }
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tool { name, program, .. } = self.tool;
        match &self.problem {
            ToolProblem::NotInstalled => {
                return write!(
                    f,
                    "{name} is not installed: there is no `{program}` on the PATH"
                );
            }
            ToolProblem::ModuleMissing => {
                return write!(f, "{name} has no module Az.Accounts 2.2.0 or newer");
            }
            ToolProblem::ForbiddenByPolicy => {
                return write!(f, "a policy of this machine forbids {name} to run scripts");
            }
            ToolProblem::NoToken => {
                return write!(f, "`{program}` printed no token in a form that is known");
            }
            ToolProblem::LoggedOut => {
                write!(f, "nobody is logged in to {name}")?;
                if let Some(tenant) = &self.tenant {
                    write!(f, " for tenant {}", tenant.as_str())?;
                }
            }
            ToolProblem::Claims { login, .. } => {
                write!(f, "the claims of the request take a login by `{login}`")?;
            }
            ToolProblem::UnknownSubscription => {
                write!(f, "{name} knows no such subscription")?;
            }
            ToolProblem::Refused | ToolProblem::Broken => match self.exit_code {
                Some(code) => write!(f, "`{program}` ended with exit code {code}")?,
                None => write!(f, "`{program}` was ended by a signal")?,
            },
        }
        match self.message.as_str() {
            "" => Ok(()),
            message => write!(f, ": {message}"),
        }
    }
}

/// What a tool says, fit to show. It may say it line by line as JSON: `{"error","message",
/// "suggestion"}`, or `{"type":"consoleMessage","data":{"message"}}`.
pub(super) fn words(said: &str) -> String {
    const CLIXML: &str = "#< CLIXML";
    if said.starts_with(CLIXML) {
        return String::new();
    }
    let lines = said.lines().map(|line| in_words(line.trim()));
    safe_text(&masked(&lines.collect::<Vec<_>>().join("\n")), 1024, &[])
}

fn in_words(line: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(line) else {
        return line.to_owned();
    };
    let inner = members.get("data").and_then(Value::as_object);
    let members = inner.unwrap_or(&members);
    let text = |name: &str| members.get(name)?.as_str().map(str::trim);
    let message = text("message").or_else(|| text("error"));
    let texts = [message, text("suggestion")].into_iter().flatten();
    texts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_speaks_json_is_shown_in_its_own_words() {
        let cases = [
            (
                r#"{"error":"login","message":"not logged in","suggestion":"Run azd auth login."}"#,
                "not logged in Run azd auth login.",
            ),
            (
                "{\"type\":\"consoleMessage\",\"timestamp\":\"t\",\"data\":{\"message\":\"\"}}\n{\"error\":\"no tenant\"}",
                "no tenant",
            ),
            (
                r#"{"type":"consoleMessage","data":{"message":"\nERROR: no\n"}}"#,
                "ERROR: no",
            ),
            ("ERROR: plain\r\n", "ERROR: plain"),
            ("#< CLIXML\n<Objs/>", ""),
        ];
        for (said, expected) in cases {
            assert_eq!(words(said), expected);
        }
    }

    #[test]
    fn what_may_hold_a_token_is_not_shown() {
        let long = "x".repeat(101);
        assert_eq!(words(&format!("a {long} b")), "a […] b");
        assert_eq!(words("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), "[token]");
        assert_eq!(
            words(r#"DEBUG: {"accessToken": "AT"}"#),
            r#"DEBUG: {"accessToken": "[secret]"}"#
        );
    }
}
