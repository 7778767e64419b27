//! Requests to a token endpoint: what all grants have in common.

use http::header::{ACCEPT, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::context::{Context, Platform};
use crate::effect::HttpRequest;
use crate::json::{read_object, write};
use crate::request::TokenRequest;

/// The name of a header field, read by the compiler.
macro_rules! name {
    ($name:literal) => {
        const { HeaderName::from_static($name) }
    };
}

/// The `claims` parameter: the request's own claims, and the capability `CP1` where the
/// application says that it handles challenges of continuous access evaluation.
pub(crate) fn claims(request: &TokenRequest) -> Option<String> {
    if request.claims_json().is_none() && !request.wants_cae() {
        return None;
    }
    let given = request
        .claims_json()
        .and_then(|claims| read_object(claims.as_bytes()));
    let mut claims = Value::Object(given.unwrap_or_default());
    if request.wants_cae() {
        let access_token = &mut claims["access_token"];
        if !access_token.is_object() {
            *access_token = json!({});
        }
        access_token["xms_cc"] = json!({ "values": ["CP1"] });
    }
    claims.as_object().filter(|claims| !claims.is_empty())?;
    Some(write(&claims))
}

/// A request that says which library sends it.
pub(crate) fn signed_by_library(request: HttpRequest) -> HttpRequest {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    request
        .header(name!("x-client-sku"), HeaderValue::from_static("azid"))
        .header(name!("x-client-ver"), HeaderValue::from_static(VERSION))
}

/// A new id for a request, by which its receiver finds it again.
pub(crate) fn request_id(cx: &mut Context) -> HeaderValue {
    HeaderValue::try_from(cx.entropy().uuid()).expect("a UUID is hex digits and dashes")
}

/// A request with Entra's correlation headers.
pub(crate) fn correlated(request: HttpRequest, cx: &mut Context) -> HttpRequest {
    let request = request
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(name!("client-request-id"), request_id(cx))
        .header(
            name!("return-client-request-id"),
            HeaderValue::from_static("true"),
        );
    signed_by_library(request).header(
        name!("x-client-os"),
        HeaderValue::from_static(os(cx.platform())),
    )
}

fn os(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => "linux",
        Platform::MacOs => "macos",
        Platform::Windows => "windows",
        Platform::Other => "other",
    }
}
