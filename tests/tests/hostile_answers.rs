//! What the hosts of managed identities may answer that is odd, slow or somebody else's.

use std::borrow::Cow;
use std::time::Duration;

use azid_core::effect::{Detail, FileFailure, HttpFailure, HttpResponse};
use azid_core::retry::{RetryPolicy, RetryRule};
use azid_core::testing::{Case, START, World, run};
use azid_core::{
    ErrorKind, Fact, ManagedIdentityCredential, ManagedIdentityId, Memory, Now, Platform, Probe,
    Run, Seed, Step, Transcript,
};

const TOKEN: &str = r#"{"access_token":"AT","expires_in":"3599"}"#;
const NO_HEADER: &str = r#"{"error":"bad_request_102"}"#;

fn imds() -> Case {
    let case = Case::new("the metadata service", ManagedIdentityCredential::new());
    case.on(Platform::Other)
}

fn arc() -> Case {
    Case::new("an agent", ManagedIdentityCredential::new())
        .with("IDENTITY_ENDPOINT", "http://localhost:40342/token")
        .with("IMDS_ENDPOINT", "http://localhost:40342")
}

/// How long a case takes whose world answers at once, and as what it ends.
fn time_of(case: &Case) -> (Duration, Option<ErrorKind>) {
    let mut world = World::new(case.replies.clone());
    let context = case.context(world.now(), Seed::new([1; 32]));
    let credential = case.credential.clone().into_credential();
    let outcome = run(credential, context, &mut world);
    (
        world.elapsed(),
        outcome.result.err().map(|error| error.kind()),
    )
}

fn message(case: Case) -> String {
    let error = case.run().result.expect_err("there is no token");
    error.to_string()
}

#[test]
fn a_responder_that_asks_for_pauses_holds_a_chain_up_for_half_a_minute_at_most() {
    for status in [404, 429, 500, 503] {
        let mut case = imds().in_chain().http(400, NO_HEADER);
        for _ in 0..9 {
            case = case.http(status, "").header("retry-after", "20");
        }
        let (elapsed, _) = time_of(&case);
        assert!(elapsed <= Duration::from_secs(30), "{status}: {elapsed:?}");
        assert!(elapsed >= Duration::from_secs(20), "{status}: {elapsed:?}");
    }
}

#[test]
fn an_update_of_the_metadata_service_is_waited_for_in_a_chain_too() {
    let mut case = imds().in_chain().http(400, NO_HEADER);
    for _ in 0..4 {
        case = case.http(410, "");
    }
    let (elapsed, error) = time_of(&case.http(200, TOKEN));
    assert_eq!((elapsed.as_secs(), error), (75, None));
}

