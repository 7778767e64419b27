//! The instance metadata service: virtual machines, scale sets, container instances, AKS nodes.
//!
//! begin ─► ask ─► on_token

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use url::Url;

use super::ManagedIdentityId;
use crate::attempts::http;
use crate::context::{Context, Position};
use crate::effect::{HttpFailure, HttpReply, HttpRequest, HttpResponse, Requirements};
use crate::error::{Cause, Error};
use crate::moves::{Next, done};
use crate::oauth::{AnswerFault, Expiry, ServiceError, TokenAnswer};
use crate::retry::RetryPolicy;

/// How long one request may take. The service answers within milliseconds when it is well, and
/// some seconds after a cold start.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn begin(endpoint: Url, identity: ManagedIdentityId, cx: &mut Context) -> Next {
    let request = token_request(endpoint, &identity, cx)?;
    http(request, move |reply, cx| on_token(reply, &identity, cx))
}

fn token_request(
    mut url: Url,
    identity: &ManagedIdentityId,
    cx: &mut Context,
) -> Result<HttpRequest, Error> {
    let resource = cx
        .request()
        .resource()
        .map(str::to_owned)
        .or_else(|invalid| cx.failed(invalid))?;
    url.query_pairs_mut()
        .append_pair("api-version", "2018-02-01")
        .append_pair("resource", &resource);
    let named = match identity {
        ManagedIdentityId::SystemAssigned => None,
        ManagedIdentityId::ClientId(id) => Some(("client_id", id)),
        ManagedIdentityId::ObjectId(id) => Some(("object_id", id)),
        ManagedIdentityId::ResourceId(id) => Some(("msi_res_id", id)),
    };
    if let Some((name, id)) = named {
        url.query_pairs_mut().append_pair(name, id);
    }
    let id = HeaderValue::from_str(&cx.entropy().uuid()).expect("a UUID is hex digits and dashes");
    let requirements = Requirements {
        plain_http: url.scheme() == "http",
        ..Requirements::metadata_endpoint(TIMEOUT)
    };
    let name = HeaderName::from_static;
    Ok(HttpRequest::get(url)
        .header(name("metadata"), HeaderValue::from_static("true"))
        .header(name("x-client-sku"), HeaderValue::from_static("azid"))
        .header(
            name("x-client-ver"),
            HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
        )
        .header(name("x-ms-client-request-id"), id)
        .requirements(requirements)
        .retry(RetryPolicy::imds()))
}

fn on_token(reply: HttpReply, identity: &ManagedIdentityId, cx: &mut Context) -> Next {
    let response = match reply {
        Ok(response) => response,
        Err(failure @ HttpFailure::BodyTooLarge { .. }) => return cx.failed(failure),
        Err(failure) => return cx.unavailable(failure), // nothing answers here: no Azure host
    };
    match TokenAnswer::read(&response, Expiry::Moment, cx) {
        Ok(answer) => done(answer.token),
        Err(cause) if means_absent(&cause, &response, identity, cx.position()) => {
            cx.unavailable(cause)
        }
        Err(cause) => cx.failed(cause),
    }
}

/// Whether an answer says that there is no managed identity here, rather than that it failed.
fn means_absent(
    cause: &Cause,
    response: &HttpResponse,
    identity: &ManagedIdentityId,
    position: Position,
) -> bool {
    match cause {
        // A proxy, such as Docker Desktop's, says so for an address that it cannot reach.
        _ if response.status == 403 && says_unreachable(cause, response) => true,
        Cause::Service(error) => {
            response.status == 400 && identity.is_system_assigned() && !is_about_resource(error)
        }
        Cause::Answer(AnswerFault::NotJson { .. } | AnswerFault::Redirect { .. }) => {
            position != Position::Alone
        }
        _ => false,
    }
}

/// The same status means a resource that Entra does not know: a mistake in the scope.
fn is_about_resource(error: &ServiceError) -> bool {
    error.error() == "invalid_resource" || !error.codes().is_empty()
}

/// Looks where a transcript keeps the word: in the error's own texts, or in a page of text.
fn says_unreachable(cause: &Cause, response: &HttpResponse) -> bool {
    let says = |text: &str| text.contains("unreachable");
    match cause {
        Cause::Service(error) => says(error.error()) || says(error.description()),
        Cause::Answer(AnswerFault::NotJson { .. }) => {
            std::str::from_utf8(response.body.expose()).is_ok_and(says)
        }
        _ => false,
    }
}

#[cfg(feature = "testing")]
pub(super) mod cases {
    use super::*;
    use crate::credentials::ManagedIdentityCredential;
    use crate::request::TokenRequest;
    use crate::testing::Case;

    pub(crate) fn cases() -> Vec<Case> {
        let named =
            |name, id| Case::new(name, ManagedIdentityCredential::with_id(id).expect("valid"));
        let case = |name| Case::new(name, ManagedIdentityCredential::new());
        let token = r#"{"access_token":"AT","client_id":"C","expires_in":"86399","expires_on":"1795341600","ext_expires_in":"86399","not_before":"1795255200","resource":"R","token_type":"Bearer"}"#;
        let no_identity = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
        let bad_resource = r#"{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal named R was not found"}"#;
        let resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
        let again =
            |case: Case, status, times| (0..times).fold(case, |case, _| case.http(status, ""));
        vec![
            case("the system-assigned identity").http(200, token),
            named("by client id", ManagedIdentityId::ClientId("client".into())).http(200, token),
            named("by object id", ManagedIdentityId::ObjectId("object".into())).http(200, token),
            named(
                "by resource id",
                ManagedIdentityId::ResourceId(resource_id.into()),
            )
            .http(200, token),
            case("at another address")
                .with("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:4242")
                .http(200, token),
            case("an address that is no URL")
                .with("AZURE_POD_IDENTITY_AUTHORITY_HOST", "127.0.0.1"),
            case("a date instead of a number").http(
                200,
                r#"{"access_token":"AT","expires_on":"11/22/2026 10:00:00 AM +00:00"}"#,
            ),
            case("a lifetime only").http(200, r#"{"access_token":"AT","expires_in":28799}"#),
            case("a clock that is ahead").http(
                200,
                r#"{"access_token":"AT","expires_on":"1795255000","expires_in":"3600"}"#,
            ),
            case("no identity on the host").http(400, no_identity),
            named(
                "no such identity on the host",
                ManagedIdentityId::ClientId("client".into()),
            )
            .http(400, no_identity),
            case("a resource that does not exist").http(400, bad_resource),
            case("a proxy that cannot reach it").http(403, "<html>host unreachable</html>"),
            case("forbidden").http(403, r#"{"error":"forbidden"}"#),
            case("a page of a proxy").http(200, "<html>Welcome</html>"),
            case("a page of a proxy in a chain")
                .http(200, "<html>Welcome</html>")
                .in_chain(),
            case("nobody there")
                .then(HttpFailure::Connect(Default::default()))
                .then(HttpFailure::TimedOut)
                .then(HttpFailure::TimedOut)
                .then(HttpFailure::TimedOut)
                .then(HttpFailure::TimedOut)
                .then(HttpFailure::TimedOut),
            again(case("an update of seventy seconds"), 410, 4).http(200, token),
            again(case("an update without end"), 410, 5),
            again(case("not there yet"), 404, 2).http(200, token),
            again(case("throttled for good"), 429, 6),
            case("two scopes").asks(TokenRequest::new(["a/.default", "b/.default"])),
            case("a host of another kind")
                .with("IDENTITY_ENDPOINT", "http://localhost:1")
                .with("IDENTITY_HEADER", "h"),
        ]
    }
}
