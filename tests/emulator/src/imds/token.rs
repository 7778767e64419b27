//! The token path of the metadata service: which identity, which resource, one token.

use super::refusal::Refusal;
use crate::answer;
use crate::directory::Resource;
use crate::fields::Fields;
use crate::machine::{Machine, ManagedIdentity};
use crate::mint::{Grant, Mint};
use crate::record::Outcome;
use http::{Response, StatusCode};
use serde_json::json;

pub(super) fn answer(
    machine: &Machine,
    mint: &mut Mint,
    query: &Fields,
    now: u64,
) -> Result<Response<Vec<u8>>, Refusal> {
    let name = query
        .get("resource")
        .ok_or_else(|| Refusal::missing("resource"))?;
    let identity = choose(machine, query)?;
    let resource = Resource::find(&machine.resources, name)
        .ok_or_else(|| Refusal::resource(name, &machine.tenant_id))?;
    let token = mint.access_token(
        &Grant {
            tenant_id: Some(&machine.tenant_id),
            client_id: &identity.client_id,
            object_id: &identity.object_id,
            resource,
            audience: name,
            lifetime_seconds: machine.token_seconds,
            authentication: 2,
            handles_challenges: false,
            managed_identity: Some(&identity.resource_id),
        },
        now,
    );
    let seconds = machine.token_seconds.to_string();
    let body = json!({
        "access_token": token,
        "client_id": identity.client_id,
        "expires_in": seconds,
        "expires_on": now.saturating_add(machine.token_seconds).to_string(),
        "ext_expires_in": seconds,
        "not_before": now.saturating_sub(300).to_string(),
        "resource": name,
        "token_type": "Bearer",
    });
    let outcome = Outcome::Token {
        client_id: identity.client_id.clone(),
        resource: name.to_owned(),
    };
    Ok(answer::json(StatusCode::OK, &body, outcome))
}

/// Without an id the machine's own identity is meant, or else its only user-assigned one.
fn choose<'a>(machine: &'a Machine, query: &Fields) -> Result<&'a ManagedIdentity, Refusal> {
    type Name = fn(&ManagedIdentity) -> &str;
    let names: [(&str, Name); 4] = [
        ("client_id", |it| &it.client_id),
        ("object_id", |it| &it.object_id),
        ("msi_res_id", |it| &it.resource_id),
        ("mi_res_id", |it| &it.resource_id),
    ];
    let mut given = names.iter().filter(|(parameter, _)| query.has(parameter));
    match (given.next(), given.next()) {
        (Some((parameter, name)), None) => {
            let id = query.get(parameter).unwrap_or_default();
            let mut identities = machine.system_assigned.iter().chain(&machine.user_assigned);
            identities
                .find(|it| name(it).eq_ignore_ascii_case(id))
                .ok_or_else(Refusal::no_identity)
        }
        (Some(_), Some(_)) => Err(Refusal::several_ids()),
        (None, _) => match (&machine.system_assigned, machine.user_assigned.as_slice()) {
            (Some(identity), _) | (None, [identity]) => Ok(identity),
            (None, []) => Err(Refusal::no_identity()),
            (None, _) => Err(Refusal::several_identities()),
        },
    }
}