#[test]
fn a_responder_that_is_slow_to_say_not_found_holds_a_chain_up_for_forty_seconds_at_most() {
    let case = imds().in_chain();
    let mut elapsed = Duration::ZERO;
    let now = |elapsed: Duration| Now::new(START + elapsed.as_millis() as i64, elapsed);
    let context = case.context(now(elapsed), Seed::new([1; 32]));
    let mut step = Run::start(case.credential.into_credential(), context);
    let error = loop {
        step = match step {
            Step::Done(outcome) => break outcome.result.expect_err("nobody has a token"),
            Step::Http(call) => {
                elapsed += call.request().requirements.timeout.mul_f32(0.99);
                call.reply(Ok(HttpResponse::new(404, &b""[..])), now(elapsed))
            }
            Step::Sleep(call) => {
                elapsed += call.request().duration;
                call.reply(Ok(()), now(elapsed))
            }
            step => panic!("{step:?}"),
        };
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(elapsed <= Duration::from_secs(41), "{elapsed:?}");
}

#[test]
fn whoever_answers_a_probe_otherwise_than_the_service_is_not_remembered_as_it() {
    for (status, body) in [
        (302, ""),
        (200, "<html>Welcome</html>"),
        (502, "{}"),
        (404, ""),
    ] {
        let mut case = imds().in_chain();
        for _ in 0..9 {
            case = case.http(status, body);
        }
        assert!(case.run().memory.is_empty(), "{status} {body}");
    }
    for (status, body) in [(400, NO_HEADER), (400, ""), (401, "{}")] {
        let case = imds().in_chain().http(status, body).http(200, TOKEN);
        assert_eq!(case.run().memory.len(), 1, "{status} {body}");
    }
}

#[test]
fn a_service_that_falls_silent_is_probed_again_by_the_next_chain() {
    let silent = |mut case: Case| {
        for _ in 0..3 {
            case = case.then(HttpFailure::TimedOut);
        }
        case
    };
    let found = imds()
        .in_chain()
        .http(400, NO_HEADER)
        .http(200, TOKEN)
        .run();
    let mut memory = Memory::default();
    found.memory.into_iter().for_each(|it| memory.apply(it));
    let mut known = silent(imds().in_chain());
    known.memory = memory.clone();
    let lost = known.run();
    assert_eq!(
        lost.result.expect_err("silence").kind(),
        ErrorKind::Unavailable
    );
    lost.memory.into_iter().for_each(|it| memory.apply(it));
    let key = "the metadata service at http://169.254.169.254/metadata/identity/oauth2/token";
    assert_eq!(memory.recall(key), Some(&Fact::Absent));
    let mut next = imds().in_chain().then(HttpFailure::TimedOut);
    next.memory = memory;
    let (elapsed, error) = time_of(&next);
    assert_eq!(error, Some(ErrorKind::Unavailable));
    assert!(elapsed <= Duration::from_secs(1), "{elapsed:?}");
}

#[test]
fn rules_of_any_numbers_survive_being_stored_and_replay() {
    let mut odd = RetryPolicy::imds();
    const DELAYS: &[Duration] = &[Duration::from_micros(1500), Duration::MAX];
    let mut rule = RetryRule::new(&[404..=404], DELAYS).or_no_answer();
    rule.budget = Some(Duration::from_nanos(5_000_000_001));
    odd.rules = Cow::Owned(vec![rule]);
    odd.budget = Duration::MAX;
    odd.max_delay = Duration::MAX;
    for jitter in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 7.5] {
        odd.jitter = jitter;
        let credential =
            ManagedIdentityCredential::new()
                .retry(odd.clone())
                .probe(Probe::InChain {
                    timeout: Duration::from_micros(900_500),
                });
        let case = Case::new("odd numbers", credential).on(Platform::Other);
        let outcome = case.http(404, "").http(404, "").http(404, "").run();
        let transcript = outcome
            .transcript
            .expect("cases record one")
            .into_transcript();
        let stored = serde_json::to_string(&transcript).expect("it serialises");
        let read: Transcript = serde_json::from_str(&stored).expect("it is read back");
        assert_eq!(read, transcript, "{jitter}");
        let credential = read.recorded_credential().expect("it is data");
        assert_eq!(read.replay(credential), transcript, "{jitter}");
    }
}

#[test]
fn jitter_that_is_no_share_is_the_nearest_one() {
    let policy = |jitter| {
        let mut policy = RetryPolicy::imds();
        policy.jitter = jitter;
        policy
    };
    for (jitter, expected) in [
        (f64::NAN, 0.0),
        (-3.0, 0.0),
        (f64::INFINITY, 1.0),
        (0.5, 0.5),
    ] {
        let stored = serde_json::to_string(&policy(jitter)).expect("it serialises");
        let read: RetryPolicy = serde_json::from_str(&stored).expect("it is read back");
        assert_eq!(read.jitter.to_bits(), f64::to_bits(expected), "{jitter}");
        let case = Case::new(
            "a policy of one's own",
            ManagedIdentityCredential::new().retry(policy(jitter)),
        );
        let case = case.on(Platform::Other).http(404, "").http(200, TOKEN);
        let (elapsed, error) = time_of(&case);
        assert_eq!(error, None, "{jitter}");
        assert!(
            elapsed <= Duration::from_millis(1600),
            "{jitter}: {elapsed:?}"
        );
    }
}

