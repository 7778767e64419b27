//! What may stand among a tool's arguments: values that no shell and no option parser can take for
//! something else.

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::{Invalid, What};
use crate::request::TokenRequest;
use crate::tenant::{AllowedTenants, TenantId};

/// A subscription as a tool takes it: its id, or its name if that is plain enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Subscription(String);

impl Subscription {
    pub(crate) fn new(subscription: impl Into<String>) -> Result<Self, Invalid> {
        let subscription = subscription.into();
        let valid =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b' ');
        let is_valid = subscription.len() <= 255
            && subscription.bytes().all(valid)
            && subscription.starts_with(|c: char| c.is_ascii_alphanumeric());
        if is_valid {
            return Ok(Self(subscription));
        }
        let why = "it is ASCII letters, digits, `_`, `.`, `-` and spaces; use its id where the name has others";
        Err(Invalid::new(What::Subscription, why))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Subscription {
    type Error = Invalid;

    fn try_from(subscription: String) -> Result<Self, Invalid> {
        Self::new(subscription)
    }
}

impl From<Subscription> for String {
    fn from(subscription: Subscription) -> Self {
        subscription.0
    }
}

/// What a scope of a request asks a tool for. Tools name it differently: some take scopes, some
/// resources, as endpoints of the first version do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    /// All that is granted of a resource. The resource may end in a slash: then the scope has two.
    Resource(&'a str),
    /// A single permission.
    Permission(&'a str),
}

impl<'a> Wanted<'a> {
    /// What the only scope of a request asks for.
    pub(crate) fn only(request: &'a TokenRequest) -> Result<Self, Invalid> {
        request.resource()?; // or there are several
        Self::of(&request.scopes()[0])
    }

    /// Reads `{resource}/.default`, a resource by itself, or else a permission.
    ///
    /// What stands before the last slash of a scope is its resource, so what has a scheme and no
    /// path is a resource by itself, and so is the id of an application.
    pub(crate) fn of(scope: &'a str) -> Result<Self, Invalid> {
        let valid = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'/' | b'-')
        };
        if !scope.bytes().all(valid) || !scope.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            let why = "a tool is handed only ASCII letters, digits and `_.:/-`, and no option";
            return Err(Invalid::new(What::Scopes, why));
        }
        if let Some(resource) = scope.strip_suffix("/.default") {
            return Ok(Self::Resource(resource));
        }
        let is_whole = match scope.split_once("://") {
            Some((_, rest)) => !rest.trim_end_matches('/').contains('/'),
            None => is_guid(scope),
        };
        Ok(if is_whole {
            Self::Resource(scope)
        } else {
            Self::Permission(scope)
        })
    }

    /// The scope, as endpoints of the second version name it.
    pub(crate) fn scope(self) -> String {
        match self {
            Self::Resource(resource) => format!("{resource}/.default"),
            Self::Permission(scope) => scope.to_owned(),
        }
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// The tenant to name to a tool, if any: its own default one is not named.
pub(crate) fn tenant(
    own: Option<&TenantId>,
    allowed: &AllowedTenants,
    cx: &Context,
) -> Result<Option<TenantId>, Invalid> {
    // Whoever can log in to more than one tenant has `organizations` for a home.
    let home = TenantId::new("organizations").expect("letters make a tenant");
    let tenant = allowed.resolve(own.unwrap_or(&home), cx.request(), cx.environment())?;
    if tenant.as_str().starts_with('-') {
        let why = "no tenant begins with a dash";
        return Err(Invalid::new(What::Tenant, why));
    }
    Ok(Some(tenant).filter(|tenant| own.is_some() || *tenant != home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ascii_that_is_no_option_is_handed_to_a_tool() {
        for text in [
            "",
            "-x",
            "--tenant",
            "a;b",
            "a&b",
            "$(a)",
            "`a`",
            "a|b",
            "a%b",
            "a\"b",
            "a'b",
            "a\nb",
            "тенант",
            "а",
            "a^b",
            "a!b",
            "a<b",
        ] {
            assert!(Subscription::new(text).is_err(), "{text:?}");
            assert!(Wanted::of(text).is_err(), "{text:?}");
        }
        assert!(Subscription::new("My subscription_1.2-3").is_ok());
        assert!(Wanted::of("a b").is_err());
    }

    #[test]
    fn a_resource_is_told_from_a_permission_and_keeps_its_slash() {
        const APP: &str = "00000003-0000-0000-c000-00000000aaAA";
        let api = &format!("api://{APP}");
        for (scope, resource) in [
            (
                "https://vault.azure.net/.default",
                "https://vault.azure.net",
            ),
            ("https://vault.azure.net", "https://vault.azure.net"),
            (
                "https://management.azure.com//.default",
                "https://management.azure.com/",
            ),
            (
                "https://management.azure.com/",
                "https://management.azure.com/",
            ),
            ("https://x.example/api/.default", "https://x.example/api"),
            (&format!("{api}/.default"), api),
            (api, api),
            (&format!("{APP}/.default"), APP),
            (APP, APP),
        ] {
            let wanted = Wanted::of(scope).expect("it is plain");
            assert_eq!(wanted, Wanted::Resource(resource), "{scope}");
            assert_eq!(wanted.scope(), format!("{resource}/.default"));
        }
        for scope in [
            "https://graph.microsoft.com/User.Read",
            "https://x.example/api/read",
            &format!("{api}/access_as_user"),
            "User.Read",
            "openid",
        ] {
            let wanted = Wanted::of(scope).expect("it is plain");
            assert_eq!(wanted, Wanted::Permission(scope));
            assert_eq!(wanted.scope(), scope);
        }
    }
}
