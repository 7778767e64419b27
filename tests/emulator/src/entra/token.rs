//! The token endpoint (RFC 6749 section 3.2) with the client credentials grant (section 4.4).
//! The grants that act for a user have files of their own.
//!
//! method ─► tenant ─► form ─► grant ─► client ─► its proof ─► scope ─► claims ─► token

use super::Service;
use super::client::{Proof, authenticate};
use super::desk::Desk;
use super::on_behalf_of;
use super::refusal::Refusal;
use super::scope::resource_of;
use super::tenant::TenantName;
use super::user::{self, UserGrant};
use crate::answer;
use crate::application::Application;
use crate::directory::{Resource, Tenant};
use crate::fields::Fields;
use crate::mint::Grant;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};

const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The life of a token for a client that handles claims challenges.
const CHALLENGE_AWARE_SECONDS: u64 = 86_399;

/// The life of a token of AD FS.
const ADFS_SECONDS: u64 = 3_600;

/// Tokens that live longer than this come with a wish for an early refresh.
const LONG_SECONDS: u64 = 7_200;

pub(super) fn answer(
    desk: &mut Desk<'_>,
    request: &Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::method(request.method()));
    }
    let tenant = match desk.service {
        Service::Tenant(name) => Some(TenantName::resolve(desk.directory, name)?),
        Service::Adfs => None,
    };
    let form = read_form(request)?;
    let grant = form
        .get("grant_type")
        .ok_or_else(|| Refusal::missing("grant_type"))?;
    let user_grant = UserGrant::read(grant);
    let on_behalf_of = match (grant, &tenant) {
        ("client_credentials", _) => false,
        (ON_BEHALF_OF, Some(_)) => true,
        (_, Some(_)) if user_grant.is_some() => false,
        (other, _) => return Err(Refusal::grant(other)),
    };
    if tenant.is_some() && form.has("resource") {
        return Err(Refusal::resource_parameter());
    }
    let client_id = form
        .get("client_id")
        .ok_or_else(|| Refusal::missing("client_id"))?;
    if let Some((grant, tenant)) = user_grant.zip(tenant.as_ref()) {
        return user::token(desk, grant, tenant, client_id, &form);
    }
    match tenant {
        Some(TenantName::Common | TenantName::Consumers) => Err(Refusal::shared_endpoint()),
        Some(TenantName::Organizations) => Err(Refusal::single_tenant(client_id)),
        Some(TenantName::Known(tenant)) => {
            let application = find(&tenant.applications, client_id, &tenant.id)?;
            if desk.endpoint.is_regional() && !application.regional {
                return Err(Refusal::regional());
            }
            if on_behalf_of {
                return on_behalf_of::answer(desk, tenant, application, &form);
            }
            grant_by_tenant(desk, tenant, application, &form)
        }
        None => {
            let application = find(&desk.directory.adfs_applications, client_id, "adfs")?;
            grant_by_adfs(desk, application, &form)
        }
    }
}

fn grant_by_tenant(
    desk: &mut Desk<'_>,
    tenant: &Tenant,
    application: &Application,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let proof = authenticate(desk, application, form)?;
    let audience = resource_of(form.get("scope").ok_or_else(|| Refusal::missing("scope"))?)?;
    let grant = tenant_grant(desk, tenant, application, audience, proof, form)?;
    let token = desk.mint.access_token(&grant, desk.now);
    Ok(issue(&grant, &token, bearer_body(&grant)))
}

/// What a tenant grants an application on a resource, be it for itself or for a user.
pub(super) fn tenant_grant<'a>(
    desk: &Desk<'a>,
    tenant: &'a Tenant,
    application: &'a Application,
    audience: &'a str,
    proof: Proof,
    form: &Fields,
) -> Result<Grant<'a>, Refusal> {
    let resource = Resource::find(&desk.directory.resources, audience)
        .ok_or_else(|| Refusal::resource(audience, &tenant.id))?;
    let handles_challenges = handles_challenges(&requested_claims(form)?);
    Ok(Grant {
        tenant_id: Some(&tenant.id),
        client_id: &application.client_id,
        object_id: &application.object_id,
        resource,
        audience,
        lifetime_seconds: if handles_challenges {
            CHALLENGE_AWARE_SECONDS
        } else {
            tenant.token_seconds
        },
        authentication: authentication(proof),
        handles_challenges,
        managed_identity: None,
    })
}

