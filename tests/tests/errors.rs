//! What each answer of Entra's means: whose fault it is, what was seen, what to do next.

mod support {
    pub(crate) mod entra;
}

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{Detail, HttpFailure, HttpResponse, Requirements};
use azid_core::oauth::AnswerFault;
use azid_core::testing::{self, Case, Reply, World, entra_answers};
use azid_core::{AccessToken, Cause, ClientSecretCredential, ErrorKind, Fault, TokenRequest};

use support::entra::{after, answer, answer_named, error, result_of};

fn token(name: &str) -> AccessToken {
    result_of(answer_named(name)).expect(name)
}

/// How long a token lives from the start of the run.
fn lifetime(name: &str) -> Duration {
    let start = World::new([]).now().timestamp();
    token(name).expires_on().since(start)
}

#[test]
fn every_answer_has_its_kind_and_its_fault() {
    use ErrorKind::{Failed, InteractionRequired, Unavailable};
    let expected = [
        ("a negative lifetime", Failed, Fault::Service),
        ("no lifetime", Failed, Fault::Service),
        ("an empty object", Failed, Fault::Service),
        ("an empty token", Failed, Fault::Service),
        ("a token that is no text", Failed, Fault::Service),
        ("a page instead of JSON", Failed, Fault::Service),
        ("a page instead of an error", Failed, Fault::Service),
        ("an empty body", Failed, Fault::Service),
        ("a redirect", Failed, Fault::Service),
        ("a wrong secret", Failed, Fault::Configuration),
        ("an interaction required", InteractionRequired, Fault::User),
        ("a fault that stays", Failed, Fault::Service),
        ("a pause longer than anybody waits", Failed, Fault::Service),
        ("a refused connection", Failed, Fault::Network),
        ("silence", Failed, Fault::Network),
        ("a body too large", Failed, Fault::Service),
        ("no HTTP on this host", Unavailable, Fault::Host),
    ];
    for (name, replies) in entra_answers() {
        let row = expected.iter().find(|(known, ..)| *known == name);
        match (result_of(replies), row) {
            (Ok(_), None) => {}
            (Err(error), Some((_, kind, fault))) => {
                assert_eq!((error.kind(), error.fault()), (*kind, *fault), "{name}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn an_error_of_entra_keeps_its_codes_and_ids_and_says_what_to_do() {
    let error = error("a wrong secret");
    let service = error.service().expect("Entra's own error");
    assert_eq!(service.status(), 401);
    assert_eq!(service.error(), "invalid_client");
    assert_eq!(service.codes(), [7_000_215]);
    let trace = "11111111-1111-4111-8111-111111111111";
    let correlation = "22222222-2222-4222-8222-222222222222";
    assert_eq!(service.trace_id(), Some(trace));
    assert_eq!(service.correlation_id(), Some(correlation));
    assert_eq!(service.timestamp(), Some("2026-11-21 10:00:00Z"));
    let shown = error.to_string();
    for part in [trace, correlation, error.advice().expect("a known code")] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn a_token_in_an_answer_that_refuses_is_not_repeated_in_words() {
    let body = r#"{"error":"invalid_client","access_token":"tok.en.value",
        "error_description":"see tok.en.value and tok%2een.value"}"#;
    let answer = Reply::Http(Ok(HttpResponse::new(400, body.as_bytes().to_vec())));
    let error = result_of(vec![answer]).expect_err("it refuses");
    let service = error.service().expect("it has a name");
    assert_eq!(service.description(), "see [secret] and [secret]");
}

#[test]
fn a_person_is_wanted_whether_the_error_or_what_refines_it_says_so() {
    for (error, suberror, is_wanted) in [
        ("bad_token", "", true),
        ("bad_token", "token_expired", true),
        ("ui_not_allowed", "protection_policy_required", true),
        ("ui_not_allowed", "message_only", false),
        ("invalid_grant", "basic_action", true),
        ("invalid_grant", "token_expired", false),
    ] {
        let body = format!(r#"{{"error":"{error}","suberror":"{suberror}"}}"#);
        let answer = Reply::Http(Ok(HttpResponse::new(400, body.into_bytes())));
        let kind = result_of(vec![answer]).expect_err("it refuses").kind();
        assert_eq!(
            kind == ErrorKind::InteractionRequired,
            is_wanted,
            "{error} {suberror}"
        );
    }
}

#[test]
fn a_description_is_one_line_without_the_trace_lines() {
    let error = error("a wrong secret");
    let service = error.service().expect("Entra's own error");
    assert_eq!(
        service.description(),
        "AADSTS7000215: Invalid client secret provided."
    );
    assert!(!error.to_string().contains(['\r', '\n']));
}

#[test]
fn an_endpoints_text_cannot_move_or_hide_anything_on_a_screen() {
    let body = r#"{"error":"x","error_description":"gnp\u202egpj.exe \u001b[2J \u2066a\u200bb"}"#;
    let credential = ClientSecretCredential::new("t", "c", "s3cret").expect("valid");
    let case = Case::new("a text with formatting", credential).http(400, body);
    let shown = case.run().result.expect_err("it is an error").to_string();
    assert!(shown.contains("gnp gpj.exe [2J a b"), "{shown}");
}

#[test]
fn a_challenge_hands_its_claims_on() {
    let error = error("an interaction required");
    let service = error.service().expect("Entra's own error");
    assert_eq!(service.suberror(), Some("basic_action"));
    let claims = service.claims().expect("a challenge has claims");
    let retried = TokenRequest::new(["https://vault.azure.net/.default"]).claims(claims);
    assert_eq!(retried.claims_json(), Some(claims));
}

#[test]
fn numbers_may_be_texts_and_a_lifetime_counts_from_the_request() {
    assert_eq!(lifetime("numbers as texts"), Duration::from_secs(3599));
    assert_eq!(lifetime("a token"), Duration::from_secs(3599));
    assert_eq!(lifetime("only a moment"), Duration::from_secs(4800));
    let long = token("a long-lived token");
    let start = World::new([]).now().timestamp();
    let refresh_on = long.refreshes_on().expect("the server gave a date");
    assert_eq!(refresh_on.since(start), Duration::from_secs(43_199));
}

#[test]
fn no_token_is_believed_to_live_longer_than_thirty_days() {
    let thirty_days = Duration::from_secs(30 * 24 * 3600);
    assert_eq!(lifetime("a huge lifetime"), thirty_days);
    assert_eq!(lifetime("a lifetime beyond numbers"), thirty_days);
}

#[test]
fn a_token_that_is_none_is_told_apart_from_one_that_has_expired() {
    let expired = |name| {
        matches!(
            error(name).cause(),
            Cause::Answer(AnswerFault::Expired { .. })
        )
    };
    assert!(expired("a negative lifetime"));
    for name in [
        "an empty object",
        "an empty token",
        "a token that is no text",
    ] {
        let error = error(name);
        assert_eq!(
            *error.cause(),
            Cause::Answer(AnswerFault::NoToken),
            "{name}"
        );
    }
    assert_eq!(
        *error("no lifetime").cause(),
        Cause::Answer(AnswerFault::NoExpiry)
    );
}

#[test]
fn a_page_in_the_endpoints_place_is_named_and_not_shown() {
    for (name, answered, words) in [
        ("a page instead of JSON", 200, "Sign in"),
        ("a page instead of an error", 407, "Proxy"),
    ] {
        let error = error(name);
        let Cause::Answer(AnswerFault::NotJson { status, .. }) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!(*status, answered);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("an HTML page instead of JSON"), "{shown}");
        assert!(!shown.contains(words), "{shown}");
        assert!(error.advice().is_some());
    }
}

#[test]
fn a_token_beside_another_status_than_200_is_none() {
    let body = r#"{"access_token":"AT","expires_in":"3599"}"#.as_bytes();
    for status in [100, 201, 203, 302, 400, 404] {
        let answer = HttpResponse::new(status, body);
        let result = result_of(vec![Reply::Http(Ok(answer))]);
        assert!(result.is_err(), "{status}");
    }
}

#[test]
fn an_answer_that_is_longer_than_the_host_was_to_read_is_not_believed() {
    let limit = Requirements::MAX_BODY;
    let answered = |length: usize| {
        let token = r#"{"access_token":"AT","expires_in":"3599"}"#;
        let body = token.to_owned() + &" ".repeat(length - token.len());
        let answer = HttpResponse::new(200, body.into_bytes());
        result_of(vec![Reply::Http(Ok(answer))])
    };
    assert!(answered(limit).is_ok());
    let error = answered(limit + 1).expect_err("it is too long");
    let expected = Cause::Http(HttpFailure::BodyTooLarge { limit });
    assert_eq!(error.cause(), &expected);
}

#[test]
fn a_token_that_could_end_a_header_field_is_refused_and_not_shown() {
    for unfit in [
        "AT\\r\\nX-Injected: 1",
        "A\\u001b[31mT",
        "canaryé",
        "A T",
        "AT\\n",
    ] {
        let result = result_of(answer(&format!(r#""access_token":"{unfit}""#)));
        let error = result.expect_err(unfit);
        assert_eq!(
            error.cause(),
            &Cause::Answer(AnswerFault::Unfit("access_token")),
            "{unfit}"
        );
        assert_eq!(error.fault(), Fault::Service);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn a_token_that_its_bearer_cannot_use_alone_is_refused() {
    let of_type = |kind: &str| result_of(answer(&format!(r#""access_token":"AT",{kind}"#)));
    for kind in ["pop", "mtls_pop", "N_A", "Bearer x"] {
        let error = of_type(&format!(r#""token_type":"{kind}""#)).expect_err(kind);
        let expected = Cause::Answer(AnswerFault::OtherType(kind.to_owned()));
        assert_eq!(error.cause(), &expected);
        assert!(error.to_string().contains(kind), "{error}");
    }
    for kind in ["Bearer", "bearer", "BEARER", ""] {
        of_type(&format!(r#""token_type":"{kind}""#)).expect(kind);
    }
    of_type(r#""x":1"#).expect("no type is that of all the others");
}

#[test]
fn each_failure_of_the_way_is_advised_about_as_what_it_is() {
    let lost = HttpFailure::Lost {
        request_sent: false,
    };
    let proxy = HttpFailure::Proxy(Detail::new("http://proxy:3128: refused"));
    let unsendable =
        HttpFailure::Unsendable(Detail::new("the variable HTTPS_PROXY names no proxy"));
    for (failure, word) in [
        (lost, "firewall"),
        (proxy, "NO_PROXY"),
        (unsendable, "setting"),
    ] {
        let error = after(failure);
        let advice = error.advice().expect("there is one");
        assert!(advice.contains(word), "{advice}");
    }
    let without_token = after(HttpResponse::new(200, &b"{}"[..]));
    assert!(
        without_token
            .advice()
            .is_some_and(|advice| advice.contains("endpoint"))
    );
}

#[test]
fn what_cannot_be_sent_is_not_sent_again() {
    let unsendable = HttpFailure::Unsendable(Detail::new("too long"));
    let credential = ClientSecretCredential::new("contoso.com", "app-id", "s3cret");
    let context = testing::context(TokenRequest::new(["https://vault.azure.net/.default"]));
    let mut world = World::new([unsendable.into(), HttpFailure::TimedOut.into()]);
    let credential = Arc::new(credential.expect("three good values"));
    let result = testing::run(credential, context, &mut world).result;
    let error = result.expect_err("no token");
    assert_eq!(error.fault(), Fault::Configuration);
    assert!(world.elapsed() < Duration::from_millis(100), "one try only");
}

#[test]
fn a_managed_identity_that_vouches_must_be_user_assigned_and_the_advice_says_so() {
    let body = r#"{"error":"invalid_request","error_codes":[700229]}"#;
    let error = after(HttpResponse::new(400, body.as_bytes()));
    let advice = error.advice().expect("the code is known");
    assert!(advice.contains("user-assigned"), "{advice}");
}

#[test]
fn white_space_around_a_refused_secret_is_named_as_the_likely_mistake() {
    let advice = |secret: &str| {
        let credential = ClientSecretCredential::new("contoso.com", "app-id", secret);
        let case = Case::new("a secret", credential.expect("three good values"));
        let case = answer_named("a wrong secret")
            .into_iter()
            .fold(case, |mut case, reply| {
                case.replies.push(reply);
                case
            });
        let error = case.run().result.expect_err("it is wrong");
        error.advice().expect("it is known")
    };
    for secret in ["s3cret\n", " s3cret", "s3crét\t"] {
        assert!(advice(secret).contains("white space"), "{secret:?}");
    }
    assert!(!advice("s3 cret").contains("white space"));
}
