//! Models of the build systems that hand identity tokens to their jobs.
//!
//! | path ends with | what answers |
//! |---|---|
//! | `/oidctoken` | Azure Pipelines: [`Pipeline`] |
//! | `/idtoken` | GitHub Actions: [`Workflow`] |
//!
//! Both are reached over https on the port of Entra, and only under the path of their job, which has
//! `/_apis/distributedtask/` in it.

mod pipeline;
mod workflow;

use crate::answer;
use crate::directory::FederatedIssuer;
use crate::record::Outcome;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
pub use pipeline::{Pipeline, ServiceConnection};
use serde_json::{Value, json};
pub use workflow::Workflow;

/// The jobs whose build systems are emulated.
#[derive(Clone, Debug)]
pub struct BuildSystems {
    /// A job of Azure Pipelines.
    pub pipeline: Pipeline,
    /// A job of GitHub Actions.
    pub workflow: Workflow,
    /// How many tokens they have issued, so that no two are alike.
    pub issued: u64,
}

impl BuildSystems {
    pub(crate) fn owns(path: &str) -> bool {
        path.contains("/_apis/distributedtask/")
    }

    pub(crate) fn handle(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        self.issued += 1;
        let path = request.uri().path();
        if path == self.pipeline.path {
            self.pipeline.handle(request, self.issued, now)
        } else if path == self.workflow.path {
            self.workflow.handle(request, self.issued, now)
        } else {
            answer::not_found()
        }
    }
}

/// Whether the request has the bearer token `expected`, which must be its only authorization.
fn is_authorized(request: &Request<Vec<u8>>, expected: &str) -> bool {
    let header = answer::only_header(request, AUTHORIZATION.as_str());
    let credentials = header.and_then(|it| it.split_once(' '));
    credentials
        .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == expected)
}

/// The token of a job: one subject and one audience.
fn identity_token(
    issuer: &FederatedIssuer,
    subject: &str,
    audience: &str,
    serial: u64,
    [from, until]: [u64; 2],
) -> String {
    issuer.sign(&json!({
        "jti": format!("{serial:08x}-0000-4000-8000-000000000000"),
        "iss": issuer.url,
        "sub": subject,
        "aud": audience,
        "iat": from,
        "nbf": from,
        "exp": until,
    }))
}

fn refuse(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    answer::json(status, body, refused())
}

fn refused() -> Outcome {
    Outcome::Refused {
        error: String::new(),
        code: None,
    }
}