/// What a tenant's answer has beside the token.
pub(super) fn bearer_body(grant: &Grant<'_>) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("token_type".to_owned(), json!("Bearer"));
    body.insert("expires_in".to_owned(), json!(grant.lifetime_seconds));
    body.insert("ext_expires_in".to_owned(), json!(grant.lifetime_seconds));
    if grant.lifetime_seconds > LONG_SECONDS {
        body.insert("refresh_in".to_owned(), json!(grant.lifetime_seconds / 2));
    }
    body
}

/// AD FS takes the resource as a scope or, in the older way, as `resource`; it writes numbers as texts.
fn grant_by_adfs(
    desk: &mut Desk<'_>,
    application: &Application,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let proof = authenticate(desk, application, form)?;
    let audience = match form.get("resource") {
        Some(resource) => resource,
        None => resource_of(form.get("scope").ok_or_else(|| Refusal::missing("scope"))?)?,
    };
    let resource = Resource::find(&desk.directory.resources, audience)
        .ok_or_else(|| Refusal::resource(audience, "adfs"))?;
    let grant = Grant {
        tenant_id: None,
        client_id: &application.client_id,
        object_id: &application.object_id,
        resource,
        audience,
        lifetime_seconds: ADFS_SECONDS,
        authentication: authentication(proof),
        handles_challenges: false,
        managed_identity: None,
    };
    let mut body = Map::new();
    body.insert("token_type".to_owned(), json!("bearer"));
    body.insert("expires_in".to_owned(), json!(ADFS_SECONDS.to_string()));
    let token = desk.mint.access_token(&grant, desk.now);
    Ok(issue(&grant, &token, body))
}

/// The answer with `token` in it.
pub(super) fn issue(
    grant: &Grant<'_>,
    token: &str,
    mut body: Map<String, Value>,
) -> Response<Vec<u8>> {
    body.insert("access_token".to_owned(), json!(token));
    let outcome = Outcome::Token {
        client_id: grant.client_id.to_owned(),
        resource: grant.audience.to_owned(),
    };
    answer::json(StatusCode::OK, &Value::Object(body), outcome)
}

/// A body of another type than a form is as good as none, so its first field is missing.
pub(super) fn read_form(request: &Request<Vec<u8>>) -> Result<Fields, Refusal> {
    let content_type = answer::only_header(request, header::CONTENT_TYPE.as_str());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !essence
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return Err(Refusal::missing("grant_type"));
    }
    Fields::parse(request.body()).map_err(Refusal::form)
}

pub(super) fn find<'a>(
    applications: impl IntoIterator<Item = &'a Application>,
    client_id: &str,
    tenant: &str,
) -> Result<&'a Application, Refusal> {
    let application = applications
        .into_iter()
        .find(|application| application.client_id.eq_ignore_ascii_case(client_id))
        .ok_or_else(|| Refusal::application(client_id, tenant))?;
    if application.disabled {
        return Err(Refusal::disabled(client_id));
    }
    Ok(application)
}

/// The `claims` field, which must be a JSON object; without one it is empty.
pub(super) fn requested_claims(form: &Fields) -> Result<Map<String, Value>, Refusal> {
    let Some(claims) = form.get("claims") else {
        return Ok(Map::new());
    };
    serde_json::from_str(claims)
        .map_err(|_| Refusal::malformed("The parameter 'claims' is not a JSON object."))
}

/// Whether requested claims name the capability `CP1`.
fn handles_challenges(claims: &Map<String, Value>) -> bool {
    let capabilities = claims
        .get("access_token")
        .and_then(|it| it.get("xms_cc")?.get("values")?.as_array())
        .map_or(&[][..], Vec::as_slice);
    capabilities
        .iter()
        .filter_map(Value::as_str)
        .any(|capability| capability.eq_ignore_ascii_case("CP1"))
}

/// The number by which a token says how its client was authenticated.
fn authentication(proof: Proof) -> u8 {
    match proof {
        Proof::None => 0,
        Proof::Secret => 1,
        Proof::Assertion => 2,
    }
}
