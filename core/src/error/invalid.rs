//! Values that are not what they must be.

use std::fmt;

/// A value that is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    what: What,
    why: String,
}

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The scopes of a request.
    Scopes,
    /// The claims of a request.
    Claims,
    /// A tenant.
    Tenant,
    /// A client id.
    ClientId,
    /// A client secret.
    ClientSecret,
    /// A client assertion.
    ClientAssertion,
    /// The token of a user that an application acts for.
    UserAssertion,
    /// The name that a user signs in by.
    UserName,
    /// A user's password.
    Password,
    /// A user's account.
    Account,
    /// A refresh token.
    RefreshToken,
    /// A redirect URI.
    RedirectUri,
    /// A session of a sign-in that goes on elsewhere.
    Session,
    /// A region.
    Region,
    /// A client certificate.
    Certificate,
    /// An authority.
    Authority,
    /// The id of a managed identity.
    ManagedIdentity,
    /// The directory of the keys of Azure Arc's agent.
    KeyDirectory,
    /// A chain's links.
    Links,
    /// The id of a service connection.
    ServiceConnection,
    /// A subscription.
    Subscription,
    /// An access token.
    AccessToken,
    /// A variable of the environment.
    Variable(&'static str),
}

impl Invalid {
    /// A value that is not what it must be, and why, in words that do not show it.
    pub fn new(what: What, why: impl Into<String>) -> Self {
        Self {
            what,
            why: why.into(),
        }
    }

    /// The same, of a value that came from a variable.
    pub(crate) fn in_variable(self, name: &'static str) -> Self {
        Self::new(What::Variable(name), self.why)
    }

    /// Which value it is.
    pub fn what(&self) -> What {
        self.what
    }

    /// What is wrong with it. The value itself is not in it.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Scopes => "the scopes",
            What::Claims => "the claims",
            What::Tenant => "the tenant",
            What::ClientId => "the client id",
            What::ClientSecret => "the client secret",
            What::ClientAssertion => "the client assertion",
            What::UserAssertion => "the user assertion",
            What::UserName => "the user's name",
            What::Password => "the user's password",
            What::Account => "the account",
            What::RefreshToken => "the refresh token",
            What::RedirectUri => "the redirect URI",
            What::Session => "the sign-in's session",
            What::Region => "the region",
            What::Certificate => "the client certificate",
            What::Authority => "the authority",
            What::ManagedIdentity => "the managed identity's id",
            What::KeyDirectory => "the key directory",
            What::Links => "the links",
            What::ServiceConnection => "the service connection's id",
            What::Subscription => "the subscription",
            What::AccessToken => "the access token",
            What::Variable(name) => {
                return write!(f, "the variable {name} is not valid: {}", self.why);
            }
        };
        write!(f, "{what}: {}", self.why)
    }
}

impl std::error::Error for Invalid {}
