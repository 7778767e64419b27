//! What it means that a tool ended without a token: whether anybody was there to be asked.

use super::sign::{
    AADSTS, LANGUAGE_MODE, MODULE_MISSING, NOT_A_COMMAND, POLICY, REAUTHENTICATE, STALE,
    UNKNOWN_SUBSCRIPTION,
};
use super::{Tool, ToolProblem};
use crate::error::ErrorKind;
use crate::oauth::aadsts_codes;

/// Entra's numbers for a login that is over, whose cure is to log in to the tool again.
const LOGIN_IS_OVER: [u64; 9] = [
    50_058, 50_089, 50_132, 50_133, 50_173, 70_008, 70_043, 700_082, 700_084,
];

/// What is wrong with a tool that ended so and says this.
///
/// Whatever Entra says counts before a hint to log in: tools add one to refusals that a login does
/// not mend.
pub(super) fn problem(tool: &Tool, exit_code: Option<i32>, said: &str) -> ToolProblem {
    let says = |sign: &str| said.contains(sign);
    if exit_code == Some(9009) || says(NOT_A_COMMAND) {
        ToolProblem::NotInstalled
    } else if says(MODULE_MISSING) {
        ToolProblem::ModuleMissing
    } else if says(POLICY) || says(LANGUAGE_MODE) {
        ToolProblem::ForbiddenByPolicy
    } else if says(AADSTS) {
        let mut codes = aadsts_codes(said).peekable();
        let is_over = codes.peek().is_some() && codes.all(|code| LOGIN_IS_OVER.contains(&code));
        if is_over {
            ToolProblem::LoggedOut
        } else {
            ToolProblem::Refused
        }
    } else if says(UNKNOWN_SUBSCRIPTION) {
        ToolProblem::UnknownSubscription
    } else if says(REAUTHENTICATE) {
        ToolProblem::Refused
    } else if says(STALE) || tool.logged_out.iter().any(|sign| says(sign)) {
        ToolProblem::LoggedOut
    } else {
        ToolProblem::Broken
    }
}

impl ToolProblem {
    /// What it means to a chain. Only where somebody is logged in and is not given a token, the
    /// token of another account would be the wrong answer.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::NotInstalled
            | Self::ModuleMissing
            | Self::ForbiddenByPolicy
            | Self::LoggedOut
            | Self::Broken
            | Self::NoToken => ErrorKind::Unavailable,
            Self::Refused | Self::UnknownSubscription => ErrorKind::Failed,
            Self::Claims { .. } => ErrorKind::InteractionRequired,
        }
    }
}
