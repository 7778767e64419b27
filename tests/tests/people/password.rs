//! A person by name and password, as long as that lasts.

use azid_core::{
    Authority, Cause, ErrorKind, InteractiveBrowserCredential, SignInFault,
    UsernamePasswordCredential, What,
};
use serde_json::json;

use crate::life::{Life, json, signed_in};
use crate::{VAULT, field, fields, form, vault};

fn credential() -> UsernamePasswordCredential {
    UsernamePasswordCredential::new("contoso.com", "app-id", "ada@contoso.com", "p&ss =+")
        .expect("valid")
}

fn realm(kind: &str) -> azid_core::effect::HttpReply {
    json(200, json!({ "ver": "1.0", "account_type": kind }))
}

#[test]
fn the_realm_is_asked_for_before_the_password_is_sent() {
    let answers = [realm("Managed"), json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential(), vault(), answers);
    assert_eq!(sight.token(), "token-of-ada");
    let expected =
        "https://login.microsoftonline.com/common/UserRealm/ada@contoso.com?api-version=1.0";
    assert_eq!(sight.sent[0].url.as_str(), expected);
    let expected = fields(&[
        ("grant_type", "password"),
        ("client_id", "app-id"),
        ("username", "ada@contoso.com"),
        ("password", "p&ss =+"),
        ("scope", &format!("{VAULT} openid profile offline_access")),
        ("client_info", "1"),
    ]);
    assert_eq!(form(&sight.sent[1]), expected);
}

#[test]
fn a_federated_account_is_refused_and_its_password_goes_nowhere() {
    for kind in ["Federated", "federated"] {
        let sight = Life::new().run(credential(), vault(), [realm(kind)]);
        assert_eq!(sight.sent.len(), 1);
        let error = sight.error();
        assert_eq!(error.kind(), ErrorKind::Failed);
        let fault = SignInFault::FederatedRealm;
        assert_eq!(
            *error.cause(),
            Cause::SignIn {
                fault,
                service: None
            }
        );
        assert!(error.to_string().contains("federated"), "{error}");
    }
}

#[test]
fn an_ad_fs_server_keeps_its_own_passwords_and_has_no_realms() {
    let credential = UsernamePasswordCredential::new("adfs", "app-id", "ada", "p");
    let authority = Authority::new("https://fs.contoso.com").expect("valid");
    let credential = credential.expect("valid").authority(authority);
    let sight = Life::new().run(credential, vault(), [json(200, signed_in("ada", "RT-1"))]);
    assert_eq!(sight.sent.len(), 1);
    assert_eq!(
        sight.sent[0].url.as_str(),
        "https://fs.contoso.com/adfs/oauth2/token"
    );
}

#[test]
fn a_gateway_is_asked_for_the_realm_too() {
    let gateway = Authority::new("https://gateway.example/base/").expect("valid");
    let answers = [realm("Managed"), json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential().authority(gateway), vault(), answers);
    let paths: Vec<_> = sight.sent.iter().map(|it| it.url.path()).collect();
    let expected = [
        "/base/common/UserRealm/ada@contoso.com",
        "/base/contoso.com/oauth2/v2.0/token",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn a_session_that_somebody_else_began_under_the_name_is_not_used_and_the_password_is_sent() {
    let mut life = Life::new();
    let browser = InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid");
    let hinted = browser.login_hint("ada@contoso.com");
    life.run(hinted, vault(), [json(200, signed_in("bob", "RT-bob"))]);
    for password in ["p&ss =+", "changed"] {
        let credential =
            UsernamePasswordCredential::new("contoso.com", "app-id", "ada@contoso.com", password);
        let answers = [realm("Managed"), json(200, signed_in("ada", "RT-1"))];
        let sight = life.run(credential.expect("valid"), vault(), answers);
        assert_eq!(sight.token(), "token-of-ada");
        assert_eq!(field(&sight.sent[1], "password").as_deref(), Some(password));
    }
}

#[test]
fn a_second_factor_needs_a_person_whatever_the_password() {
    let refused =
        json!({ "error": "invalid_grant", "suberror": "basic_action", "error_codes": [50076] });
    let sight = Life::new().run(
        credential(),
        vault(),
        [realm("Managed"), json(400, refused)],
    );
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
}

#[test]
fn names_that_lead_elsewhere_and_empty_passwords_are_refused_and_which_it_is_is_said() {
    let refused = |name: &str, password: &str| {
        let credential = UsernamePasswordCredential::new("contoso.com", "app-id", name, password);
        credential.expect_err("it is refused").what()
    };
    for name in ["", "..", "a/b", r"a\b", "a b", "a\n"] {
        assert_eq!(refused(name, "p"), What::UserName, "{name:?}");
    }
    assert_eq!(refused("ada", ""), What::Password);
}
