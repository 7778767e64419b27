//! A model of the one thing in Microsoft Graph that ends sessions: somebody revokes their own.

use crate::answer;
use crate::bearer::{self, BearerError};
use crate::entra::Entra;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

/// The application id of Microsoft Graph.
pub(crate) const APPLICATION_ID: &str = "00000003-0000-0000-c000-000000000000";

/// Where people revoke their sessions.
pub(crate) const REVOKE_PATH: &str = "/v1.0/me/revokeSignInSessions";

/// Answers one request to [`REVOKE_PATH`]: every refresh token of the caller is void from then on.
pub(crate) fn handle(entra: &mut Entra, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
    match caller(entra, request, now) {
        Ok(user_name) => {
            entra.revoke_refresh_tokens(&user_name);
            answer::json(StatusCode::OK, &json!({"value": true}), Outcome::Document)
        }
        Err(error) => error.answer(entra),
    }
}

fn caller(entra: &Entra, request: &Request<Vec<u8>>, now: u64) -> Result<String, BearerError> {
    if request.method() != Method::POST {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let message = "The method is not allowed here.";
        return Err(BearerError::new(status, "Request_BadRequest", message));
    }
    let claims = bearer::admit(entra, request, APPLICATION_ID, now)?;
    let user_name = claims.get("upn").and_then(|it| it.as_str());
    user_name.map(str::to_owned).ok_or_else(|| {
        let message = "/me request is only valid with delegated authentication flow.";
        BearerError::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    })
}
