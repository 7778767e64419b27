//! The on-behalf-of grant: an application that was called with a user's token asks for another one,
//! to call further in the user's name.
//!
//! client ─► its proof ─► the user's token ─► scope ─► consent ─► conditional access ─► token

use super::client::authenticate;
use super::desk::Desk;
use super::refusal::Refusal;
use super::scope::Scope;
use super::token::{bearer_body, issue, requested_claims, tenant_grant};
use crate::application::Application;
use crate::directory::{Resource, Tenant, TokenVersion, User};
use crate::fields::Fields;
use crate::jwt::Jwt;
use crate::mint::{Grant, Mint, v1_issuer};
use crate::time::timestamp;
use http::Response;
use serde_json::{Map, Value, json};

/// The permission that user tokens for an application carry.
const APPLICATION_PERMISSION: &str = "access_as_user";

pub(super) fn answer(
    desk: &mut Desk<'_>,
    tenant: &Tenant,
    application: &Application,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let field = |name: &str| form.get(name).ok_or_else(|| Refusal::missing(name));
    if field("requested_token_use")? != "on_behalf_of" {
        return Err(Refusal::malformed("Unknown 'requested_token_use'."));
    }
    if form.has("requested_token_type") {
        return Err(Refusal::malformed("Only access tokens are issued here."));
    }
    let assertion = field("assertion")?;
    let proof = authenticate(desk, application, form)?;
    let user = check_assertion(desk, tenant, application, assertion)?;
    let scope = Scope::read(field("scope")?)?;
    let grant = tenant_grant(desk, tenant, application, scope.resource, proof, form)?;
    let permissions = consented(application, grant.resource, &scope)?;
    check_policies(desk, grant.resource, &requested_claims(form)?)?;

    let granted = permissions
        .iter()
        .map(|it| format!("{}/{it}", scope.resource));
    let granted: Vec<_> = granted.collect();
    let mut body = bearer_body(&grant);
    body.insert("scope".to_owned(), json!(granted.join(" ")));
    let permissions = permissions.join(" ");
    let token = desk
        .mint
        .delegated_token(&grant, user, &permissions, desk.now);
    Ok(issue(&grant, &token, body))
}

/// The token that `user` would call `application` with, as if its front end had asked for it.
pub(super) fn user_token(
    mint: &mut Mint,
    tenant: &Tenant,
    user: &User,
    application: &Application,
    now: u64,
) -> String {
    let front_end = tenant.applications.iter().find(|it| it.public);
    let resource = Resource {
        identifier: format!("api://{}", application.client_id),
        application_id: application.client_id.clone(),
        token_version: TokenVersion::V2,
    };
    let grant = Grant {
        tenant_id: Some(&tenant.id),
        client_id: &front_end.unwrap_or(application).client_id,
        object_id: &user.object_id,
        resource: &resource,
        audience: &resource.identifier,
        lifetime_seconds: tenant.token_seconds,
        authentication: 0,
        handles_challenges: false,
        managed_identity: None,
    };
    mint.delegated_token(&grant, user, APPLICATION_PERMISSION, now)
}

/// Whose token the assertion is; it must be an access token of this tenant for `application`.
fn check_assertion<'a>(
    desk: &Desk<'_>,
    tenant: &'a Tenant,
    application: &Application,
    text: &str,
) -> Result<&'a User, Refusal> {
    let bad_signature = |reason: &str| {
        let text = format!("Assertion failed signature validation. [Reason - {reason}]");
        Refusal::user_assertion(50013, text)
    };
    let jwt = Jwt::parse(text).ok_or_else(Refusal::user_assertion_format)?;
    let issuer = jwt.text("iss").unwrap_or_default();
    if issuer != desk.mint.v2_issuer(&tenant.id) && issuer != v1_issuer(&tenant.id) {
        let text = format!("The issuer '{issuer}' of the assertion is not this tenant.");
        return Err(Refusal::user_assertion(50013, text));
    }
    if jwt.key_id() != Some(desk.mint.key.key_id()) {
        return Err(bad_signature("The key was not found."));
    }
    if jwt.algorithm() != Some("RS256") || !jwt.is_signed_by(desk.mint.key.public()) {
        return Err(bad_signature("The signature does not fit the key."));
    }
    let client_id = &application.client_id;
    let audience = jwt.text("aud").unwrap_or_default();
    let identifier = audience.strip_prefix("api://").unwrap_or(audience);
    if !identifier.eq_ignore_ascii_case(client_id) {
        let text = format!(
            "The audience '{audience}' of the assertion is not the application '{client_id}' that \
             presents it."
        );
        return Err(Refusal::user_assertion(500_131, text));
    }
    let [not_before, expires] = ["nbf", "exp"].map(|claim| jwt.time(claim).unwrap_or(0));
    if desk.now < not_before || expires <= desk.now {
        let [now, expires] = [desk.now, expires].map(timestamp);
        let text = format!(
            "Assertion is not within its valid time range. Current time: {now}, expiry time of \
             assertion {expires}."
        );
        return Err(Refusal::user_assertion(500_133, text));
    }
    if jwt.text("idtyp") == Some("app") {
        return Err(Refusal::app_only_assertion(client_id));
    }
    if jwt.text("scp").is_none() {
        return Err(Refusal::id_token());
    }
    let object_id = jwt.text("oid").unwrap_or_default();
    tenant.user(object_id).ok_or_else(|| {
        let text = format!(
            "The user '{object_id}' is not in the tenant '{}'.",
            tenant.id
        );
        Refusal::user_assertion(50034, text)
    })
}

/// The permissions that the scope asks for, if there is consent to all of them.
fn consented<'a>(
    application: &'a Application,
    resource: &Resource,
    scope: &Scope<'a>,
) -> Result<Vec<&'a str>, Refusal> {
    let mut delegations = application.delegations.iter();
    let delegation = delegations.find(|it| it.resource.eq_ignore_ascii_case(&resource.identifier));
    let refuse = || Refusal::consent(&application.client_id, scope.resource);
    let known = delegation.ok_or_else(refuse)?;
    if scope.permissions.is_empty() {
        return Ok(known.scopes.iter().map(String::as_str).collect());
    }
    let is_known = |it: &&str| {
        known
            .scopes
            .iter()
            .any(|scope| scope.eq_ignore_ascii_case(it))
    };
    if scope.permissions.iter().all(is_known) {
        Ok(scope.permissions.clone())
    } else {
        Err(refuse())
    }
}

fn check_policies(
    desk: &Desk<'_>,
    resource: &Resource,
    claims: &Map<String, Value>,
) -> Result<(), Refusal> {
    let claims = Value::Object(claims.clone());
    let mut policies = desk.directory.access_policies.iter();
    let unmet = policies.find(|policy| {
        policy.resource.eq_ignore_ascii_case(&resource.identifier)
            && !contains(&claims, &policy.claims)
    });
    unmet.map_or(Ok(()), |policy| {
        Err(Refusal::interaction(
            &resource.identifier,
            policy.claims.to_string(),
        ))
    })
}

/// Whether everything in `part` is in `whole`, which may have more members in its objects.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|it| contains(it, value))),
        _ => whole == part,
    }
}
