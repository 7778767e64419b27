//! What a scope asks for: one resource, and permissions on it.

use super::refusal::Refusal;

/// Scopes about the user, which mean nothing without one; some clients send them all the same.
const USER_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A scope without a resource means this one.
const DEFAULT_RESOURCE: &str = "https://graph.microsoft.com";

/// A scope field, read.
pub(super) struct Scope<'a> {
    /// Everything before the last slash, so `https://vault.azure.net//.default` asks for
    /// `https://vault.azure.net/`.
    pub(super) resource: &'a str,
    /// The permissions by name; none stands for all, which is `.default`.
    pub(super) permissions: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// Reads a `scope` field: all of one resource, and `.default` never beside another permission.
    pub(super) fn read(field: &'a str) -> Result<Scope<'a>, Refusal> {
        let mut scopes = field
            .split(' ')
            .filter(|scope| !scope.is_empty() && !USER_SCOPES.contains(scope))
            .map(|scope| scope.rsplit_once('/').unwrap_or((DEFAULT_RESOURCE, scope)));
        let (resource, permission) = scopes.next().ok_or_else(|| invalid(field))?;
        let mut permissions = vec![permission];
        for (other, permission) in scopes {
            if other != resource {
                let text = format!("The scope '{field}' contains more than one resource.");
                return Err(Refusal::scope(28000, text));
            }
            permissions.push(permission);
        }
        let is_default = |permission: &&str| *permission == ".default";
        let defaults = permissions.iter().filter(|it| is_default(it)).count();
        if resource.is_empty() || (defaults > 0 && defaults < permissions.len()) {
            return Err(invalid(field));
        }
        permissions.retain(|it| !is_default(it));
        Ok(Scope {
            resource,
            permissions,
        })
    }
}

/// The resource that a `scope` field without a user asks for; it must end with `/.default`.
pub(super) fn resource_of(field: &str) -> Result<&str, Refusal> {
    let scope = Scope::read(field)?;
    if !scope.permissions.is_empty() {
        let text = format!(
            "The scope '{field}' is not valid: client credentials need a resource with /.default."
        );
        return Err(Refusal::scope(1002012, text));
    }
    Ok(scope.resource)
}

fn invalid(field: &str) -> Refusal {
    Refusal::scope(
        70011,
        format!("The value of the parameter 'scope' is not valid: '{field}'."),
    )
}
