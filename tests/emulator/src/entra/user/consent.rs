//! What users have let applications do, beside what the directory says of all of them.

use super::account::Person;
use crate::application::{Application, Delegation};
use crate::directory::{Directory, Resource, Tenant};
use crate::entra::refusal::Refusal;
use crate::entra::scope::Scope;
use std::collections::BTreeSet;

const MAX_CONSENTS: usize = 10_000;

/// Permissions by application, user and resource.
#[derive(Debug, Default)]
pub(super) struct Consents(BTreeSet<[String; 4]>);

impl Consents {
    /// Notes that `person` has agreed to everything in `scope`.
    pub(super) fn add(
        &mut self,
        application: &Application,
        person: &Person,
        resource: &Resource,
        scope: &Scope<'_>,
    ) {
        for permission in &scope.permissions {
            if self.0.len() < MAX_CONSENTS {
                self.0
                    .insert(key(application, person, resource, permission));
            }
        }
    }

    /// The permissions that the scope asks for, if there is consent to all of them.
    pub(super) fn granted(
        &self,
        application: &Application,
        person: &Person,
        resource: &Resource,
        scope: &Scope<'_>,
    ) -> Result<Vec<String>, Refusal> {
        let delegation = delegation(application, resource);
        if scope.permissions.is_empty() {
            let unlisted = || Refusal::unlisted_resource(&application.client_id, scope.resource);
            return Ok(delegation.ok_or_else(unlisted)?.scopes.clone());
        }
        let is_delegated = |permission: &str| {
            let mut scopes = delegation.iter().flat_map(|it| &it.scopes);
            scopes.any(|it| it.eq_ignore_ascii_case(permission))
        };
        let is_granted = |permission: &&str| {
            is_delegated(permission)
                || self
                    .0
                    .contains(&key(application, person, resource, permission))
        };
        if scope.permissions.iter().all(is_granted) {
            Ok(scope.permissions.iter().map(|&it| it.to_owned()).collect())
        } else {
            Err(Refusal::consent(&application.client_id, scope.resource))
        }
    }
}

/// Finds the resource of `scope`, which must be one that the application may ask for.
pub(super) fn find_resource<'a>(
    directory: &'a Directory,
    tenant: Option<&Tenant>,
    application: &Application,
    scope: &Scope<'_>,
) -> Result<&'a Resource, Refusal> {
    let tenant = tenant.map_or("organizations", |it| &it.id);
    let resource = Resource::find(&directory.resources, scope.resource)
        .ok_or_else(|| Refusal::resource(scope.resource, tenant))?;
    if scope.permissions.is_empty() && delegation(application, resource).is_none() {
        let client_id = &application.client_id;
        return Err(Refusal::unlisted_resource(client_id, scope.resource));
    }
    Ok(resource)
}

/// Checks that `person` has proved enough for what conditional access wants of the resource.
pub(super) fn check_policy(
    directory: &Directory,
    resource: &Resource,
    person: &Person,
) -> Result<(), Refusal> {
    let mut policies = directory.access_policies.iter();
    let policy = policies.find(|it| it.resource.eq_ignore_ascii_case(&resource.identifier));
    match policy {
        Some(policy) if !person.strong => {
            let claims = policy.claims.to_string();
            Err(Refusal::interaction(&resource.identifier, claims))
        }
        _ => Ok(()),
    }
}

fn delegation<'a>(application: &'a Application, resource: &Resource) -> Option<&'a Delegation> {
    let mut delegations = application.delegations.iter();
    delegations.find(|it| it.resource.eq_ignore_ascii_case(&resource.identifier))
}

fn key(
    application: &Application,
    person: &Person,
    resource: &Resource,
    permission: &str,
) -> [String; 4] {
    [
        application.client_id.to_ascii_lowercase(),
        person.user_id.to_ascii_lowercase(),
        resource.identifier.to_ascii_lowercase(),
        permission.to_ascii_lowercase(),
    ]
}
