//! People who sign in: what the flows that ask them have in common.

mod account;
mod authorization;
mod fault;
mod options;
mod record;
mod sign_in;

pub use self::authorization::{AuthorizationRequest, AuthorizationSession};
pub(crate) use self::authorization::{SessionData, SignInSecrets, authorize_url, denied};
pub use self::fault::SignInFault;
pub(crate) use self::options::{
    AuthorizationOptions, UserOptions, client_credential_option, hint_options, identify_client,
    is_default, proof, user_options,
};
pub use self::options::{Interaction, SignInPrompt};
pub use self::record::AuthenticationRecord;
pub(crate) use self::sign_in::{Label, Person, SignIn, check_scopes};

/// The application that the Azure tools sign people in with, where a program has none of its own.
pub const DEVELOPER_CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The tenant of whoever signs in with a work or school account, where no tenant is named.
pub const ANY_ORGANIZATION: &str = "organizations";

/// Whether a person can have this name: one word that means nothing in a path.
pub(crate) fn is_user_name(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\');
    (1..=255).contains(&name.len()) && !name.contains(is_odd) && !name.starts_with('.')
}