#[test]
fn an_id_of_spaces_is_none() {
    for id in ["", " ", "\t"] {
        for id in [
            ManagedIdentityId::ClientId(id.into()),
            ManagedIdentityId::ObjectId(id.into()),
            ManagedIdentityId::ResourceId(id.into()),
        ] {
            assert!(
                ManagedIdentityCredential::with_id(id.clone()).is_err(),
                "{id:?}"
            );
        }
    }
}

#[test]
fn a_moment_may_be_in_milliseconds_or_count_from_now() {
    let expiry = |expires_on: &str| {
        let body = format!(r#"{{"access_token":"AT","expires_on":{expires_on}}}"#);
        let token = imds().http(200, &body).run().result.expect("a token");
        token.expires_on().unix_milliseconds() - START
    };
    let hour = 3_600_000;
    let in_an_hour = START + hour;
    assert_eq!(expiry(&(in_an_hour / 1000).to_string()), hour);
    assert_eq!(expiry(&in_an_hour.to_string()), hour);
    assert_eq!(expiry(&format!("\"{in_an_hour}\"")), hour);
    assert_eq!(expiry("3600"), hour);
    assert_eq!(expiry("\"3600\""), hour);
    let past = imds().http(200, r#"{"access_token":"AT","expires_on":978307200}"#);
    assert!(past.run().result.is_err());
    let never = imds().http(200, r#"{"access_token":"AT","expires_on":0}"#);
    assert!(never.run().result.is_err());
}

#[test]
fn what_the_metadata_service_refuses_comes_with_a_cure() {
    let not_found = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let says = message(imds().http(400, not_found));
    assert!(
        says.contains("assign an identity") && says.contains("developer"),
        "{says}"
    );
    let named = ManagedIdentityCredential::with_id(ManagedIdentityId::ClientId("id".into()));
    let named = Case::new("by id", named.expect("valid")).on(Platform::Other);
    let says = message(named.http(400, not_found));
    assert!(says.contains("check the id"), "{says}");
    for status in [401, 403] {
        let says = message(imds().http(status, r#"{"error":"unauthorized_client"}"#));
        assert!(says.contains("keeps this program from"), "{says}");
    }
    let says = message(imds().http(429, "").header("retry-after", "3600"));
    assert!(says.contains("3600s"), "{says}");
}

#[test]
fn silence_of_a_host_is_not_blamed_on_proxies_and_authorities() {
    let silent = |mut case: Case| {
        for _ in 0..9 {
            case = case.then(HttpFailure::Connect(Detail::default()));
        }
        message(case)
    };
    let cases = [
        imds(),
        imds().in_chain(),
        arc().on(Platform::Linux),
        Case::new("an app", ManagedIdentityCredential::new())
            .with("IDENTITY_ENDPOINT", "http://127.0.0.1/")
            .with("IDENTITY_HEADER", "secret"),
    ];
    for case in cases {
        let says = silent(case);
        assert!(says.contains("identity endpoint runs"), "{says}");
        assert!(
            !says.contains("authority") && !says.contains("proxy"),
            "{says}"
        );
    }
}

#[test]
fn an_agent_that_refuses_its_key_or_has_none_comes_with_a_cure() {
    let challenged = || {
        let case = arc().on(Platform::Linux).http(401, "");
        let key = "Basic realm=/var/opt/azcmagent/tokens/1a.key";
        case.header("www-authenticate", key)
    };
    let says = message(challenged().file("key").http(401, ""));
    assert!(says.contains("azcmagent show"), "{says}");
    let says = message(challenged().then(FileFailure::NotFound));
    assert!(says.contains("this very machine"), "{says}");
}

#[test]
fn an_address_of_any_length_is_shown_in_short() {
    let long = format!("http://127.0.0.1/{}", "a".repeat(70_000));
    let case = Case::new("an app", ManagedIdentityCredential::new())
        .with("IDENTITY_ENDPOINT", long)
        .with("IDENTITY_HEADER", "secret")
        .http(400, "{}");
    let says = message(case);
    assert!(says.len() < 1000, "{}", says.len());
}
