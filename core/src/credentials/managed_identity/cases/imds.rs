//! The instance metadata service, and how it is told from Azure Arc.

use std::borrow::Cow;

use super::{RESOURCE_ID, TOKEN, again, no_answer};
use crate::context::Platform;
use crate::credentials::{
    ManagedIdentityCredential, ManagedIdentityId, Probe, Sign, SourceRules, Standing, Verdict,
    VerdictRule,
};
use crate::effect::{FileFailure, HttpFailure, Refusal};
use crate::memory::Fact;
use crate::request::TokenRequest;
use crate::retry::RetryPolicy;
use crate::testing::Case;

const NO_IDENTITY: &str = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
const BAD_RESOURCE: &str = r#"{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal named R was not found"}"#;
const NO_HEADER: &str =
    r#"{"error":"bad_request_102","error_description":"Required metadata header not specified"}"#;
const KEY: &str = "the metadata service at http://169.254.169.254/metadata/identity/oauth2/token";

pub(super) fn cases() -> Vec<Case> {
    let of = |name, credential: ManagedIdentityCredential| {
        Case::new(name, credential).then(FileFailure::NotFound)
    };
    let case = |name| of(name, ManagedIdentityCredential::new());
    let named = |name, id| of(name, ManagedIdentityCredential::with_id(id).expect("valid"));
    let elsewhere = |name| {
        Case::new(name, ManagedIdentityCredential::new())
            .with("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:4242")
    };
    let probed = |name| case(name).in_chain().http(400, NO_HEADER);
    let client = || ManagedIdentityId::ClientId("client".into());
    let mut cases = vec![
        case("the system-assigned identity").http(200, TOKEN),
        named("by client id", client()).http(200, TOKEN),
        named("by object id", ManagedIdentityId::ObjectId("object".into())).http(200, TOKEN),
        named(
            "by resource id",
            ManagedIdentityId::ResourceId(RESOURCE_ID.into()),
        )
        .http(200, TOKEN),
        elsewhere("at another address").http(200, TOKEN),
        elsewhere("at another address in a chain")
            .in_chain()
            .http(400, NO_HEADER)
            .http(200, TOKEN),
        elsewhere("nobody at another address in a chain")
            .in_chain()
            .then(HttpFailure::TimedOut),
        Case::new(
            "an address that is no URL",
            ManagedIdentityCredential::new(),
        )
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
        case("no identity on the host").http(400, NO_IDENTITY),
        named("no such identity on the host", client()).http(400, NO_IDENTITY),
        case("a resource that does not exist").http(400, BAD_RESOURCE),
        case("a proxy that cannot reach it").http(403, "<html>host unreachable</html>"),
        case("forbidden").http(403, r#"{"error":"forbidden"}"#),
        case("a page of a proxy").http(200, "<html>Welcome</html>"),
        case("an empty body").http(200, ""),
        case("a redirect").http(302, ""),
        case("a body too large").then(HttpFailure::BodyTooLarge { limit: 1024 * 1024 }),
        no_answer(case("nobody there"), 6),
        again(case("an update of seventy seconds"), 410, 4).http(200, TOKEN),
        again(case("an update without end"), 410, 5),
        again(case("not there yet"), 404, 2).http(200, TOKEN),
        again(case("throttled for good"), 429, 6),
        case("a pause that the service asks for")
            .http(429, "")
            .header("retry-after", "7")
            .http(200, TOKEN),
        case("two scopes").asks(TokenRequest::new(["a/.default", "b/.default"])),
        of(
            "retries of one's own",
            ManagedIdentityCredential::new().retry(RetryPolicy::never()),
        )
        .http(404, ""),
    ];
    let mut strict = SourceRules::imds();
    let rule = VerdictRule::new(&[], Sign::NoAnswer, Verdict::Failed).standing(Standing::Alone);
    strict.verdicts = Cow::Owned(vec![rule]);
    strict.retry = RetryPolicy::never();
    cases.extend([
        no_answer(
            of(
                "rules of one's own",
                ManagedIdentityCredential::new().rules(strict),
            ),
            1,
        ),
        probed("a probe that finds it").http(200, TOKEN),
        again(case("a probe that finds anybody").in_chain(), 500, 1).http(200, TOKEN),
        case("a probe of an answer without end")
            .in_chain()
            .then(HttpFailure::BodyTooLarge { limit: 1024 * 1024 })
            .http(200, TOKEN),
        no_answer(case("a probe that finds nobody").in_chain(), 1),
        case("a probe that a proxy answers")
            .in_chain()
            .http(403, "<html>host unreachable</html>"),
        case("a service that is known from before")
            .in_chain()
            .remembers(KEY, Fact::Answered)
            .http(200, TOKEN),
        of(
            "a chain without a probe",
            ManagedIdentityCredential::new().probe(Probe::Never),
        )
        .in_chain()
        .http(200, TOKEN),
        probed("no identity on the host, in a chain").http(400, NO_IDENTITY),
        probed("a page of a proxy in a chain").http(200, "<html>Welcome</html>"),
        again(probed("an update in a chain"), 410, 4).http(200, TOKEN),
        again(case("a wrong responder in a chain").in_chain(), 404, 7),
        no_answer(probed("a service that falls silent in a chain"), 3),
        Case::new("a host without files", ManagedIdentityCredential::new())
            .then(Refusal::NoSuchEffect)
            .http(200, TOKEN),
        Case::new(
            "an agent that nobody may look for",
            ManagedIdentityCredential::new(),
        )
        .then(FileFailure::PermissionDenied)
        .http(200, TOKEN),
        Case::new(
            "a platform without agents",
            ManagedIdentityCredential::new(),
        )
        .on(Platform::Other)
        .then(HttpFailure::TimedOut)
        .http(200, TOKEN),
    ]);
    cases
}
