//! A person is asked when somebody waits for a token, and not for its early renewal.

use std::time::Duration;

use azid_async::{Builder, EarlyRefresh, GetToken, TokenCache, TokenProvider};
use azid_core::effect::CallbackId;
use azid_core::{Cause, DeviceCodeCredential, SignInFault};

use crate::manual_host::{Answer, ManualHost, json, poll, ready, token};

const VAULT: &str = "https://vault.azure.net/.default";
const MINUTE: Duration = Duration::from_secs(60);

type Provider = TokenProvider<ManualHost>;

/// A provider that holds a token which is due, and a refresh token, both of one who typed a code.
fn holding_a_due_token() -> (ManualHost, Provider) {
    let host = ManualHost::default();
    let credential = DeviceCodeCredential::new("contoso.com", "app", CallbackId::new("terminal"));
    let provider = Builder::new(host.clone(), credential.expect("valid"))
        .early_refresh(EarlyRefresh::Inline { at_most: MINUTE })
        .build();
    let mut caller = provider.get_token(&[VAULT]);
    let token = r#"{"access_token":"old","expires_in":3600,"refresh_token":"RT"}"#;
    type_a_code(&host, &mut caller, json(200, token));
    assert_eq!(secret(&mut caller), "old");
    host.advance(55 * MINUTE);
    (host, provider)
}

/// Answers what signing in by a code takes, from the request for one that is out.
fn type_a_code(host: &ManualHost, caller: &mut GetToken<ManualHost>, token: Answer) {
    let code = r#"{"device_code":"D","user_code":"U","verification_uri":"https://a.example/d"}"#;
    for answer in [json(200, code), Answer::Shown, Answer::Slept, token] {
        assert!(poll(caller).is_pending());
        host.answer_last(answer);
    }
}

/// The ids of two people and of their home tenant, as the token endpoint says them.
const ADA: &str = "eyJ1aWQiOiJhZGEiLCJ1dGlkIjoiaG9tZSJ9";
const BOB: &str = "eyJ1aWQiOiJib2IiLCJ1dGlkIjoiaG9tZSJ9";

/// The end of a sign-in by a code.
fn signed_in(person: &str, info: &str) -> Answer {
    json(
        200,
        &format!(
            r#"{{"access_token":"of-{person}","expires_in":3600,"refresh_token":"RT-{person}","client_info":"{info}"}}"#
        ),
    )
}

#[test]
fn two_people_who_sign_in_at_once_do_not_both_get_under_one_credential() {
    const STORAGE: &str = "https://storage.azure.com/.default";
    let hosts = [ManualHost::default(), ManualHost::default()];
    let cache = TokenCache::new();
    let credential = DeviceCodeCredential::new("contoso.com", "app", CallbackId::new("terminal"));
    let credential = credential.expect("valid");
    let [one, two] = hosts.clone().map(|host| {
        Builder::new(host, credential.clone())
            .cache(cache.clone())
            .build()
    });
    let (mut vault, mut storage) = (one.get_token(&[VAULT]), two.get_token(&[STORAGE]));
    assert!(poll(&mut vault).is_pending() && poll(&mut storage).is_pending());
    type_a_code(&hosts[0], &mut vault, signed_in("ada", ADA));
    assert_eq!(secret(&mut vault), "of-ada");

    type_a_code(&hosts[1], &mut storage, signed_in("bob", BOB));
    let error = ready(&mut storage).expect_err("somebody else is signed in");
    let is_other = matches!(
        error.cause(),
        Cause::SignIn {
            fault: SignInFault::OtherAccount,
            ..
        }
    );
    assert!(is_other, "{error}");
    assert!(
        error.to_string().starts_with("DeviceCodeCredential"),
        "{error}"
    );
    let people: Vec<_> = cache.memory().accounts().cloned().collect();
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].home_account_id(), "ada.home");
    for provider in [&one, &two] {
        assert_eq!(provider.with_cached_token(&[STORAGE], |_| ()), None);
    }
}

fn refused() -> Answer {
    json(400, r#"{"error":"invalid_grant","error_codes":[700082]}"#)
}

fn secret(caller: &mut GetToken<ManualHost>) -> String {
    ready(caller).expect("a token").expose().to_owned()
}

fn prompts(host: &ManualHost) -> usize {
    let kinds = host.kinds();
    kinds.iter().filter(|kind| **kind == "prompt").count()
}

#[test]
fn an_early_refresh_asks_nobody_and_the_token_is_served_until_it_expires() {
    let (host, provider) = holding_a_due_token();
    let mut caller = provider.get_token(&[VAULT]);
    assert!(poll(&mut caller).is_pending());
    let refresh = host.begun() - 2; // before the timer
    host.answer(refresh, refused());
    assert_eq!(secret(&mut caller), "old");
    host.advance(MINUTE);
    assert_eq!(secret(&mut provider.get_token(&[VAULT])), "old");
    assert_eq!(prompts(&host), 1, "the first sign-in's");
    host.advance(5 * MINUTE);
    let mut caller = provider.get_token(&[VAULT]);
    type_a_code(&host, &mut caller, token("new"));
    assert_eq!((secret(&mut caller).as_str(), prompts(&host)), ("new", 2));
}

#[test]
fn who_waits_for_an_early_refresh_until_the_token_has_expired_may_ask_after_it() {
    let (host, provider) = holding_a_due_token();
    let moment = Duration::from_secs(1);
    host.advance(5 * MINUTE - moment);
    let mut early = provider.get_token(&[VAULT]);
    assert!(poll(&mut early).is_pending());
    let refresh = host.begun() - 2;
    host.advance(moment);
    let mut late = provider.get_token(&[VAULT]);
    assert!(poll(&mut late).is_pending());
    host.answer(refresh, refused());
    type_a_code(&host, &mut late, token("new"));
    assert_eq!(secret(&mut late), "new");
}
