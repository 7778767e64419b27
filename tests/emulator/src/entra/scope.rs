//! Which resource a scope of the client credentials grant asks for.

use super::refusal::Refusal;

/// Scopes about the user, which mean nothing without one; some clients send them all the same.
const USER_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A scope without a resource means this one.
const DEFAULT_RESOURCE: &str = "https://graph.microsoft.com";

/// Reads a `scope` field, which must be one resource with `/.default` at its end.
///
/// The resource is everything before the last slash, so `https://vault.azure.net//.default` asks for
/// `https://vault.azure.net/`.
pub(super) fn resource_of(field: &str) -> Result<&str, Refusal> {
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
    let defaults = permissions
        .iter()
        .filter(|permission| **permission == ".default")
        .count();
    if resource.is_empty() || (defaults > 0 && defaults < permissions.len()) {
        return Err(invalid(field));
    }
    if defaults == 0 {
        let text = format!(
            "The scope '{field}' is not valid: client credentials need a resource with /.default."
        );
        return Err(Refusal::scope(1002012, text));
    }
    Ok(resource)
}

fn invalid(field: &str) -> Refusal {
    Refusal::scope(
        70011,
        format!("The value of the parameter 'scope' is not valid: '{field}'."),
    )
}
