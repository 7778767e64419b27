//! A model of the token endpoint in a Cloud Shell.
//!
//! The only host that takes a form in a POST. It knows one identity, that of the person at the
//! shell, for which the machine's own identity stands in here.

use super::identities::Identities;
use super::problem::{self, Problem};
use crate::answer;
use crate::fields::Fields;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::json;

/// The token endpoint of a Cloud Shell.
#[derive(Debug)]
pub struct CloudShell {
    /// Whose tokens it has; only the system-assigned identity counts.
    pub identities: Identities,
}

impl CloudShell {
    /// The path of the endpoint.
    pub const PATH: &str = "/oauth2/token";

    /// Hands out tokens of the system-assigned identity.
    pub fn new(identities: Identities) -> CloudShell {
        CloudShell { identities }
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        self.token(request, now_unix_seconds)
            .unwrap_or_else(|problem| refuse(&problem))
    }

    fn token(
        &mut self,
        request: &Request<Vec<u8>>,
        now: u64,
    ) -> Result<Response<Vec<u8>>, Problem> {
        problem::stray_secret(request, None)?;
        if request.method() != Method::POST {
            return Err(Problem::Method);
        }
        problem::metadata_header(request)?;
        if !is_form(request) {
            return Err(Problem::NoForm);
        }
        let query = Fields::of_query(request.uri())?;
        let form = Fields::parse(request.body())?;
        problem::only_ids(&query, &[])?;
        problem::only_ids(&form, &[])?;
        let issued = self.identities.issue(&form, &[], false, now)?;
        let mut body = issued.body_of_texts();
        body["refresh_token"] = json!("");
        Ok(answer::json(StatusCode::OK, &body, issued.outcome()))
    }
}

fn is_form(request: &Request<Vec<u8>>) -> bool {
    let content_type = answer::only_header(request, header::CONTENT_TYPE.as_str());
    content_type.is_some_and(|it| {
        let essence = it.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

fn refuse(problem: &Problem) -> Response<Vec<u8>> {
    let code = match problem {
        Problem::NoMetadataHeader => "bad_request_102",
        Problem::UnknownResource { .. } => "AudienceNotSupported",
        _ => "invalid_request",
    };
    let body = json!({"error": {"code": code, "message": problem.text()}});
    answer::json(problem.status(), &body, problem.outcome(code))
}
