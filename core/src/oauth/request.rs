//! Requests to a token endpoint: what all grants have in common.

use http::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use url::Url;

use super::Form;
use crate::context::{Context, Platform};
use crate::effect::HttpRequest;
use crate::request::TokenRequest;
use crate::retry::RetryPolicy;
use crate::secret::Secret;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a confidential client proves who it is.
#[derive(Debug)]
pub(crate) enum ClientAuthentication<'a> {
    /// By its secret (RFC 6749 section 2.3.1).
    Secret(&'a Secret),
    /// By an assertion (RFC 7523 section 2.2).
    Assertion(&'a Secret),
}

/// A client-credentials request (RFC 6749 section 4.4) with Entra's correlation headers.
pub(crate) fn token_request(
    endpoint: Url,
    client_id: &str,
    authentication: ClientAuthentication<'_>,
    cx: &mut Context,
) -> HttpRequest {
    let form = Form::new()
        .field("grant_type", "client_credentials")
        .field("client_id", client_id);
    let form = match authentication {
        ClientAuthentication::Secret(secret) => form.secret("client_secret", secret),
        ClientAuthentication::Assertion(assertion) => form
            .field("client_assertion_type", JWT_BEARER)
            .secret("client_assertion", assertion),
    };
    let form = form.field("scope", cx.request().scopes().join(" "));
    let form = match claims(cx.request()) {
        Some(claims) => form.field("claims", claims),
        None => form,
    };
    correlated(HttpRequest::post_form(endpoint, &form), cx).retry(RetryPolicy::entra())
}

/// The `claims` parameter: the request's own claims, and the capability `CP1` where the
/// application says that it handles challenges of continuous access evaluation.
fn claims(request: &TokenRequest) -> Option<String> {
    let given: Map<String, Value> = request
        .claims_json()
        .and_then(|claims| serde_json::from_str(claims).ok())
        .unwrap_or_default();
    let mut claims = Value::Object(given);
    if request.wants_cae() {
        let access_token = &mut claims["access_token"];
        if !access_token.is_object() {
            *access_token = json!({});
        }
        access_token["xms_cc"] = json!({ "values": ["CP1"] });
    }
    claims.as_object().filter(|claims| !claims.is_empty())?;
    Some(claims.to_string())
}

fn correlated(request: HttpRequest, cx: &mut Context) -> HttpRequest {
    let id = HeaderValue::from_str(&cx.entropy().uuid()).expect("a UUID is hex digits and dashes");
    let name = HeaderName::from_static;
    request
        .header(name("accept"), HeaderValue::from_static("application/json"))
        .header(name("client-request-id"), id)
        .header(
            name("return-client-request-id"),
            HeaderValue::from_static("true"),
        )
        .header(name("x-client-sku"), HeaderValue::from_static("azid"))
        .header(
            name("x-client-ver"),
            HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
        )
        .header(
            name("x-client-os"),
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
