//! Requests to a token endpoint: what all grants have in common.

use std::sync::OnceLock;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use url::Url;

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

/// Says in a request's header fields which library sends it.
pub(crate) fn sign_by_library(headers: &mut HeaderMap) {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    headers.insert(name!("x-client-sku"), HeaderValue::from_static("azid"));
    headers.insert(name!("x-client-ver"), HeaderValue::from_static(VERSION));
}

/// A new id for a request, by which its receiver finds it again.
pub(crate) fn request_id(cx: &mut Context) -> HeaderValue {
    HeaderValue::from_bytes(&cx.entropy().uuid_digits()).expect("a UUID is hex digits and dashes")
}

/// A `GET` with Entra's correlation headers.
pub(crate) fn correlated_get(url: Url, cx: &mut Context) -> HttpRequest {
    let mut request = HttpRequest::get(url);
    request.headers = correlation(cx);
    request.headers.remove(CONTENT_TYPE);
    request
}

/// The header fields of a form for Entra. All but the id are made once: to copy them costs a third.
pub(crate) fn correlation(cx: &mut Context) -> HeaderMap {
    const PLATFORMS: usize = Platform::Other as usize + 1;
    static FIELDS: [OnceLock<HeaderMap>; PLATFORMS] = [const { OnceLock::new() }; PLATFORMS];
    let platform = cx.platform();
    let fields = FIELDS[platform as usize].get_or_init(|| correlation_without_id(platform));
    let mut headers = fields.clone();
    let mut fields = headers.iter_mut();
    if let Some((_, id)) = fields.find(|(name, _)| **name == REQUEST_ID) {
        *id = request_id(cx);
    }
    headers
}

const REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

fn correlation_without_id(platform: Platform) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HttpRequest::FORM);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(REQUEST_ID, HeaderValue::from_static(""));
    let wants_id = HeaderValue::from_static("true");
    headers.insert(name!("return-client-request-id"), wants_id);
    sign_by_library(&mut headers);
    headers.insert(name!("x-client-os"), HeaderValue::from_static(os(platform)));
    headers
}

fn os(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => "linux",
        Platform::MacOs => "macos",
        Platform::Windows => "windows",
        Platform::Other => "other",
    }
}
