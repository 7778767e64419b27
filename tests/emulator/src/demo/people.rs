//! The people of the demo world, and the applications that they sign in to.

use super::{GUARDED_RESOURCE, PUBLIC_CLIENT_ID, RESOURCE, USER_NAME, USER_OBJECT_ID};
use crate::application::{Application, Delegation};
use crate::directory::{FederatedDomain, User};

/// The password of every user that has one, with characters that must be encoded in a form.
pub const USER_PASSWORD: &str = "emulated pass+word/with=odd&chars%";

/// The object id of a user who must show a second factor.
pub const SECOND_FACTOR_USER_OBJECT_ID: &str = "66666666-aaaa-4bbb-8ccc-000000000002";
/// The sign-in name of the user who must show a second factor.
pub const SECOND_FACTOR_USER_NAME: &str = "careful@emulated.onmicrosoft.com";
/// The code that the sign-in page asks this user for.
pub const SECOND_FACTOR_CODE: &str = "271828";

/// The object id of a user whose own organisation keeps the password.
pub const FEDERATED_USER_OBJECT_ID: &str = "66666666-aaaa-4bbb-8ccc-000000000003";
/// The sign-in name of the federated user.
pub const FEDERATED_USER_NAME: &str = "someone@federated.example";
/// The domain of the federated user.
pub const FEDERATED_DOMAIN: &str = "federated.example";

/// The public client of developers' tools, the Azure CLI, which user flows use when they are told of
/// no other.
pub const DEVELOPER_CLIENT_ID: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
/// A redirect URI of every public client and of the application with a secret: any port will do.
pub const LOOPBACK_REDIRECT_URI: &str = "http://localhost";
/// A redirect URI of the public clients whose port counts.
pub const FIXED_REDIRECT_URI: &str = "http://127.0.0.1:8400/signed-in";
/// The redirect URI of the application with a secret.
pub const WEB_REDIRECT_URI: &str = "https://app.emulated.example/signed-in";
/// A redirect URI of the public client for a page whose scripts redeem the code.
pub const SINGLE_PAGE_REDIRECT_URI: &str = "https://page.emulated.example/signed-in";

/// One who needs a password, one who needs a second factor, one who signs in elsewhere.
pub(super) fn users() -> Vec<User> {
    let user = |object_id: &str, name: &str, display_name: &str| User {
        object_id: object_id.to_owned(),
        user_principal_name: name.to_owned(),
        display_name: display_name.to_owned(),
        password: USER_PASSWORD.to_owned(),
        ..User::default()
    };
    vec![
        user(USER_OBJECT_ID, USER_NAME, "Emulated User"),
        User {
            second_factor: Some(SECOND_FACTOR_CODE.to_owned()),
            ..user(
                SECOND_FACTOR_USER_OBJECT_ID,
                SECOND_FACTOR_USER_NAME,
                "Careful User",
            )
        },
        User {
            password: String::new(),
            ..user(
                FEDERATED_USER_OBJECT_ID,
                FEDERATED_USER_NAME,
                "Federated User",
            )
        },
    ]
}

pub(super) fn federated_domains() -> Vec<FederatedDomain> {
    let service = format!("https://sts.{FEDERATED_DOMAIN}/adfs/services/trust");
    vec![FederatedDomain {
        name: FEDERATED_DOMAIN.to_owned(),
        metadata_url: format!("{service}/mex"),
        active_auth_url: format!("{service}/2005/usernamemixed"),
    }]
}

/// A public client of the tenant's own.
pub(super) fn public_client() -> Application {
    Application {
        single_page_redirect_uris: vec![SINGLE_PAGE_REDIRECT_URI.to_owned()],
        ..public(PUBLIC_CLIENT_ID, "22222222-aaaa-4bbb-8ccc-00000000f003")
    }
}

/// The public client of developers' tools.
pub(super) fn developer_client() -> Application {
    public(DEVELOPER_CLIENT_ID, "22222222-aaaa-4bbb-8ccc-00000000f007")
}

/// The redirect URIs of the application with a secret.
pub(super) fn web_redirect_uris() -> Vec<String> {
    [WEB_REDIRECT_URI, LOOPBACK_REDIRECT_URI]
        .map(str::to_owned)
        .to_vec()
}

/// What applications that people sign in to may do for them.
pub(super) fn delegations() -> Vec<Delegation> {
    [
        (RESOURCE, "user_impersonation"),
        ("https://graph.microsoft.com", "User.Read"),
        (GUARDED_RESOURCE, "read"),
        ("https://management.azure.com", "user_impersonation"),
        ("https://management.core.windows.net", "user_impersonation"),
        ("https://storage.azure.com", "user_impersonation"),
        ("https://database.windows.net", "user_impersonation"),
    ]
    .map(|(resource, scope)| Delegation {
        resource: resource.to_owned(),
        scopes: vec![scope.to_owned()],
    })
    .to_vec()
}

fn public(client_id: &str, object_id: &str) -> Application {
    Application {
        client_id: client_id.to_owned(),
        object_id: object_id.to_owned(),
        public: true,
        multi_tenant: true,
        redirect_uris: [LOOPBACK_REDIRECT_URI, FIXED_REDIRECT_URI]
            .map(str::to_owned)
            .to_vec(),
        delegations: delegations(),
        ..Application::default()
    }
}
