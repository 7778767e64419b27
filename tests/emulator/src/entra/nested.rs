//! Tokens of this very service as client assertions: a managed identity that stands for an
//! application.
//!
//! Only user-assigned identities may; the refusal of any other token, of a user or of an
//! application, is one and the same.

use super::assertion::{Presented, check_time};
use super::desk::Desk;
use super::refusal::Refusal;
use crate::application::Application;
use crate::directory::Resource;
use crate::jwt::Jwt;
use crate::mint::{Mint, v1_issuer};

/// Whether the token names a tenant of this service as its issuer.
pub(super) fn is_of_this_service(mint: &Mint, jwt: &Jwt<'_>) -> bool {
    let (Some(issuer), Some(tenant)) = (jwt.text("iss"), jwt.text("tid")) else {
        return false;
    };
    issuer == mint.v2_issuer(tenant) || issuer == v1_issuer(tenant)
}

/// Checks that the token stands for `application`.
pub(super) fn check(
    desk: &Desk<'_>,
    application: &Application,
    jwt: &Jwt<'_>,
) -> Result<(), Refusal> {
    if jwt.key_id() != Some(desk.mint.key.key_id()) || jwt.algorithm() != Some("RS256") {
        return Err(Refusal::assertion_signature("the issuer has no such key"));
    }
    if !jwt.is_signed_by(desk.mint.key.public()) {
        return Err(Refusal::assertion_signature("the signature is invalid"));
    }
    if !is_user_assigned_identity(jwt) {
        return Err(Refusal::assertion_kind());
    }
    let tenant = jwt.text("tid").unwrap_or_default();
    let audience = jwt.text("aud").unwrap_or_default();
    let resource = Resource::find(&desk.directory.resources, audience);
    let issuer = if jwt.text("iss") == Some(&desk.mint.v2_issuer(tenant)) {
        format!("https://login.microsoftonline.com/{tenant}/v2.0")
    } else {
        v1_issuer(tenant)
    };
    let presented = Presented {
        issuer: &issuer,
        subject: jwt.text("sub").unwrap_or_default(),
        audiences: vec![resource.map_or(audience, |it| &it.identifier)],
    };
    presented.find_match(&application.federated_credentials)?;
    check_time(jwt, desk.now, 0)
}

fn is_user_assigned_identity(jwt: &Jwt<'_>) -> bool {
    const KIND: &str = "/providers/microsoft.managedidentity/userassignedidentities/";
    let resource_id = jwt.text("xms_mirid").unwrap_or_default();
    jwt.text("idtyp") == Some("app") && resource_id.to_ascii_lowercase().contains(KIND)
}
