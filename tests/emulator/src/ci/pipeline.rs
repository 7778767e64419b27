//! Azure Pipelines: a job's system access token buys a token for one of its service connections.
//!
//! redirect header ─► access token ─► method ─► version ─► empty body ─► connection ─► token

use super::{identity_token, is_authorized, refuse, refused};
use crate::answer;
use crate::directory::FederatedIssuer;
use crate::fields::Fields;
use crate::record::Outcome;
use http::header::{CONTENT_LENGTH, HOST, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;
use std::fmt;

/// Such a token lives for about ten minutes.
const TOKEN_SECONDS: u64 = 600;

const API_VERSION: &str = "7.1";

const SIGN_IN: &str = "https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com";

/// A running job of Azure Pipelines.
#[derive(Clone)]
pub struct Pipeline {
    /// The path of `SYSTEM_OIDCREQUESTURI`.
    pub path: String,
    /// `SYSTEM_ACCESSTOKEN`.
    pub access_token: String,
    /// The service connections that the job may use.
    pub connections: Vec<ServiceConnection>,
    /// Signs the tokens.
    pub issuer: FederatedIssuer,
    /// The audience of the tokens, always the same.
    pub audience: String,
}

/// A service connection with workload identity federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceConnection {
    /// A GUID.
    pub id: String,
    /// The subject of its tokens, such as `sc://organization/project/connection`.
    pub subject: String,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("path", &self.path)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    pub(super) fn handle(
        &self,
        request: &Request<Vec<u8>>,
        serial: u64,
        now: u64,
    ) -> Response<Vec<u8>> {
        let mut response = self
            .token(request, serial, now)
            .unwrap_or_else(|refusal| *refusal);
        let mut put = |name: &'static str, value: String| {
            let value = HeaderValue::from_str(&value).expect("numbers and letters are plain ASCII");
            response.headers_mut().insert(name, value);
        };
        put(
            "x-vss-e2eid",
            format!("{serial:08x}-0000-4000-8000-00000000e2e1"),
        );
        put(
            "x-msedge-ref",
            format!("Ref A: {serial:032X} Ref B: EMULATED Ref C: {now}"),
        );
        response
    }

    fn token(
        &self,
        request: &Request<Vec<u8>>,
        serial: u64,
        now: u64,
    ) -> Result<Response<Vec<u8>>, Box<Response<Vec<u8>>>> {
        let suppressed = answer::only_header(request, "x-tfs-fedauthredirect");
        if !suppressed.is_some_and(|value| value.eq_ignore_ascii_case("Suppress")) {
            return Err(Box::new(sign_in()));
        }
        let no = |status, message: &str| {
            let body = json!({"$id": "1", "message": message, "errorCode": 0});
            Err(Box::new(refuse(status, &body)))
        };
        if !is_authorized(request, &self.access_token) {
            let message = "TF400813: The user '' is not authorized to access this resource.";
            return no(StatusCode::UNAUTHORIZED, message);
        }
        if request.method() != Method::POST {
            let message = "The requested resource supports the method POST alone.";
            return no(StatusCode::METHOD_NOT_ALLOWED, message);
        }
        let Ok(query) = Fields::of_query(request.uri()) else {
            return no(StatusCode::BAD_REQUEST, "The query is malformed.");
        };
        if query.get("api-version") != Some(API_VERSION) {
            let message = "No api-version was supplied, or one other than 7.1.";
            return no(StatusCode::BAD_REQUEST, message);
        }
        if let Err(status) = check_empty_body(request) {
            return no(status, "The request must have an empty body, and say so.");
        }
        let Some(id) = query.get("serviceConnectionId") else {
            return no(
                StatusCode::BAD_REQUEST,
                "No serviceConnectionId was supplied.",
            );
        };
        let mut connections = self.connections.iter();
        let Some(connection) = connections.find(|it| it.id.eq_ignore_ascii_case(id)) else {
            let message = format!("No service connection found with identifier {id}.");
            return no(StatusCode::NOT_FOUND, &message);
        };
        let validity = [now, now.saturating_add(TOKEN_SECONDS)];
        let ServiceConnection { subject, .. } = connection;
        let token = identity_token(&self.issuer, subject, &self.audience, serial, validity);
        let body = json!({"oidcToken": token});
        Ok(answer::json(StatusCode::OK, &body, Outcome::Document))
    }
}

/// The way to a page for people, which the real service shows to those whose access token is bad;
/// here no request without the header gets past it, so that its absence shows at once.
fn sign_in() -> Response<Vec<u8>> {
    let mut response = answer::typed(
        StatusCode::FOUND,
        "text/html; charset=utf-8",
        "<html><head><title>Object moved</title></head></html>",
        refused(),
    );
    let location = HeaderValue::from_static(SIGN_IN);
    response.headers_mut().insert(LOCATION, location);
    response
}

/// A request that came over a connection, and so has a host, must also have a length.
fn check_empty_body(request: &Request<Vec<u8>>) -> Result<(), StatusCode> {
    let headers = request.headers();
    let over_connection = headers.contains_key(HOST);
    if over_connection && !headers.contains_key(CONTENT_LENGTH) {
        return Err(StatusCode::LENGTH_REQUIRED);
    }
    if request.body().is_empty() {
        Ok(())
    } else {
        Err(StatusCode::BAD_REQUEST)
    }
}
