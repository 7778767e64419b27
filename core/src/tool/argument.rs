//! What may stand among a tool's arguments: values that no shell and no option parser can take for
//! something else.

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::{Invalid, What};
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

/// A scope that can be handed to a tool.
pub(crate) fn scope(scope: &str) -> Result<&str, Invalid> {
    let valid =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'/' | b'-');
    if scope.bytes().all(valid) && scope.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(scope);
    }
    let why = "a tool is handed only ASCII letters, digits and `_.:/-`, and no option";
    Err(Invalid::new(What::Scopes, why))
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
            assert!(scope(text).is_err(), "{text:?}");
        }
        assert!(Subscription::new("My subscription_1.2-3").is_ok());
        assert!(scope("a b").is_err());
        assert!(scope("https://vault.azure.net/.default").is_ok());
        assert!(scope("api://0d1a-2b/User.Read_All").is_ok());
    }
}
