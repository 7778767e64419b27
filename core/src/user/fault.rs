//! Why nobody is signed in.

use std::fmt;

use url::Url;

use crate::effect::Detail;
use crate::error::{Cause, Fault};
use crate::request::TokenRequest;

/// Why nobody is signed in, where that is no fault of an exchange or of the host.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SignInFault {
    /// A person must sign in, and the credential is not to ask anybody, or has no way to. The
    /// request is what to ask for then: the scopes, the tenant, and the claims of the challenge if
    /// there was one.
    Required(Box<TokenRequest>),
    /// The person, or whoever decides for them, said no.
    Declined,
    /// The code was not used while it was good.
    CodeExpired,
    /// The code ended while the endpoint did not say whether it was used, for the last time because
    /// of this.
    CodeExpiredUnheard(Box<Cause>),
    /// The endpoint does not know its own code.
    UnknownCode,
    /// There is no browser here.
    NoBrowser {
        /// Says who would have been asked for what; the sign-in itself has ended.
        page: Url,
        /// The host's own words, without what the page was told beside that.
        reason: Detail,
    },
    /// What the browser brought belongs to another sign-in, or was made up.
    OtherState,
    /// What the browser brought cannot be read as an answer, and why.
    UnreadableAnswer(&'static str),
    /// The id token was issued for another sign-in: the code was somebody else's.
    OtherNonce,
    /// The answer is for another account than the one that is signed in, or that a record asks for.
    /// Nothing of it was kept.
    OtherAccount,
    /// The answer does not say, or not in a way that can be compared, whether it is for the account
    /// that is signed in, or that a record asks for. Nothing of it was kept.
    UnknownAccount,
    /// The account's passwords are kept by another service than Entra.
    FederatedRealm,
}

impl SignInFault {
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Required(_) | Self::Declined | Self::CodeExpired | Self::OtherAccount => {
                Fault::User
            }
            Self::CodeExpiredUnheard(cause) => cause.fault(),
            Self::NoBrowser { .. } => Fault::Host,
            Self::FederatedRealm => Fault::Configuration,
            Self::UnknownCode
            | Self::OtherState
            | Self::UnreadableAnswer(_)
            | Self::OtherNonce
            | Self::UnknownAccount => Fault::Service,
        }
    }

    pub(crate) fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::Required(_) => {
                "let the person sign in with a credential that may ask, for the request that this error holds"
            }
            Self::Declined => "sign in again, and accept; or ask an administrator for consent",
            Self::CodeExpired | Self::UnknownCode => "start again, and type the new code in time",
            Self::CodeExpiredUnheard(_) => "start again when the endpoint can be reached",
            Self::NoBrowser { .. } => {
                "use DeviceCodeCredential, or run this where there is a browser"
            }
            Self::OtherAccount => {
                "sign in with the account that is expected, or use a provider with a cache of its own for the other one"
            }
            Self::UnknownAccount => {
                "sign in anew, without a record, by a provider with a cache of its own"
            }
            Self::OtherState | Self::UnreadableAnswer(_) | Self::OtherNonce => {
                "start the sign-in again, in the same browser"
            }
            Self::FederatedRealm => "sign in with a browser or a device code",
        })
    }
}

impl fmt::Display for SignInFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required(request) => {
                let scopes = request.scopes().join(" ");
                write!(f, "a person must sign in for {scopes}")?;
                match request.other_tenant() {
                    Some(tenant) => write!(f, " in the tenant {tenant}"),
                    None => Ok(()),
                }
            }
            Self::Declined => f.write_str("the sign-in was declined"),
            Self::CodeExpired => f.write_str("nobody signed in while the code was good"),
            Self::CodeExpiredUnheard(cause) => {
                f.write_str("the code has expired, and nobody knows whether it was used, since ")?;
                match **cause {
                    Cause::Http(_) => write!(f, "the endpoint did not answer: {cause}"),
                    _ => write!(f, "the endpoint {cause}"),
                }
            }
            Self::UnknownCode => f.write_str("the code was not recognised"),
            Self::NoBrowser { page, reason } => {
                write!(f, "no browser could be opened for {page}")?;
                match reason.as_str() {
                    "" => Ok(()),
                    reason => write!(f, ": {reason}"),
                }
            }
            Self::OtherState => f.write_str("the answer belongs to another sign-in"),
            Self::UnreadableAnswer(why) => write!(f, "the answer cannot be read: {why}"),
            Self::OtherNonce => f.write_str("the id token belongs to another sign-in"),
            Self::OtherAccount => {
                f.write_str("the answer is for another account than the one that is expected")
            }
            Self::UnknownAccount => f.write_str(
                "the answer does not say whether it is for the account that is expected",
            ),
            Self::FederatedRealm => {
                f.write_str("the account's password is kept by a federated service, not by Entra")
            }
        }
    }
}
