//! How the metadata service says no.

use crate::answer;
use crate::hosts::problem::Problem;
use crate::record::Outcome;
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
    outcome: Outcome,
}

impl Refusal {
    /// Lists the versions to choose from, newest first.
    pub(super) fn api_version(versions: &[&str]) -> Refusal {
        let mut refusal = Refusal::from(Problem::ApiVersion);
        let newest: Vec<_> = versions.iter().rev().take(3).collect();
        refusal.body["newest-versions"] = json!(newest);
        refusal
    }

    pub(super) fn answer(self) -> Response<Vec<u8>> {
        answer::json(self.status, &self.body, self.outcome)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        let error = match problem {
            // The answer that a probe without the header gets, too.
            Problem::NoMetadataHeader => "bad_request_102",
            // The service passes on what Entra said about the resource.
            Problem::UnknownResource { .. } => "invalid_resource",
            _ => "invalid_request",
        };
        Refusal {
            status: problem.status(),
            body: json!({"error": error, "error_description": problem.text()}),
            outcome: problem.outcome(error),
        }
    }
}
