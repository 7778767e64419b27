//! What a user flow's scope asks for: facts about the user, and permissions on resources.

use crate::entra::refusal::Refusal;
use crate::entra::scope::{DEFAULT_RESOURCE, Scope, USER_SCOPES};

/// A `scope` field, read.
pub(super) struct Requested<'a> {
    /// Those of `openid`, `profile`, `email` and `offline_access` that it names.
    user_scopes: Vec<&'a str>,
    /// One for each resource.
    pub(super) resources: Vec<Scope<'a>>,
}

impl<'a> Requested<'a> {
    /// Reads a scope that may name several resources, as an authorization request's may.
    pub(super) fn read(field: &'a str) -> Result<Requested<'a>, Refusal> {
        let words = field.split(' ');
        let requested = Requested {
            user_scopes: words.filter(|it| USER_SCOPES.contains(it)).collect(),
            resources: Scope::read_all(field)?,
        };
        if requested.resources.is_empty() && !requested.has("openid") {
            return Err(Refusal::invalid_scope(field));
        }
        Ok(requested)
    }

    /// Reads a scope that names one resource or none, as a token request's must.
    pub(super) fn read_single(field: &'a str) -> Result<Requested<'a>, Refusal> {
        let requested = Requested::read(field)?;
        if requested.resources.len() > 1 {
            return Err(Refusal::several_resources(field));
        }
        Ok(requested)
    }

    /// Whether a scope about the user is asked for.
    pub(super) fn has(&self, user_scope: &str) -> bool {
        self.user_scopes.contains(&user_scope)
    }

    /// The resource that the token is for; without one it is the default one.
    pub(super) fn resource(&self) -> &'a str {
        let first = self.resources.first();
        first.map_or(DEFAULT_RESOURCE, |it| it.resource)
    }

    /// The scopes about the user that answers repeat.
    pub(super) fn granted_user_scopes(&self) -> impl Iterator<Item = &'a str> {
        let scopes = self.user_scopes.iter().copied();
        scopes.filter(|it| *it != "offline_access")
    }
}
