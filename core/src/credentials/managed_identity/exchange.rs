//! What all endpoints of managed identities have in common: a resource and an id go out, a token
//! or an error comes in, and the source's rules say what the error means.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use url::Url;

use super::rules::is_silence;
use super::{ManagedIdentityId, SourceRules, Verdict};
use crate::attempts::http;
use crate::context::Context;
use crate::effect::{HttpReply, HttpRequest, HttpResponse, Requirements};
use crate::error::{Cause, Error, Invalid, What};
use crate::moves::{Next, done};
use crate::oauth::{Expiry, TokenAnswer};

/// How long one request may take: the endpoints are near, but ask Entra in their turn.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Endpoints of a host are asked directly, so no setting of a proxy or an authority is to blame.
pub(super) const NO_ANSWER: &str = "on an Azure host, see that its identity endpoint runs and can be reached from here; elsewhere use another credential";

/// An identity asked of a source.
pub(super) struct Exchange {
    pub(super) identity: ManagedIdentityId,
    pub(super) rules: SourceRules,
}

/// Under which names a source takes ids in a query; none for what it does not take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IdNames {
    pub(super) client: Option<&'static str>,
    pub(super) object: Option<&'static str>,
    pub(super) resource: Option<&'static str>,
}

impl Exchange {
    /// The endpoint with the query for a token.
    pub(super) fn url(
        &self,
        mut endpoint: Url,
        version: &str,
        names: IdNames,
        cx: &Context,
    ) -> Result<Url, Error> {
        let named = self.named(names).or_else(|invalid| cx.failed(invalid))?;
        let resource = resource(cx)?;
        let mut query = endpoint.query_pairs_mut();
        query.append_pair("api-version", version);
        query.append_pair("resource", &resource);
        query.extend_pairs(named);
        drop(query);
        Ok(endpoint)
    }

    /// The id with its name in a query.
    pub(super) fn named(&self, names: IdNames) -> Result<Option<(&'static str, &str)>, Invalid> {
        let (name, id) = match &self.identity {
            ManagedIdentityId::SystemAssigned => return Ok(None),
            ManagedIdentityId::ClientId(id) => (names.client, id),
            ManagedIdentityId::ObjectId(id) => (names.object, id),
            ManagedIdentityId::ResourceId(id) => (names.resource, id),
        };
        let why = match names.client {
            Some(_) => "this host takes a client id only",
            None => "this host has one identity only, so none can be named here",
        };
        let name = name.ok_or_else(|| Invalid::new(What::ManagedIdentity, why))?;
        Ok(Some((name, id)))
    }

    /// A request with what all have in common: no proxy, `Metadata: true`, the source's retries.
    pub(super) fn prepare(&self, request: HttpRequest, cx: &Context) -> HttpRequest {
        let requirements = Requirements {
            plain_http: request.url.scheme() == "http",
            ..Requirements::metadata_endpoint(TIMEOUT)
        };
        request
            .header(
                HeaderName::from_static("metadata"),
                HeaderValue::from_static("true"),
            )
            .requirements(requirements)
            .retry(self.rules.retry_at(cx.position()))
    }

    /// Sends the request and ends with its answer.
    pub(super) fn ask(self, request: HttpRequest) -> Next {
        http(request, move |reply, cx| done(self.read(reply, cx)?.token))
    }

    /// The token, or the error by the source's rules.
    pub(super) fn read(&self, reply: HttpReply, cx: &Context) -> Result<TokenAnswer, Error> {
        let response = reply.or_else(|failure| self.judge(failure, None, cx))?;
        TokenAnswer::read(&response, Expiry::Moment, cx)
            .or_else(|cause| self.judge(cause, Some(&response), cx))
    }

    pub(super) fn judge<T>(
        &self,
        cause: impl Into<Cause>,
        response: Option<&HttpResponse>,
        cx: &Context,
    ) -> Result<T, Error> {
        let cause = cause.into();
        let position = cx.position();
        let is_silent = matches!(&cause, Cause::Http(failure) if is_silence(failure));
        let verdict = self
            .rules
            .verdict(&cause, response, &self.identity, position);
        let result = match verdict {
            Verdict::Unavailable => cx.unavailable(cause),
            Verdict::Failed => cx.failed(cause),
        };
        result.map_err(|error: Error| match is_silent {
            true => error.advise(NO_ANSWER),
            false => error,
        })
    }
}

/// The resource of the only scope.
pub(super) fn resource(cx: &Context) -> Result<String, Error> {
    let resource = cx.request().resource().map(str::to_owned);
    resource.or_else(|invalid| cx.failed(invalid))
}

/// Adds a header field with the secret that a variable holds.
pub(super) fn secret_header(
    request: HttpRequest,
    name: &'static str,
    variable: &'static str,
    cx: &Context,
) -> Result<HttpRequest, Error> {
    let Some(value) = cx.environment().secret(variable).cloned() else {
        return cx.failed(Cause::MissingVariables(vec![variable]));
    };
    let is_fit = value.expose().bytes().all(|byte| byte.is_ascii_graphic());
    let request = request.secret_header(HeaderName::from_static(name), value);
    request.ok().filter(|_| is_fit).map_or_else(
        || {
            let why = "it must be one word of visible ASCII, to be sent in a header field";
            cx.failed(Invalid::new(What::Variable(variable), why))
        },
        Ok,
    )
}
