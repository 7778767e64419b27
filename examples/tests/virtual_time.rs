//! A program's own tests of how it gets its tokens: the endpoint's answers are a list, and time is a
//! number, so a minute of throttling takes no time and no test depends on chance.
//!
//! All it needs is `azid-core` with the feature `testing` among the dev-dependencies.

use std::sync::Arc;
use std::time::Duration;

use azid_core::testing::{Case, World, run};
use azid_core::{ClientSecretCredential, ErrorKind, Seed};

const TOKEN: &str = r#"{"access_token":"a-token","expires_in":3599,"token_type":"Bearer"}"#;

/// The credential as the program makes it.
fn credential() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "our-app", "our-secret").expect("all of it is there")
}

#[test]
fn however_long_the_endpoint_wants_to_be_left_alone_it_is_and_then_there_is_a_token() {
    for pause in 1..=30 {
        let case = Case::new("throttled", credential())
            .http(429, "")
            .header("retry-after", pause.to_string())
            .http(200, TOKEN);
        let mut world = World::new(case.replies.clone());
        let context = case.context(world.now(), Seed::new([pause; 32]));
        let outcome = run(Arc::new(credential()), context, &mut world);
        assert_eq!(outcome.result.expect("it was let in").expose(), "a-token");
        assert!(world.elapsed() >= Duration::from_secs(pause.into()));
    }
}

#[test]
fn a_wrong_secret_is_a_failure_that_says_what_to_do_and_replays() {
    let refused = r#"{"error":"invalid_client","error_description":"AADSTS7000215: no","error_codes":[7000215]}"#;
    let outcome = Case::new("refused", credential()).http(401, refused).run();
    let error = outcome.result.expect_err("the secret is wrong");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("AADSTS7000215") && error.advice().is_some());

    let recorded = outcome.transcript.expect("a case records one");
    let again = recorded.replay(Arc::new(credential()));
    assert_eq!(again.exchanges, recorded.exchanges);
}
