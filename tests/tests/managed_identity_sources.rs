//! The sources of managed identities: what is sent to which, what is never sent, and how long it
//! may take.

use std::time::Duration;

use azid_core::effect::{HttpFailure, HttpRequest, HttpResponse, Thumbprint};
use azid_core::retry::RetryPolicy;
use azid_core::testing::{self, Case, Reply, World, cases};
use azid_core::{
    Cause, CredentialConfig, Environment, ErrorKind, Fact, ManagedIdentityCredential,
    ManagedIdentitySource, Memory, MemoryChange, Platform, Probe, Seed, Sign, SourceRules, Verdict,
    VerdictRule,
};
use azid_tests::watch::{Seen, watch_script};

const TOKEN: &str = r#"{"access_token":"AT","expires_on":"1795341600"}"#;

/// Variables that lead to a source, with the secrets of all others set beside them.
const APP_SERVICE: &[(&str, &str)] = &[
    ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token/"),
    ("IDENTITY_HEADER", "app-service-secret"),
    ("MSI_SECRET", "c4nary"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];
const AZURE_ML: &[(&str, &str)] = &[
    ("MSI_ENDPOINT", "http://127.0.0.1:2/MSI/auth"),
    ("MSI_SECRET", "machine-learning-secret"),
    ("IDENTITY_HEADER", "c4nary"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];
const CLOUD_SHELL: &[(&str, &str)] = &[
    ("MSI_ENDPOINT", "http://localhost:3/oauth2/token"),
    ("IDENTITY_HEADER", "c4nary"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];
const SERVICE_FABRIC: &[(&str, &str)] = &[
    ("IDENTITY_ENDPOINT", "https://localhost:4/token"),
    ("IDENTITY_HEADER", "service-fabric-secret"),
    (
        "IDENTITY_SERVER_THUMBPRINT",
        "000102030405060708090A0B0C0D0E0F10111213",
    ),
    ("MSI_SECRET", "c4nary"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];
const AZURE_ARC: &[(&str, &str)] = &[
    ("IDENTITY_ENDPOINT", "http://localhost:5/token"),
    ("IMDS_ENDPOINT", "http://localhost:5"),
    ("MSI_SECRET", "c4nary"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];
const TOKEN_EXCHANGE: &[(&str, &str)] = &[
    ("AZURE_TENANT_ID", "contoso.com"),
    ("AZURE_CLIENT_ID", "app-id"),
    ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
];
const IMDS: &[(&str, &str)] = &[
    ("IDENTITY_HEADER", "c4nary"),
    ("MSI_SECRET", "c4nary"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];

fn at(variables: &[(&'static str, &str)]) -> Case {
    let is_arc = variables.iter().any(|(name, _)| *name == "IMDS_ENDPOINT");
    let platform = if is_arc {
        Platform::Linux
    } else {
        Platform::Other
    };
    let case = Case::new("a case", ManagedIdentityCredential::new()).on(platform);
    let set = |case: Case, (name, value): &(&'static str, &str)| case.with(name, *value);
    variables.iter().fold(case, set)
}

/// The only request that a case makes before it gets its token.
fn only_request(case: Case) -> HttpRequest {
    let seen = watch_script(&case.http(200, TOKEN));
    assert!(seen.outcome.result.is_ok(), "{:?}", seen.outcome.result);
    let [request] = seen.requests.as_slice() else {
        panic!("{} requests", seen.requests.len());
    };
    request.clone()
}

fn headers(request: &HttpRequest) -> Vec<String> {
    let show = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}", value.to_str().unwrap_or("?"))
    };
    request.headers.iter().map(show).collect()
}

#[test]
fn each_source_gets_its_own_headers_and_no_secret_of_another() {
    let table: [(_, &str, &[&str]); 4] = [
        (
            APP_SERVICE,
            "GET http://127.0.0.1:1/msi/token/?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net",
            &["metadata: true", "x-identity-header: app-service-secret"],
        ),
        (
            AZURE_ML,
            "GET http://127.0.0.1:2/MSI/auth?api-version=2017-09-01&resource=https%3A%2F%2Fvault.azure.net",
            &["metadata: true", "secret: machine-learning-secret"],
        ),
        (
            CLOUD_SHELL,
            "POST http://localhost:3/oauth2/token",
            &[
                "content-type: application/x-www-form-urlencoded",
                "metadata: true",
            ],
        ),
        (
            SERVICE_FABRIC,
            "GET https://localhost:4/token?api-version=2019-07-01-preview&resource=https%3A%2F%2Fvault.azure.net",
            &["metadata: true", "secret: service-fabric-secret"],
        ),
    ];
    for (variables, line, expected) in table {
        let request = only_request(at(variables));
        assert_eq!(format!("{} {}", request.method, request.url), line);
        assert_eq!(headers(&request), expected, "{line}");
    }
    let request = only_request(at(IMDS));
    let sent = format!("{} {}", request.url, headers(&request).join(" "));
    assert!(!sent.contains("c4nary"), "{sent}");
}

#[test]
fn a_secret_that_the_platform_has_changed_is_sent_as_it_is_now() {
    let with = |secret| only_request(at(APP_SERVICE).with("IDENTITY_HEADER", secret));
    assert_eq!(with("one").headers["x-identity-header"], "one");
    assert_eq!(with("two").headers["x-identity-header"], "two");
}

#[test]
fn no_request_to_any_host_goes_through_a_proxy() {
    let mut asked = 0;
    for case in cases() {
        let is_other = !matches!(case.credential, CredentialConfig::ManagedIdentity(_));
        let is_pod = case
            .environment
            .iter()
            .any(|(name, _)| *name == "AZURE_TENANT_ID");
        if is_other || is_pod {
            continue; // Entra may be behind a proxy
        }
        for request in watch_script(&case).requests {
            assert!(request.requirements.no_proxy, "{}", case.name);
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn the_certificate_of_service_fabric_is_pinned_and_its_secret_never_sent_in_clear() {
    let request = only_request(at(SERVICE_FABRIC));
    let digest = std::array::from_fn(|place| u8::try_from(place).expect("it is below 20"));
    assert_eq!(request.requirements.tls.pin, Some(Thumbprint(digest)));
    assert!(!request.requirements.plain_http);
}

#[test]
fn a_certificate_of_somebody_elses_stops_the_chain_at_once() {
    for case in [at(SERVICE_FABRIC), at(SERVICE_FABRIC).in_chain()] {
        let seen = watch_script(&case.then(HttpFailure::Tls(Default::default())));
        let error = seen.outcome.result.expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert_eq!(seen.requests.len(), 1);
        assert!(!error.is_transient());
    }
}

#[test]
fn a_thumbprint_is_read_in_every_common_spelling_and_in_no_other() {
    let digits = "000102030405060708090a0b0c0d0e0f10111213";
    let digest = std::array::from_fn(|place| u8::try_from(place).expect("it is below 20"));
    let colons: Vec<_> = digits
        .as_bytes()
        .chunks(2)
        .map(String::from_utf8_lossy)
        .collect();
    for text in [
        digits,
        &digits.to_uppercase(),
        &colons.join(":"),
        &colons.join(" "),
        &format!(" {digits} "),
    ] {
        assert_eq!(Thumbprint::parse(text), Some(Thumbprint(digest)), "{text}");
    }
    for text in [
        "",
        ":",
        &digits[1..],
        &format!("{digits}1"),
        &format!("{digits}{digits}"),
        &digits.replace('a', "g"),
        &digits.replace('a', "-"),
        &digits.replace('0', "０"),
    ] {
        assert_eq!(Thumbprint::parse(text), None, "{text}");
    }
}

fn in_chain() -> Case {
    at(&[]).in_chain()
}

fn remembered(seen: &Seen) -> Memory {
    let mut memory = Memory::default();
    let changes = seen.outcome.memory.iter().cloned();
    changes.for_each(|change| memory.apply(change));
    memory
}

#[test]
fn a_chain_probes_the_metadata_service_once_and_remembers_that_it_is_there() {
    let mut case = in_chain().http(400, "").http(200, TOKEN);
    let seen = watch_script(&case);
    let [probe, _] = seen.requests.as_slice() else {
        panic!("a probe and a request for a token");
    };
    assert_eq!(probe.url.query(), None);
    assert!(probe.headers.is_empty());
    assert_eq!(probe.requirements.timeout, Duration::from_secs(1));
    assert!(probe.requirements.no_proxy);
    assert_eq!(probe.retry, RetryPolicy::never());

    case.memory = remembered(&seen);
    case.replies.remove(0);
    let seen = watch_script(&case);
    assert!(seen.outcome.result.is_ok());
    assert_eq!(seen.requests.len(), 1);
}

#[test]
fn that_nobody_answered_a_probe_is_not_remembered() {
    for reply in [
        Reply::from(HttpFailure::TimedOut),
        HttpResponse::new(403, &b"<html>network unreachable</html>"[..]).into(),
    ] {
        let seen = watch_script(&in_chain().then(reply));
        let error = seen.outcome.result.as_ref().expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(seen.requests.len(), 1);
        assert!(remembered(&seen).is_empty());
    }
}

#[test]
fn what_a_probe_means_is_a_matter_of_the_rules_too() {
    let page = || HttpResponse::new(502, &b"<html>network unreachable</html>"[..]);
    let with = |change: fn(&mut SourceRules)| {
        let source = ManagedIdentitySource::choose(&Environment::default());
        let mut rules = source.expect("the metadata service").rules();
        rules.retry_in_chain = Some(RetryPolicy::never());
        change(&mut rules);
        let mut case = in_chain();
        case.credential = ManagedIdentityCredential::new().rules(rules).into();
        case
    };
    let end = |case: Case| {
        let seen = watch_script(&case);
        let error = seen.outcome.result.expect_err("no token");
        (seen.requests.len(), error.kind())
    };
    let proxied = with(|rules| {
        let statuses = &[502..=502];
        let rule = VerdictRule::new(statuses, Sign::Unreachable, Verdict::Unavailable);
        rules.verdicts.to_mut().insert(0, rule);
    });
    assert_eq!(end(proxied.then(page())), (1, ErrorKind::Unavailable));
    let unheeded = with(|rules| rules.verdicts = Vec::new().into());
    let twice = unheeded.clone().then(page()).then(page());
    assert_eq!(end(twice), (2, ErrorKind::Failed));
    let silent = unheeded.then(HttpFailure::TimedOut);
    assert_eq!(end(silent), (1, ErrorKind::Failed));
}

#[test]
fn a_probe_takes_as_long_as_the_program_says() {
    let timeout = Duration::from_secs(3);
    let credential = ManagedIdentityCredential::new().probe(Probe::InChain { timeout });
    let mut case = in_chain().then(HttpFailure::TimedOut);
    case.credential = credential.into();
    let seen = watch_script(&case);
    assert_eq!(seen.requests[0].requirements.timeout, timeout);
}

#[test]
fn named_alone_the_metadata_service_is_asked_with_patience_and_without_a_probe() {
    let request = only_request(at(&[]));
    assert!(request.url.query().is_some());
    assert!(request.requirements.timeout > Duration::from_secs(1));
}

#[test]
fn a_wrong_responder_holds_a_chain_up_for_no_more_than_half_a_minute() {
    for body in ["", "<html>no such page</html>", r#"{"error":"not_found"}"#] {
        let case = (0..8).fold(in_chain(), |case, _| case.http(404, body));
        let mut world = World::new(case.replies.clone());
        let context = case.context(world.now(), Seed::new([1; 32]));
        let outcome = testing::run(case.credential.into_credential(), context, &mut world);
        assert!(outcome.result.is_err());
        assert!(
            world.elapsed() < Duration::from_secs(30),
            "{:?}",
            world.elapsed()
        );
    }
}

#[test]
fn a_program_that_wants_no_retries_gets_none_from_any_source() {
    for variables in [
        APP_SERVICE,
        AZURE_ML,
        CLOUD_SHELL,
        SERVICE_FABRIC,
        AZURE_ARC,
        IMDS,
        TOKEN_EXCHANGE,
    ] {
        let mut case = at(variables);
        if variables == TOKEN_EXCHANGE {
            case = case.file("e30.e30.c2ln");
        }
        case = case.http(503, "");
        case.credential = ManagedIdentityCredential::new()
            .retry(RetryPolicy::never())
            .into();
        let seen = watch_script(&case);
        assert!(seen.waits.is_empty(), "{variables:?}");
        assert_eq!(seen.requests.len(), 1, "{variables:?}");
    }
}

#[test]
fn a_pause_that_a_host_asks_for_is_kept_whatever_its_header_is_called() {
    let headers = [
        ("retry-after", "4"),
        ("retry-after-ms", "4000"),
        ("x-ms-retry-after-ms", "4000"),
    ];
    for variables in [APP_SERVICE, SERVICE_FABRIC, AZURE_ARC, IMDS] {
        for (name, value) in headers {
            let case = at(variables).http(429, "").header(name, value);
            let waits = watch_script(&case.http(400, "{}")).waits;
            assert_eq!(waits.len(), 1, "{name} {variables:?}");
            let in_reach = Duration::from_secs(4)..=Duration::from_secs(5);
            assert!(in_reach.contains(&waits[0]), "{name} {waits:?}");
        }
    }
}

#[test]
fn an_error_says_which_variable_is_wrong_and_nothing_of_its_value() {
    let outcome = at(APP_SERVICE).with("IDENTITY_HEADER", "c4nary\n1").run();
    let error = outcome.result.expect_err("no token");
    assert!(matches!(error.cause(), Cause::Invalid(_)));
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("IDENTITY_HEADER"), "{shown}");
    assert!(!shown.contains("c4nary"), "{shown}");
}

#[test]
fn another_address_than_the_one_that_answered_is_probed_anew() {
    let elsewhere = MemoryChange::Learned {
        key: "the metadata service at http://192.0.2.1/metadata/identity/oauth2/token".into(),
        fact: Fact::Answered,
        on: World::new([]).now().timestamp(),
    };
    let mut case = in_chain().http(400, "").http(200, TOKEN);
    case.memory.apply(elsewhere);
    assert_eq!(watch_script(&case).requests.len(), 2);
}
