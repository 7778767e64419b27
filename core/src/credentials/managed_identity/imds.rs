//! The instance metadata service: virtual machines, scale sets, container instances, AKS nodes.
//!
//! begin ─► ask ─► on_token

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use url::Url;

use super::ManagedIdentityId;
use crate::context::{Context, Position};
use crate::effect::{HttpFailure, HttpReply, HttpRequest, HttpResponse, Requirements};
use crate::error::{Cause, Error};
use crate::oauth::{AnswerFault, Expiry, ServiceError, TokenAnswer};
use crate::retry::RetryPolicy;
use crate::run::{Next, done, http};

/// How long one request may take. The service answers within milliseconds when it is well, and
/// some seconds after a cold start.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn begin(endpoint: Url, identity: ManagedIdentityId, cx: &mut Context) -> Next {
    let request = token_request(endpoint, &identity, cx)?;
    http(request, move |reply, cx| on_token(reply, &identity, cx))
}

fn token_request(mut url: Url, identity: &ManagedIdentityId, cx: &mut Context) -> Result<HttpRequest, Error> {
    let resource = cx.request().resource().map(str::to_owned).or_else(|invalid| cx.failed(invalid))?;
    url.query_pairs_mut().append_pair("api-version", "2018-02-01").append_pair("resource", &resource);
    match identity {
        ManagedIdentityId::SystemAssigned => {}
        ManagedIdentityId::ClientId(id) => drop(url.query_pairs_mut().append_pair("client_id", id)),
        ManagedIdentityId::ObjectId(id) => drop(url.query_pairs_mut().append_pair("object_id", id)),
        ManagedIdentityId::ResourceId(id) => drop(url.query_pairs_mut().append_pair("msi_res_id", id)),
    }
    let id = HeaderValue::from_str(&cx.entropy().uuid()).expect("a UUID is hex digits and dashes");
    let requirements = Requirements { plain_http: url.scheme() == "http", ..Requirements::metadata_endpoint(TIMEOUT) };
    let name = HeaderName::from_static;
    Ok(HttpRequest::get(url)
        .header(name("metadata"), HeaderValue::from_static("true"))
        .header(name("x-client-sku"), HeaderValue::from_static("azid"))
        .header(name("x-client-ver"), HeaderValue::from_static(env!("CARGO_PKG_VERSION")))
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
        Err(cause) if means_absent(&cause, &response, identity, cx.position()) => cx.unavailable(cause),
        Err(cause) => cx.failed(cause),
    }
}

/// Whether an answer says that there is no managed identity here, rather than that it failed.
fn means_absent(cause: &Cause, response: &HttpResponse, identity: &ManagedIdentityId, position: Position) -> bool {
    match cause {
        // A proxy, such as Docker Desktop's, says so for an address that it cannot reach.
        _ if response.status == 403 && mentions(response, b"unreachable") => true,
        Cause::Service(error) => {
            response.status == 400 && identity.is_system_assigned() && !is_about_resource(error)
        }
        Cause::Answer(AnswerFault::NotJson { .. } | AnswerFault::Redirect { .. }) => position != Position::Alone,
        _ => false,
    }
}

/// The same status means a resource that Entra does not know: a mistake in the scope.
fn is_about_resource(error: &ServiceError) -> bool {
    error.error() == "invalid_resource" || !error.codes().is_empty()
}

fn mentions(response: &HttpResponse, word: &[u8]) -> bool {
    response.body.expose().windows(word.len()).any(|window| window == word)
}
