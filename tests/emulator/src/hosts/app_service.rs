//! A model of the identity endpoint of App Service and its relatives (Functions, Container Apps,
//! Automation), api-version 2019-08-01.
//!
//! A caller proves that it runs on the host by the header `X-IDENTITY-HEADER`, whose value the
//! platform changes as it likes. A token's end is told by `expires_on` alone, as text.

use super::identities::{CLIENT_ID, IdName, Identities, MI_RES_ID, OBJECT_ID};
use super::problem::{self, Problem, correlation_id};
use super::secret::Secret;
use crate::answer;
use crate::fields::Fields;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

const HEADER: &str = "x-identity-header";
const API_VERSIONS: [&str; 1] = ["2019-08-01"];
const PRINCIPAL_ID: IdName = ("principal_id", |it| &it.object_id);
const IDS: [IdName; 4] = [CLIENT_ID, OBJECT_ID, PRINCIPAL_ID, MI_RES_ID];

/// The identity endpoint of an App Service.
#[derive(Debug)]
pub struct AppService {
    /// Whom it has tokens for.
    pub identities: Identities,
    header: Secret,
    rotations: u64,
    served: u64,
}

impl AppService {
    /// The path of the endpoint.
    pub const PATH: &str = "/msi/token";

    /// `header` is the value that callers must send in `X-IDENTITY-HEADER`.
    pub fn new(identities: Identities, header: &str) -> AppService {
        AppService {
            identities,
            header: Secret::new(header),
            rotations: 0,
            served: 0,
        }
    }

    /// The value of the header that is right now. **It is a secret.**
    pub fn header(&self) -> &str {
        self.header.expose()
    }

    /// Changes the value of the header; the one before is refused from now on.
    pub fn rotate_header(&mut self) -> &str {
        self.rotations += 1;
        let old = self.header.expose();
        let root = old.split_once("+rotated").map_or(old, |(root, _)| root);
        self.header = Secret::new(format!("{root}+rotated{}", self.rotations));
        self.header.expose()
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        self.served += 1;
        self.token(request, now_unix_seconds)
            .unwrap_or_else(|problem| refuse(&problem, self.served))
    }

    fn token(
        &mut self,
        request: &Request<Vec<u8>>,
        now: u64,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let fields = admit(request, (HEADER, &self.header), &API_VERSIONS, &IDS)?;
        let issued = self.identities.issue(&fields, &IDS, false, now)?;
        let body = json!({
            "access_token": issued.token.expose(),
            "client_id": issued.client_id,
            "expires_on": issued.expires_on.to_string(),
            "not_before": issued.not_before.to_string(),
            "resource": issued.resource,
            "token_type": "Bearer",
        });
        Ok(answer::json(StatusCode::OK, &body, issued.outcome()))
    }
}

/// What the query says of a GET with the right secret in a header, for a known version of the
/// endpoint, that names an identity by one of `ids` or not at all.
pub(super) fn admit(
    request: &Request<Vec<u8>>,
    (header, secret): (&'static str, &Secret),
    api_versions: &[&str],
    ids: &[IdName],
) -> Result<Fields, Problem> {
    problem::stray_secret(request, Some(header))?;
    if request.method() != Method::GET {
        return Err(Problem::Method);
    }
    if !request.headers().contains_key(header) {
        return Err(Problem::NoProof(header));
    }
    if answer::only_header(request, header) != Some(secret.expose()) {
        return Err(Problem::WrongProof(header));
    }
    let fields = Fields::of_query(request.uri())?;
    problem::api_version(&fields, api_versions)?;
    problem::only_ids(&fields, ids)?;
    Ok(fields)
}

/// The error shape of both versions of the endpoint.
pub(super) fn refuse(problem: &Problem, served: u64) -> Response<Vec<u8>> {
    let (status, message) = match problem {
        Problem::UnknownResource { .. } => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "An unexpected error occured while fetching the AAD Token.".to_owned(),
        ),
        Problem::NoIdentity | Problem::SeveralIdentities => (
            StatusCode::BAD_REQUEST,
            "Unable to load the proper Managed Identity.".to_owned(),
        ),
        other => (other.status(), other.text()),
    };
    let body = json!({
        "statusCode": status.as_u16(),
        "message": message,
        "correlationId": correlation_id(served),
    });
    answer::json(status, &body, problem.outcome(""))
}
