//! A person whom a record asks for, or who signed in before: nobody else's token is taken for theirs.

use azid_core::effect::CallbackId;
use azid_core::{
    AuthenticationRecord, Authority, Cause, ChainedTokenCredential, DeviceCodeCredential,
    ErrorKind, Interaction, InteractiveBrowserCredential, SignInFault,
};
use serde_json::{Value, json};

use crate::life::{Life, Sight, error, json, parameter, signed_in};
use crate::{field, vault};

fn record(authority: &str, client_id: &str) -> AuthenticationRecord {
    serde_json::from_value(json!({
        "authority": authority, "clientId": client_id, "version": "1.0",
        "homeAccountId": "ada.home", "tenantId": "home", "username": "ada@contoso.com",
    }))
    .expect("a record")
}

fn of(record: AuthenticationRecord) -> InteractiveBrowserCredential {
    browser().authentication_record(record)
}

fn ada() -> InteractiveBrowserCredential {
    of(record("login.microsoftonline.com", "app-id"))
}

fn browser() -> InteractiveBrowserCredential {
    InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid")
}

fn assert_unknown(sight: &Sight) {
    assert_refused(sight, SignInFault::UnknownAccount);
}

fn assert_refused(sight: &Sight, fault: SignInFault) {
    let service = None;
    let expected = Cause::SignIn { fault, service };
    assert_eq!(*sight.error().cause(), expected);
    let mut learned = sight.outcome.memory.iter();
    assert!(learned.next().is_none(), "nothing of it is kept");
}

/// The ids of all who are remembered to have signed in.
fn accounts(life: &Life) -> Vec<&str> {
    let accounts = life.memory.accounts();
    accounts
        .map(AuthenticationRecord::home_account_id)
        .collect()
}

/// An answer that says of its account what these claims do, and no more.
fn claiming(claims: Value) -> Value {
    let mut answer = signed_in("ada", "RT-2");
    answer["client_info"] = Value::Null;
    answer["id_token"] = claims;
    answer
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

#[test]
fn a_refresh_whose_answer_names_another_account_in_any_way_is_refused() {
    let (other, unknown) = (SignInFault::OtherAccount, SignInFault::UnknownAccount);
    for (claims, fault) in [
        (json!({ "oid": "eve", "tid": "home" }), other),
        (json!({ "oid": "eve", "tid": "guest" }), unknown.clone()),
        (json!({ "sub": "eve" }), unknown.clone()),
        (
            json!({ "sub": "eve", "preferred_username": "ada@contoso.com" }),
            unknown.clone(),
        ),
        (json!({ "preferred_username": "eve@contoso.com" }), unknown),
    ] {
        let mut life = Life::new();
        life.run(browser(), vault(), [json(200, signed_in("ada", "RT-1"))]);
        let sight = life.run(browser(), vault(), [json(200, claiming(claims))]);
        assert!(sight.pages.is_empty(), "this was a refresh");
        assert_refused(&sight, fault);
        let sight = life.run(browser(), vault(), [json(200, signed_in("ada", "RT-3"))]);
        let redeemed = field(&sight.sent[0], "refresh_token");
        assert_eq!(redeemed.as_deref(), Some("RT-1"));
    }
}

#[test]
fn a_refresh_whose_answer_names_the_same_account_or_none_is_good() {
    for claims in [
        json!({ "oid": "ada", "tid": "home", "sub": "s" }),
        json!({ "preferred_username": "Ada@contoso.com" }),
        json!({ "tid": "guest" }),
        Value::Null,
    ] {
        let mut life = Life::new();
        life.run(browser(), vault(), [json(200, signed_in("ada", "RT-1"))]);
        life.run(browser(), vault(), [json(200, claiming(claims))]);
        assert_eq!(accounts(&life), ["ada.home"]);
        let sight = life.run(browser(), vault(), [json(200, signed_in("ada", "RT-3"))]);
        let redeemed = field(&sight.sent[0], "refresh_token");
        assert_eq!(redeemed.as_deref(), Some("RT-2"));
    }
}

#[test]
fn a_subject_tells_people_apart_where_nothing_else_is_said() {
    let by_subject = |subject: &str| json(200, claiming(json!({ "sub": subject })));
    let mut life = Life::new();
    life.run(browser(), vault(), [by_subject("ada")]);
    assert_eq!(
        life.run(browser(), vault(), [by_subject("ada")]).token(),
        "token-of-ada"
    );
    let sight = life.run(browser(), vault(), [by_subject("eve")]);
    assert_refused(&sight, SignInFault::UnknownAccount);
}

#[test]
fn nobody_else_gets_a_token_beside_those_of_who_signed_in_first() {
    let terminal = CallbackId::new("terminal");
    let device_code = DeviceCodeCredential::new("contoso.com", "app-id", terminal).expect("valid");
    let mut life = Life::new();
    life.run(browser(), vault(), [json(200, signed_in("ada", "RT-1"))]);
    let always = browser().interaction(Interaction::Always);
    let sight = life.run(always, vault(), [json(200, signed_in("eve", "RT-eve"))]);
    assert_refused(&sight, SignInFault::OtherAccount);
    let answers = || {
        [
            error("invalid_grant"),
            json(200, signed_in("eve", "RT-eve")),
        ]
    };
    let sight = life.run(browser(), vault(), answers());
    let hint = parameter(&sight.pages[0].endpoint, "login_hint");
    assert_eq!(hint.as_deref(), Some("ada@contoso.com"), "who is expected");
    assert!(matches!(
        sight.error().cause(),
        Cause::SignIn {
            fault: SignInFault::OtherAccount,
            ..
        }
    ));
    let code = json!({
        "device_code": "D", "user_code": "USER", "verification_uri": "https://a.example/",
    });
    let by_code = [json(200, code), json(200, signed_in("eve", "RT-eve"))];
    let chain = ChainedTokenCredential::new(device_code);
    let sight = life.run(chain, vault(), by_code);
    assert_refused(&sight, SignInFault::OtherAccount);
    assert_eq!(accounts(&life), ["ada.home"]);
    let sight = life.run(browser(), vault(), [json(200, signed_in("ada", "RT-2"))]);
    assert_eq!(sight.token(), "token-of-ada");
}
