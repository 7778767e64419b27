//! GitHub Actions: a job's request token buys an identity token for any audience.
//!
//! method ─► request token ─► version ─► audience ─► token

use super::{identity_token, is_authorized, refuse};
use crate::answer;
use crate::directory::FederatedIssuer;
use crate::fields::Fields;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;
use std::fmt;

/// Such a token lives for about five minutes.
const TOKEN_SECONDS: u64 = 300;

/// A running job of GitHub Actions that may write identity tokens.
#[derive(Clone)]
pub struct Workflow {
    /// The path of `ACTIONS_ID_TOKEN_REQUEST_URL`; its query is always `api-version=2.0`.
    pub path: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub request_token: String,
    /// The subject of its tokens, such as `repo:owner/name:ref:refs/heads/main`.
    pub subject: String,
    /// The audience of a token for which none was asked: the owner's URL.
    pub default_audience: String,
    /// Signs the tokens.
    pub issuer: FederatedIssuer,
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("path", &self.path)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Workflow {
    pub(super) fn handle(
        &self,
        request: &Request<Vec<u8>>,
        serial: u64,
        now: u64,
    ) -> Response<Vec<u8>> {
        let no = |status, message: &str| refuse(status, &json!({"message": message}));
        if request.method() != Method::GET {
            return no(StatusCode::METHOD_NOT_ALLOWED, "GET alone is supported.");
        }
        if !is_authorized(request, &self.request_token) {
            return no(StatusCode::UNAUTHORIZED, "The request token is not valid.");
        }
        let Ok(query) = Fields::of_query(request.uri()) else {
            return no(StatusCode::BAD_REQUEST, "The query is malformed.");
        };
        if query.get("api-version") != Some("2.0") {
            return no(StatusCode::BAD_REQUEST, "The api-version is not 2.0.");
        }
        let audience = query.get("audience").unwrap_or(&self.default_audience);
        let validity = [now, now.saturating_add(TOKEN_SECONDS)];
        let token = identity_token(&self.issuer, &self.subject, audience, serial, validity);
        answer::json(StatusCode::OK, &json!({"value": token}), Outcome::Document)
    }
}
