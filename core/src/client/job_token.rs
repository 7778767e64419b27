//! Assertions that CI systems give their jobs, by an endpoint that only a job is told of.

use std::fmt;

use http::header::{ACCEPT, HeaderValue};
use url::Url;

use super::application::Application;
use super::exchange::{Client, Proof, Prove, Proven};
use super::grant::Grant;
use crate::attempts::http;
use crate::context::Context;
use crate::effect::{HttpFailure, HttpReply, HttpRequest, HttpResponse};
use crate::environment::Environment;
use crate::error::{Cause, Explain, Fault, Invalid, What};
use crate::moves::Next;
use crate::oauth::{read_assertion, safe_text};
use crate::retry::RetryPolicy;

/// The request for an assertion of the job, asked anew for every proof: an assertion lives for a
/// few minutes only.
pub(crate) struct JobToken {
    request: HttpRequest,
    member: &'static str,
    explain: Explain,
}

impl JobToken {
    /// A request whose answer has the assertion under this name.
    pub(crate) fn new(request: HttpRequest, member: &'static str, explain: Explain) -> Self {
        let request = request
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .retry(RetryPolicy::entra());
        Self {
            request,
            member,
            explain,
        }
    }
}

/// The endpoint that a variable names, with these parameters in its query instead of any of the
/// same names. It is sent a secret, so it must be an https URL.
pub(crate) fn job_endpoint(
    environment: &Environment,
    name: &'static str,
    parameters: &[(&str, &str)],
) -> Result<Url, Cause> {
    let Some(mut url) = environment.url(name)? else {
        return Err(Cause::MissingVariables(vec![name]));
    };
    let invalid = |why: &str| Err(Invalid::new(What::Variable(name), why).into());
    if url.scheme() != "https" {
        return invalid("it must be an absolute https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("it must not hold a user name or a password");
    }
    let is_kept = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && parameters.iter().all(|(given, _)| *given != name)
    };
    let query = url.query().unwrap_or_default();
    let kept: Vec<_> = query.split('&').filter(is_kept).collect();
    let kept = kept.join("&");
    url.set_fragment(None);
    url.set_query(Some(&kept));
    url.query_pairs_mut().extend_pairs(parameters);
    Ok(url)
}

impl Application {
    /// Asks for a token with a job's assertion, or says what to do where there is no job.
    pub(crate) fn exchange_by_job(
        &self,
        job: Result<JobToken, Cause>,
        elsewhere: &'static str,
        cx: &mut Context,
    ) -> Next {
        match job {
            Ok(assertion) => self.exchange(assertion, Grant::ClientCredentials, cx),
            Err(cause @ Cause::MissingVariables(_)) => cx
                .unavailable(cause)
                .map_err(|error| error.explained(Fault::Configuration, elsewhere)),
            Err(cause) => cx.failed(cause),
        }
    }
}

impl Prove for JobToken {
    fn prove(&self, _: &Client, then: Proven, _: &mut Context) -> Next {
        let (member, explain) = (self.member, self.explain);
        http(self.request.clone(), move |reply: HttpReply, cx| {
            let response = reply.or_else(|failure| {
                let failed: Result<HttpResponse, _> = cx.failed(failure);
                failed.map_err(|error| error.explained_by(unreachable))
            })?;
            match read_assertion(&response, member, cx) {
                Ok(assertion) => then(Proof::Assertion(assertion), cx),
                Err(cause) => refuse(cause, &response, explain, cx),
            }
        })
    }
}

/// The endpoint is the job's own, so neither the authority's host nor its certificate is at fault.
fn unreachable(cause: &Cause) -> Option<(Fault, &'static str)> {
    use HttpFailure::{Connect, Resolve, TimedOut};
    matches!(cause, Cause::Http(Resolve(_) | Connect(_) | TimedOut)).then_some((
        Fault::Network,
        "see whether this job can reach the endpoint that its variable names: check the network and the proxy variables",
    ))
}

fn refuse(cause: Cause, response: &HttpResponse, explain: Explain, cx: &Context) -> Next {
    let ids = REQUEST_IDS.iter().filter_map(|name| {
        let id = safe_text(response.header(name)?, 200, cx.sent_secrets());
        Some((*name, id)).filter(|(_, id)| !id.is_empty())
    });
    cx.failed(cause).map_err(|error| {
        let error = error.request_ids_are(ids.collect());
        error.explained_by(explain)
    })
}

/// The header fields by which the operators of Azure DevOps, and of what was built upon it, find a
/// request.
const REQUEST_IDS: [&str; 2] = ["x-vss-e2eid", "x-msedge-ref"];

impl fmt::Debug for JobToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobToken({:?})", self.request)
    }
}

#[cfg(feature = "testing")]
pub(crate) mod cases {
    use crate::effect::{HttpFailure, Refusal};
    use crate::testing::Case;

    /// What can happen to any request for a job's assertion that is answered under this name.
    pub(crate) fn with_issuer_answers(
        case: impl Fn(&'static str) -> Case,
        member: &str,
    ) -> Vec<Case> {
        let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
        let assertion = format!(r#"{{"{member}":"e30.job.c2ln"}}"#);
        let page = "<html>Sign in</html>";
        let stays = |name, status| (0..4).fold(case(name), |case, _| case.http(status, ""));
        vec![
            case("an issuer with a page").http(200, page),
            case("an issuer with a sign-in page").http(203, page),
            case("an issuer that redirects")
                .http(302, page)
                .header("location", "https://attacker.example/"),
            case("an issuer with nothing").http(200, ""),
            case("an issuer without an assertion").http(200, r#"{"count":1}"#),
            case("an issuer with an empty assertion").http(200, &format!(r#"{{"{member}":""}}"#)),
            case("an issuer with a number").http(200, &format!(r#"{{"{member}":7}}"#)),
            case("an issuer that says unauthorized")
                .http(401, "")
                .header("x-vss-e2eid", "11111111-1111-4111-8111-111111111111")
                .header("x-msedge-ref", "Ref A: 0123 Ref B: AMS01 Ref C: 2026-11-21T10:00:00Z"),
            case("an issuer that says forbidden").http(403, page),
            case("an issuer that says not found").http(
                404,
                r#"{"$id":"1","message":"No service connection found with identifier 7.","typeName":"Microsoft.TeamFoundation.Framework.NotFound, Core","typeKey":"NotFound","errorCode":0}"#,
            ),
            case("a pause asked for by the issuer")
                .http(429, "")
                .header("retry-after", "7")
                .http(200, &assertion)
                .http(200, token),
            case("an issuer with a passing fault")
                .http(503, page)
                .http(200, &assertion)
                .http(200, token),
            stays("an issuer with a fault that stays", 503),
            case("an issuer with too much to say")
                .then(HttpFailure::BodyTooLarge { limit: 1024 * 1024 }),
            (0..4).fold(case("an issuer that is silent"), |case, _| {
                case.then(HttpFailure::TimedOut)
            }),
            (0..4).fold(case("an issuer that cannot be reached in a chain"), |case, _| {
                case.then(HttpFailure::Connect(Default::default()))
            })
            .in_chain(),
            case("no HTTP for the issuer on this host").then(Refusal::NoSuchEffect),
        ]
    }
}
