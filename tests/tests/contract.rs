//! What hosts rely on, beyond what the examples in the crate's documentation prove: steps travel
//! between threads, requests can be kept and shared, and both stay small enough to be moved about.

use std::collections::BTreeSet;
use std::mem::size_of;

use azid_core::effect::{
    Assertion, Authorize, Effect, Exec, Http, Prompt, ReadFile, Sign, Sleep, Token,
};
use azid_core::testing::cases;
use azid_core::transcript::Message;
use azid_core::{AccessToken, Call, Context, Error, Outcome, Step, Transcript};
use azid_tests::watch::watch_script;

const fn moves_between_threads<T: Send>() {}

const fn is_shared_between_threads<T: Clone + Send + Sync>() {}

const fn effect<E: Effect>()
where
    Call<E>: Send,
    E::Output: Send,
    E::Failure: Clone + Send + Sync,
{
    moves_between_threads::<Call<E>>();
    is_shared_between_threads::<E::Request>();
}

const _: () = {
    moves_between_threads::<Step>();
    moves_between_threads::<Outcome>();
    moves_between_threads::<Context>();
    is_shared_between_threads::<Error>();
    is_shared_between_threads::<AccessToken>();
    is_shared_between_threads::<Transcript>();
    effect::<Http>();
    effect::<ReadFile>();
    effect::<Exec>();
    effect::<Sign>();
    effect::<Assertion>();
    effect::<Token>();
    effect::<Prompt>();
    effect::<Authorize>();
    effect::<Sleep>();
};

#[test]
fn a_call_an_error_and_a_token_are_one_pointer_each() {
    assert_eq!(size_of::<Call<Http>>(), size_of::<usize>());
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<AccessToken>(), size_of::<usize>());
}

#[test]
fn a_step_is_no_larger_than_an_outcome_and_a_word() {
    assert!(size_of::<Step>() <= 96, "{}", size_of::<Step>());
    assert!(size_of::<Step>() <= size_of::<Outcome>() + size_of::<usize>());
}

#[test]
fn every_secret_header_field_of_every_credential_says_that_it_is_one() {
    let mut met = BTreeSet::new();
    for case in cases() {
        for request in watch_script(&case).requests {
            for (name, value) in &request.headers {
                let text = value.to_str().expect("header fields are text");
                let mut secrets = request.secrets().iter();
                if secrets.any(|secret| text.ends_with(secret.expose())) {
                    assert!(value.is_sensitive(), "{}: {name}", case.name);
                    met.insert(name.to_string());
                }
            }
        }
    }
    let names: Vec<_> = met.iter().map(String::as_str).collect();
    assert_eq!(names, ["authorization", "secret", "x-identity-header"]);
}

#[test]
fn a_credential_asks_for_nothing_that_it_does_not_say_it_needs() {
    let mut asked = [0; 3];
    for case in cases() {
        let needs = case.credential.needs();
        let transcript = case.run().transcript.expect("cases record a transcript");
        for exchange in &transcript.exchanges {
            let (count, is_needed) = match &exchange.message {
                Message::Exec { .. } => (&mut asked[0], needs.programs),
                Message::Authorize { .. } => (&mut asked[1], needs.browser),
                Message::Sign { .. } => (&mut asked[2], needs.keys),
                _ => continue,
            };
            *count += 1;
            assert!(is_needed, "{}: {exchange:?}", case.name);
        }
    }
    assert!(asked.iter().all(|count| *count > 0), "{asked:?}");
}
