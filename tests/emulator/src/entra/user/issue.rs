//! What every grant of a user flow ends with: tokens for the resource and about the user.

use super::account::Person;
use super::consent::{check_policy, find_resource};
use super::place::Place;
use super::refresh::RefreshToken;
use super::requested::Requested;
use crate::application::Application;
use crate::directory::{Resource, Tenant, User};
use crate::entra::client::Proof;
use crate::entra::desk::Desk;
use crate::entra::refusal::Refusal;
use crate::entra::scope::Scope;
use crate::entra::token::{bearer_body, issue, tenant_grant};
use crate::fields::Fields;
use crate::jwt::encode;
use crate::mint::IdToken;
use http::Response;
use serde_json::json;

/// Who gets tokens for what.
pub(super) struct Issue<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) person: &'a Person,
    pub(super) proof: Proof,
    /// The scope, as the token request or an earlier one wrote it.
    pub(super) scope: &'a str,
    /// Of the authorization request, to be repeated in the id token.
    pub(super) nonce: Option<&'a str>,
    /// The refresh token that goes along.
    pub(super) refresh_token: Option<RefreshToken>,
}

impl Issue<'_> {
    /// Answers the token request `form`.
    pub(super) fn answer(
        self,
        desk: &mut Desk<'_>,
        form: &Fields,
    ) -> Result<Response<Vec<u8>>, Refusal> {
        let (tenant, user) = self.person.find(desk.directory)?;
        let application = self.place.application;
        let requested = Requested::read_single(self.scope)?;
        let audience = requested.resource();
        let grant = tenant_grant(desk, tenant, application, audience, self.proof, form)?;
        let permissions = self.permissions(desk, tenant, &requested, grant.resource)?;

        let mut body = bearer_body(&grant);
        let mut put = |name: &str, value: &str| body.insert(name.to_owned(), json!(value));
        put("scope", &granted_scope(&requested, &permissions));
        if requested.has("openid") {
            let id_token = self.id_token(tenant, user, application, &requested);
            put("id_token", &desk.mint.id_token(&id_token, desk.now));
        }
        if form.get("client_info") == Some("1") {
            put("client_info", &client_info(self.person));
        }
        if let Some(refresh_token) = self.refresh_token {
            let name = desk.users.fresh_name("refresh");
            put("refresh_token", &name);
            if let Some(seconds) = refresh_token.fixed_seconds(desk.now) {
                body.insert("refresh_token_expires_in".to_owned(), json!(seconds));
            }
            desk.users.refresh_tokens.insert(&name, refresh_token);
        }
        let permissions = permissions.join(" ");
        let token = desk
            .mint
            .delegated_token(&grant, user, &permissions, desk.now);
        Ok(issue(&grant, &token, body))
    }

    /// What the access token allows; for a scope about the user alone, it is that scope.
    fn permissions(
        &self,
        desk: &Desk<'_>,
        tenant: &Tenant,
        requested: &Requested<'_>,
        resource: &Resource,
    ) -> Result<Vec<String>, Refusal> {
        let application = self.place.application;
        let Some(scope) = requested.resources.first() else {
            let scopes = requested.granted_user_scopes();
            return Ok(scopes.map(str::to_owned).collect());
        };
        find_resource(desk.directory, Some(tenant), application, scope)?;
        let consents = &desk.users.consents;
        let permissions = consents.granted(application, self.person, resource, scope)?;
        check_policy(desk.directory, resource, self.person)?;
        Ok(permissions)
    }

    fn id_token<'a>(
        &'a self,
        tenant: &'a Tenant,
        user: &'a User,
        application: &'a Application,
        requested: &Requested<'_>,
    ) -> IdToken<'a> {
        IdToken {
            tenant_id: &tenant.id,
            client_id: &application.client_id,
            user,
            nonce: self.nonce,
            profile: requested.has("profile"),
            email: requested.has("email"),
        }
    }
}

/// Who the user is to caches of clients: base64url of a JSON object.
pub(super) fn client_info(person: &Person) -> String {
    encode(json!({"uid": person.user_id, "utid": person.tenant_id}).to_string())
}

/// Permissions with their resource; what was asked for as `.default` is named so too.
fn granted_scope(requested: &Requested<'_>, permissions: &[String]) -> String {
    let mut scopes: Vec<String> = Vec::new();
    if let Some(Scope {
        resource,
        permissions: named,
    }) = requested.resources.first()
    {
        scopes.extend(permissions.iter().map(|it| format!("{resource}/{it}")));
        if named.is_empty() {
            scopes.push(format!("{resource}/.default"));
        }
    }
    scopes.extend(requested.granted_user_scopes().map(str::to_owned));
    scopes.join(" ")
}
