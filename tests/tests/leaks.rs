//! No secret comes to light: not in what is logged of a run, not in its error, not in its
//! transcript, not even when the endpoint sends back what it was sent.

mod support {
    pub(crate) mod canary;
}

use std::collections::BTreeSet;
use std::error::Error as _;

use azid_core::effect::{HttpRequest, HttpResponse};
use azid_core::testing::{Case, Reply, START, World, cases};
use azid_core::{AccessToken, Environment, PlanContext, Step, Timestamp};
use azid_shared::Event;
use azid_tests::watch::{Seen, watch, watch_script};
use http::{HeaderName, HeaderValue};
use serde_json::json;

use support::canary::{CANARIES, forms, seen_in, with_canaries};

#[test]
fn nothing_that_can_be_shown_of_a_run_holds_a_secret() {
    let mut carried = Vec::new();
    for case in cases().into_iter().map(with_canaries) {
        let seen = watch_script(&case);
        assert_hidden(&case, &seen);
        carried.extend(
            seen.requests
                .iter()
                .filter_map(|request| seen_in(&String::from_utf8_lossy(request.body.expose()))),
        );
        if let Ok(token) = &seen.outcome.result {
            carried.extend(seen_in(token.expose()));
        }
    }
    for canary in CANARIES
        .iter()
        .filter(|canary| !canary.contains("variable"))
    {
        assert!(carried.contains(canary), "no run ever held {canary}");
    }
}

#[test]
fn an_answer_that_sends_back_what_it_was_sent_gives_nothing_away() {
    let mut met = BTreeSet::new();
    for case in cases().into_iter().map(with_canaries) {
        if !met.insert(apart_from_answers(&case)) {
            continue; // the echo takes the place of all that is different
        }
        // Every answer with the secrets as they are, and this case's share of all other forms.
        let share = (ECHOES + met.len() % SHARES..ECHOES * forms("").len()).step_by(SHARES);
        let share = (0..ECHOES).chain(share);
        for (kind, form) in share.map(|number| (number % ECHOES, number / ECHOES)) {
            let mut world = World::new(case.replies.clone());
            let seen = watch(&case, &mut world, |_, step, world| match step {
                Step::Http(call) => {
                    let answer = echo(kind, &sent(call.request(), form));
                    call.reply(Ok(answer), world.now())
                }
                step => world.answer(step),
            });
            assert_hidden(&case, &seen);
        }
    }
}

#[test]
fn configurations_contexts_and_plans_show_no_secret() {
    for case in cases().into_iter().map(with_canaries) {
        let environment = Environment::from_pairs(case.environment.clone());
        let plan = case
            .credential
            .clone()
            .into_credential()
            .plan(&PlanContext {
                environment: &environment,
                platform: case.platform,
                position: case.position,
            });
        let context = case.context(World::new([]).now(), azid_core::Seed::new([1; 32]));
        let stored = serde_json::to_string(&case.credential).expect("it serialises");
        let shown = format!(
            "{:?} {stored} {plan:?} {context:?} {environment:?}",
            case.credential
        );
        assert_eq!(seen_in(&shown), None, "{}: {shown}", case.name);
        let identity = case.credential.into_credential().identity();
        assert_eq!(seen_in(&format!("{identity:?}")), None);
    }
}

/// Looks through the log, the error and the transcript; and what was redacted stays as it is when
/// it is redacted again.
fn assert_hidden(case: &Case, seen: &Seen) {
    let transcript = seen.transcript();
    let stored = serde_json::to_string(transcript).expect("a transcript serialises");
    assert_eq!(seen_in(&stored), None, "{}: {stored}", case.name);
    assert_eq!(seen_in(&seen.log), None, "{}: {}", case.name, seen.log);
    if let Err(error) = &seen.outcome.result {
        let mut shown = format!("{error} {error:?} {error:#?} {:?}", error.cause());
        let mut source = error.source();
        while let Some(cause) = source {
            shown += &format!(" {cause} {cause:?}");
            source = cause.source();
        }
        assert_eq!(seen_in(&shown), None, "{}: {shown}", case.name);
    }
    let links = seen.outcome.links.iter().cloned();
    let of_end = |held| Event::of_end(&case.request, seen.outcome.result.clone(), held).0;
    let held = AccessToken::new(CANARIES[0], Timestamp::from_unix_milliseconds(START));
    let told = [of_end(None), of_end(Some(held))];
    for event in links.map(|verdict| Event::Link { verdict }).chain(told) {
        let shown = format!("{event:?}");
        assert_eq!(seen_in(&shown), None, "{}: {shown}", case.name);
    }
    let credential = transcript
        .recorded_credential()
        .expect("registered credentials are data");
    assert_eq!(&transcript.replay(credential), transcript, "{}", case.name);
}

/// A case without what its endpoints answer.
fn apart_from_answers(case: &Case) -> String {
    let replies = case.replies.iter().map(|reply| match reply {
        Reply::Http(_) => String::new(),
        reply => format!("{reply:?}"),
    });
    let replies = replies.collect::<Vec<_>>().join(",");
    let mut case = case.clone();
    case.name = "";
    case.replies.clear();
    let credential = serde_json::to_string(&case.credential).expect("it serialises");
    format!("{case:?} {credential} {}", replies.trim_end_matches(','))
}

/// Everything that the endpoint knows, with the secrets in one of their forms.
fn sent(request: &HttpRequest, form: usize) -> String {
    let secrets = request
        .secrets()
        .iter()
        .map(|secret| forms(secret.expose()).swap_remove(form));
    let body = String::from_utf8_lossy(request.body.expose());
    let words: Vec<_> = secrets.collect();
    format!("{} \r\n {body}", words.join(" "))
}

const ECHOES: usize = 7;

/// How many cases share the answers in all their forms.
const SHARES: usize = 19;

/// An answer with the text wherever an answer can hold one.
fn echo(kind: usize, text: &str) -> HttpResponse {
    let flat = json!({
        "error": text, "error_description": format!("AADSTS7000215: {text}"), "suberror": text,
        "trace_id": text, "correlation_id": text, "timestamp": text, "error_uri": text,
        "claims": json!({ "access_token": { "value": text } }).to_string(),
    });
    let (status, body) = match kind {
        0 => (401, flat.to_string()),
        1 => (500, flat.to_string()),
        2 => (
            400,
            json!({ "error": { "code": text, "message": text } }).to_string(),
        ),
        3 => (
            500,
            json!({ "statusCode": 500, "message": text, "correlationId": text }).to_string(),
        ),
        4 => (200, format!("<html>{text}</html>")),
        5 => (
            200,
            json!({ "access_token": text, "token_type": text, "expires_in": 3599 }).to_string(),
        ),
        _ => (302, text.to_owned()),
    };
    let mut response = HttpResponse::new(status, body.into_bytes());
    for name in [
        "www-authenticate",
        "date",
        "retry-after",
        "location",
        "x-other",
    ] {
        let line = text.replace(['\r', '\n'], "");
        if let Ok(value) = HeaderValue::from_str(&line) {
            response
                .headers
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

#[test]
fn a_password_in_the_url_of_a_variable_is_not_recorded() {
    for name in ["AZURE_AUTHORITY_HOST", "AZURE_POD_IDENTITY_AUTHORITY_HOST"] {
        for url in ["https://u:c4narypass@host/", "https://host/?sig=c4narypass"] {
            for case in azid_core::testing::cases().into_iter().take(1) {
                let transcript = case.with(name, url).run().transcript;
                let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
                assert!(!stored.contains("c4narypass"), "{stored}");
            }
        }
    }
}
