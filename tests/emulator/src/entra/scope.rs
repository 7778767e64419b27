//! What a scope asks for: one resource, and permissions on it.

use super::refusal::Refusal;

/// Scopes about the user, which mean nothing without one; some clients send them all the same.
pub(super) const USER_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A scope without a resource means this one.
pub(super) const DEFAULT_RESOURCE: &str = "https://graph.microsoft.com";

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
        let mut scopes = Scope::read_all(field)?;
        match (scopes.pop(), scopes.pop()) {
            (Some(scope), None) => Ok(scope),
            (None, _) => Err(Refusal::invalid_scope(field)),
            (Some(_), Some(_)) => Err(Refusal::several_resources(field)),
        }
    }

    /// Reads a `scope` field with any number of resources, in the order of their first mention.
    pub(super) fn read_all(field: &'a str) -> Result<Vec<Scope<'a>>, Refusal> {
        let mut scopes: Vec<Scope<'a>> = Vec::new();
        let words = field.split(' ');
        for word in words.filter(|it| !it.is_empty() && !USER_SCOPES.contains(it)) {
            let (resource, permission) = word.rsplit_once('/').unwrap_or((DEFAULT_RESOURCE, word));
            match scopes.iter_mut().find(|it| it.resource == resource) {
                Some(scope) => scope.permissions.push(permission),
                None => scopes.push(Scope {
                    resource,
                    permissions: vec![permission],
                }),
            }
        }
        for scope in &mut scopes {
            let count = scope.permissions.len();
            scope.permissions.retain(|it| *it != ".default");
            let is_mixed = !scope.permissions.is_empty() && scope.permissions.len() < count;
            if scope.resource.is_empty() || is_mixed {
                return Err(Refusal::invalid_scope(field));
            }
        }
        Ok(scopes)
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
