//! How a resource receives a caller: by the access token in its `Authorization` field (RFC 6750).

use crate::answer;
use crate::directory::Resource;
use crate::entra::Entra;
use crate::record::Outcome;
use crate::verify::{Claims, VerifyError, verify_access_token};
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use serde_json::json;

/// Why a resource does not serve a request; its answer has the shape that Azure's resources share.
pub(crate) struct BearerError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl BearerError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: &str) -> BearerError {
        BearerError {
            status,
            code,
            message: message.to_owned(),
        }
    }

    fn unauthorized(code: &'static str, message: &str) -> BearerError {
        BearerError::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// The answer; where a token would help it says who issues one.
    pub(crate) fn answer(&self, entra: &Entra) -> Response<Vec<u8>> {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let outcome = Outcome::Refused {
            error: self.code.to_owned(),
            code: None,
        };
        let mut response = answer::json(self.status, &body, outcome);
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = format!(
                "Bearer authorization_uri=\"{}/common\", error=\"invalid_token\"",
                entra.authority()
            );
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }
}

/// The claims of the token that a request shows, which must be one of `entra`'s for the resource with
/// this application id.
pub(crate) fn admit(
    entra: &Entra,
    request: &Request<Vec<u8>>,
    application_id: &str,
    now: u64,
) -> Result<Claims, BearerError> {
    let shown = answer::only_header(request, AUTHORIZATION.as_str());
    let token = shown.and_then(|it| it.split_once(' ')).and_then(|it| {
        let (scheme, token) = it;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    let missing = "Authentication failed. The 'Authorization' header is missing or has no token.";
    let token = token.ok_or_else(|| BearerError::unauthorized("AuthenticationFailed", missing))?;
    let claims = verify_access_token(token, &entra.published_keys(), now).map_err(|error| {
        let code = match error {
            VerifyError::Expired => "ExpiredAuthenticationToken",
            _ => "InvalidAuthenticationToken",
        };
        BearerError::unauthorized(code, &error.to_string())
    })?;
    let audience = claims.audience().unwrap_or_default();
    let meant = Resource::find(&entra.directory().resources, audience);
    if meant.is_none_or(|it| it.application_id != application_id) {
        let message = "The access token has been obtained for another audience.";
        let code = "InvalidAuthenticationTokenAudience";
        return Err(BearerError::unauthorized(code, message));
    }
    Ok(claims)
}
