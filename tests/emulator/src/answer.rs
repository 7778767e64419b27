//! Responses, each carrying the outcome that the log keeps of it.

use crate::record::Outcome;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use serde_json::Value;

/// A JSON body that no cache may keep.
pub(crate) fn json(status: StatusCode, body: &Value, outcome: Outcome) -> Response<Vec<u8>> {
    typed(
        status,
        "application/json; charset=utf-8",
        body.to_string(),
        outcome,
    )
}

/// A body of any type that no cache may keep.
pub(crate) fn typed(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    outcome: Outcome,
) -> Response<Vec<u8>> {
    let mut response = empty(status, outcome);
    *response.body_mut() = body.into();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response.headers_mut().insert(
        CACHE_CONTROL,
        http::HeaderValue::from_static("no-store, no-cache"),
    );
    response
}

/// A status and nothing else.
pub(crate) fn empty(status: StatusCode, outcome: Outcome) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response.extensions_mut().insert(outcome);
    response
}

/// Lets pages of any origin read an answer (the Fetch standard's CORS protocol).
pub(crate) fn share_with_pages(response: &mut Response<Vec<u8>>) {
    let everyone = http::HeaderValue::from_static("*");
    let headers = response.headers_mut();
    headers.insert(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, everyone);
}

/// The empty answer to a path that nothing is at.
pub(crate) fn not_found() -> Response<Vec<u8>> {
    empty(
        StatusCode::NOT_FOUND,
        Outcome::Refused {
            error: String::new(),
            code: None,
        },
    )
}

/// The value of a header that was sent exactly once as text.
pub(crate) fn only_header<'a>(request: &'a Request<Vec<u8>>, name: &str) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
