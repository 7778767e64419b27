//! A person whom a record asks for: nobody else's token is taken for theirs.

use azid_core::{
    AuthenticationRecord, Authority, Cause, ErrorKind, InteractiveBrowserCredential, SignInFault,
};
use serde_json::{Value, json};

use crate::life::{Life, Sight, json, signed_in};
use crate::vault;

fn record(authority: &str, client_id: &str) -> AuthenticationRecord {
    serde_json::from_value(json!({
        "authority": authority, "clientId": client_id, "version": "1.0",
        "homeAccountId": "ada.home", "tenantId": "home", "username": "ada@contoso.com",
    }))
    .expect("a record")
}

fn of(record: AuthenticationRecord) -> InteractiveBrowserCredential {
    let browser = InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid");
    browser.authentication_record(record)
}

fn ada() -> InteractiveBrowserCredential {
    of(record("login.microsoftonline.com", "app-id"))
}

fn assert_unknown(sight: &Sight) {
    let fault = SignInFault::UnknownAccount;
    let service = None;
    let expected = Cause::SignIn { fault, service };
    assert_eq!(*sight.error().cause(), expected);
    let mut learned = sight.outcome.memory.iter();
    assert!(learned.next().is_none(), "nothing of it is kept");
}

#[test]
fn an_answer_that_does_not_say_whose_it_is_is_not_taken_for_the_records_account() {
    let mut of_nobody = signed_in("eve", "RT-eve");
    of_nobody["client_info"] = Value::Null;
    let mut by_subject = of_nobody.clone();
    by_subject["id_token"]["sub"] = "eve".into();
    for answer in [of_nobody, by_subject] {
        assert_unknown(&Life::new().run(ada(), vault(), [json(200, answer.clone())]));
        let mut life = Life::new();
        life.run(ada(), vault(), [json(200, signed_in("ada", "RT-1"))]);
        let sight = life.run(ada(), vault(), [json(200, answer)]);
        assert!(sight.pages.is_empty(), "this was a refresh");
        assert_unknown(&sight);
    }
}

#[test]
fn an_id_token_is_enough_for_a_record_that_was_made_by_one() {
    let mut answer = signed_in("ada", "RT-1");
    answer["client_info"] = Value::Null;
    answer["id_token"]["sub"] = "ada.home".into();
    let sight = Life::new().run(ada(), vault(), [json(200, answer)]);
    assert_eq!(sight.token(), "token-of-ada");
}

#[test]
fn a_record_of_another_application_or_authority_is_refused_before_anybody_is_asked() {
    for other in [
        record("login.microsoftonline.com", "other"),
        record("login.microsoftonline.us", "app-id"),
        record("", "app-id"),
    ] {
        let sight = Life::new().run(of(other), vault(), []);
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
        assert!(matches!(sight.error().cause(), Cause::Invalid(_)));
    }
    let government = ada().authority(Authority::us_government());
    let sight = Life::new().run(government, vault(), []);
    assert!(matches!(sight.error().cause(), Cause::Invalid(_)));
}

#[test]
fn a_record_that_names_the_authority_as_another_sdk_does_is_good() {
    for authority in [
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.com/",
        "login.windows.net",
        "Login.MicrosoftOnline.com",
    ] {
        let credential = of(record(authority, "APP-ID"));
        let answer = [json(200, signed_in("ada", "RT-1"))];
        assert_eq!(
            Life::new().run(credential, vault(), answer).token(),
            "token-of-ada"
        );
    }
}
