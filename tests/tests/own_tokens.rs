//! Tokens that the program brings itself: one that it has, and those of its own code.

use std::sync::Arc;
use std::time::Duration;

use azid_core::cache::Key;
use azid_core::effect::{CallbackId, Detail, TokenFailure};
use azid_core::testing::{self, Reply, START, World};
use azid_core::{
    AccessToken, Credential, CredentialConfig, ErrorKind, Fault, Run, StaticTokenCredential, Step,
    Timestamp, TokenCallbackCredential, TokenRequest,
};

const START_TIME: Timestamp = Timestamp::from_unix_milliseconds(START);

fn callback(name: &str) -> TokenCallbackCredential {
    TokenCallbackCredential::new(CallbackId::new(name))
}

fn answered(reply: Reply) -> Result<AccessToken, azid_core::Error> {
    let context = testing::context(TokenRequest::new(["https://vault.azure.net/.default"]));
    testing::run(
        Arc::new(callback("broker")),
        context,
        &mut World::new([reply]),
    )
    .result
}

#[test]
fn a_token_at_hand_is_handed_out_until_the_moment_when_it_expires() {
    let expires_on = START_TIME.after(Duration::from_millis(1));
    let credential = Arc::new(StaticTokenCredential::new("AT", expires_on).expect("valid"));
    let run = |milliseconds| {
        let mut world = World::new([]);
        world.jump(milliseconds);
        let request = TokenRequest::new(["any"]);
        let context = azid_core::Context::new(request, world.now(), azid_core::Seed::new([1; 32]));
        testing::run(credential.clone(), context, &mut world).result
    };
    assert_eq!(run(0).expect("a token").expose(), "AT");
    let error = run(1).expect_err("it has expired");
    assert_eq!(
        (error.kind(), error.fault()),
        (ErrorKind::Failed, Fault::Caller)
    );
    assert!(error.to_string().contains("nothing renews"), "{error}");
}

#[test]
fn an_empty_token_is_none_in_code_and_in_a_configuration() {
    assert!(StaticTokenCredential::new("", START_TIME).is_err());
    let written = r#"{"credential":"static-token","token":"","expires_on":1}"#;
    assert!(serde_json::from_str::<CredentialConfig>(written).is_err());
    let written = r#"{"credential":"static-token","token":"AT","expires_on":1}"#;
    assert!(serde_json::from_str::<CredentialConfig>(written).is_ok());
}

#[test]
fn two_tokens_at_hand_are_never_mixed_up() {
    let identity = |token: &str, seconds| {
        let moment = Timestamp::from_unix_seconds(seconds);
        let credential = StaticTokenCredential::new(token, moment);
        credential.expect("valid").identity()
    };
    assert_eq!(identity("a", 1), identity("a", 1));
    assert_ne!(identity("a", 1), identity("b", 1));
    assert_ne!(identity("a", 1), identity("a", 2));
}

#[test]
fn a_callback_is_handed_the_whole_request() {
    let request = TokenRequest::new(["https://graph.microsoft.com/.default"])
        .tenant("fabrikam.com")
        .claims(r#"{"nonce":"n"}"#)
        .enable_cae();
    let context = testing::context(request.clone());
    let step = Run::start(Arc::new(callback("broker")), context);
    let Step::Token(call) = step else {
        panic!("{step:?}");
    };
    assert_eq!(call.request().request, request);
    assert_eq!(call.request().callback, CallbackId::new("broker"));
}

#[test]
fn two_callbacks_share_no_token_even_under_one_name() {
    let request = TokenRequest::new(["any"]);
    let (one, other) = (callback("broker"), callback("broker"));
    let key = |credential: &TokenCallbackCredential| Key::new(&credential.identity(), &request);
    assert!(one.identity().is_private());
    assert_eq!(key(&one), key(&one.clone()));
    assert_ne!(key(&one), key(&other));
}

#[test]
fn a_callback_that_has_no_token_is_unavailable_and_one_that_fails_has_failed_in_its_own_words() {
    let words = || Detail::new("the broker is logged out");
    let error = answered(Reply::Token(Err(TokenFailure::Unavailable(words())))).expect_err("none");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("logged out"), "{error}");
    let error = answered(Reply::Token(Err(TokenFailure::Failed(words())))).expect_err("none");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("logged out"), "{error}");
}

#[test]
fn an_expired_or_empty_token_of_a_callback_is_refused() {
    let gives = |token| answered(Reply::Token(Ok(token)));
    let day = START_TIME.after(Duration::from_secs(24 * 3600));
    assert!(gives(AccessToken::new("AT", day)).is_ok());
    for token in [
        AccessToken::new("AT", START_TIME),
        AccessToken::new("", day),
    ] {
        let error = gives(token).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Failed);
    }
}
