//! The token service of a region: where its name comes from, and what is never taken for one.

use azid_core::effect::{CallbackId, Detail, HttpFailure, Refusal, Requirement};
use azid_core::testing::{self, Reply, World};
use azid_core::{
    Authority, ClientAssertion, ClientAssertionCredential, ClientCertificateCredential, Context,
    Environment, ErrorKind, ManagedIdentityCredential, Memory, Now, Region, Seed, TokenRequest,
    What,
};

use crate::sight::{Sight, form, look_at};
use crate::{answers, context, credential, proof, signs, token};

const GLOBAL: &str = "login.microsoftonline.com";
const WEST_EUROPE: &str = "westeurope.login.microsoft.com";

fn detected() -> ClientCertificateCredential {
    credential(proof()).region(Region::detected())
}

/// A run that the metadata service answers so, and whose token endpoint gives a token.
fn located(location: Reply) -> Sight {
    let mut world = World::new([location, signs(), token()]);
    look_at(detected(), context(), &mut world)
}

fn hosts(sight: &Sight) -> Vec<&str> {
    let hosts = sight.sent.iter().map(|request| request.url.host_str());
    hosts
        .map(|host| host.expect("a request has a host"))
        .collect()
}

#[test]
fn the_metadata_service_is_asked_where_the_host_is() {
    let sight = located(answers(200, r#"{"location":"westeurope","name":"vm"}"#));
    assert_eq!(hosts(&sight), ["169.254.169.254", WEST_EUROPE]);
    let question = &sight.sent[0];
    assert_eq!(
        question.url.as_str(),
        "http://169.254.169.254/metadata/instance/compute?api-version=2021-02-01"
    );
    assert_eq!(question.headers.len(), 1);
    assert_eq!(question.headers["metadata"], "true");
    assert!(question.requirements.no_proxy && question.requirements.plain_http);
    assert_eq!(question.requirements.timeout.as_secs(), 2);
    assert!(sight.outcome.result.is_ok());
}

#[test]
fn a_region_once_found_is_not_asked_for_again() {
    let first = located(answers(200, r#"{"location":"westeurope"}"#));
    let mut memory = Memory::default();
    first
        .outcome
        .memory
        .into_iter()
        .for_each(|change| memory.apply(change));
    let mut world = World::new([signs(), token()]);
    let second = look_at(detected(), context().with_memory(memory), &mut world);
    assert_eq!(hosts(&second), [WEST_EUROPE]);
}

#[test]
fn a_region_that_was_not_found_is_asked_for_again_but_not_within_five_minutes() {
    for nobody in [
        Reply::from(HttpFailure::TimedOut),
        HttpFailure::Connect(Detail::default()).into(),
        answers(404, ""),
        answers(400, r#"{"error":"Bad request","newest-versions":[]}"#),
        answers(400, r#"{"newest-versions":["2025-04-07&a=b"]}"#),
        answers(200, "<html>"),
    ] {
        let sight = located(nobody);
        assert_eq!(hosts(&sight), ["169.254.169.254", GLOBAL]);
        assert!(sight.outcome.result.is_ok());
        let after = |seconds: i64| {
            let mut memory = Memory::default();
            let changes = sight.outcome.memory.iter().cloned();
            changes.for_each(|change| memory.apply(change));
            let now = Now::wall(testing::START + seconds * 1000);
            let context = Context::new(
                TokenRequest::new(["https://vault.azure.net/.default"]),
                now,
                Seed::new([1; 32]),
            );
            let mut world = World::new([answers(200, r#"{"location":"westeurope"}"#)]);
            let sight = look_at(detected(), context.with_memory(memory), &mut world);
            sight.sent.len()
        };
        assert_eq!((after(299), after(310)), (0, 1));
    }
}

#[test]
fn a_metadata_service_of_another_version_is_asked_once_more_by_the_newest_that_it_knows() {
    let versions = || {
        answers(
            400,
            r#"{"error":"Bad request","newest-versions":["2025-04-07","2023-11-15"]}"#,
        )
    };
    let location = answers(200, r#"{"location":"westeurope"}"#);
    let mut world = World::new([versions(), location, signs(), token()]);
    let sight = look_at(detected(), context(), &mut world);
    assert_eq!(
        hosts(&sight),
        ["169.254.169.254", "169.254.169.254", WEST_EUROPE]
    );
    assert_eq!(sight.sent[1].url.query(), Some("api-version=2025-04-07"));
    let mut world = World::new([versions(), versions(), signs(), token()]);
    let sight = look_at(detected(), context(), &mut world);
    assert_eq!(sight.sent.len(), 3);
}

#[test]
fn what_is_no_region_never_becomes_part_of_a_host() {
    let long = "a".repeat(64);
    for location in [
        "evil.com/",
        "evil.com",
        "evil.com#",
        "a/b",
        "a@b",
        "a:b",
        "a b",
        "-a",
        "a-",
        "1a",
        "A",
        "é",
        "",
        "a%2e",
        "a\n",
        &long,
    ] {
        let location = serde_json::json!({ "location": location }).to_string();
        let sight = located(answers(200, &location));
        assert_eq!(hosts(&sight), ["169.254.169.254", GLOBAL], "{location}");
        let environment = Environment::from_pairs([("REGION_NAME", "evil.com/")]);
        let context = context().with_environment(environment);
        let mut world = World::new([answers(200, &location), signs(), token()]);
        let sight = look_at(detected(), context, &mut world);
        assert_eq!(hosts(&sight), ["169.254.169.254", GLOBAL], "{location}");
    }
}

#[test]
fn a_host_that_names_its_region_is_believed_however_it_writes_it() {
    for name in ["westeurope", "West Europe", "WestEurope"] {
        let environment = Environment::from_pairs([("REGION_NAME", name)]);
        let mut world = World::new([signs(), token()]);
        let sight = look_at(
            detected(),
            context().with_environment(environment),
            &mut world,
        );
        assert_eq!(hosts(&sight), [WEST_EUROPE], "{name}");
    }
}

#[test]
fn a_requirement_of_the_question_that_is_refused_ends_the_run() {
    for refusal in [
        Refusal::Requirement(Requirement::NoProxy),
        Refusal::NotRegistered(CallbackId::new("http")),
    ] {
        let sight = located(Reply::Refuse(refusal));
        assert_eq!(sight.sent.len(), 1);
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
    }
}

#[test]
fn the_variables_name_a_region_or_ask_for_the_one_around() {
    let read = |pairs: &[(&'static str, &str)]| {
        Region::from_environment(&Environment::from_pairs(pairs.iter().copied()))
    };
    let named = |name: &str| Some(Region::new(name).expect("a region"));
    let valid = [
        (&[][..], None),
        (&[("AZURE_REGIONAL_AUTHORITY_NAME", "")], None),
        (
            &[("AZURE_REGIONAL_AUTHORITY_NAME", "westus2")],
            named("westus2"),
        ),
        (
            &[("AZURE_REGIONAL_AUTHORITY_NAME", " westus2\n")],
            named("westus2"),
        ),
        (
            &[("AZURE_REGIONAL_AUTHORITY_NAME", "TryAutoDetect")],
            Some(Region::detected()),
        ),
        (
            &[("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")],
            Some(Region::detected()),
        ),
        (
            &[("AZURE_REGIONAL_AUTHORITY_NAME", "True")],
            Some(Region::detected()),
        ),
        (&[("MSAL_FORCE_REGION", "westus2")], named("westus2")),
        (
            &[
                ("MSAL_FORCE_REGION", "westus2"),
                ("AZURE_REGIONAL_AUTHORITY_NAME", "eastus"),
            ],
            named("eastus"),
        ),
        (&[("REGION_NAME", "westus2")], None),
    ];
    for (pairs, expected) in valid {
        assert_eq!(read(pairs), Ok(expected), "{pairs:?}");
    }
    for name in ["AZURE_REGIONAL_AUTHORITY_NAME", "MSAL_FORCE_REGION"] {
        for value in ["evil.com/", "West Europe"] {
            let invalid = read(&[(name, value)]).expect_err(value);
            assert_eq!(invalid.what(), What::Variable(name));
            assert!(!invalid.to_string().contains(value));
        }
    }
}

#[test]
fn each_cloud_has_its_regions_under_its_own_host() {
    let west = || Region::new("west").expect("a region");
    for (authority, tenant, host) in [
        ("login.microsoftonline.com", "t", "west.login.microsoft.com"),
        ("login.windows.net", "t", "west.login.microsoft.com"),
        (
            "login.microsoftonline.us",
            "t",
            "west.login.microsoftonline.us",
        ),
        (
            "login.partner.microsoftonline.cn",
            "t",
            "west.login.partner.microsoftonline.cn",
        ),
        ("login.contoso.example", "t", "west.login.contoso.example"),
        // These have no regions.
        ("fs.contoso.example", "adfs", "fs.contoso.example"),
        ("https://10.1.2.3:8443", "t", "10.1.2.3"),
        ("https://[::1]:8443", "t", "[::1]"),
    ] {
        let authority = Authority::new(authority).expect("an authority");
        let credential = ClientCertificateCredential::new(tenant, "app-id", proof());
        let credential = credential
            .expect("valid")
            .authority(authority)
            .region(west());
        let mut world = World::new([signs(), token()]);
        assert_eq!(hosts(&look_at(credential, context(), &mut world)), [host]);
    }
}

#[test]
fn an_assertion_for_a_regional_endpoint_is_for_the_clouds_token_exchange() {
    let virginia = Region::new("usgovvirginia").expect("a region");
    let identity = ClientAssertion::from_credential(ManagedIdentityCredential::new());
    let credential = ClientAssertionCredential::new("contoso.com", "app-id", identity);
    let credential = credential
        .expect("valid")
        .authority(Authority::us_government())
        .region(virginia);
    let identity_token = r#"{"access_token":"e30.issued.c2ln","expires_on":"1795341600"}"#;
    let mut world = World::new([answers(200, identity_token), token()]);
    let sight = look_at(credential, context(), &mut world);
    let asked = sight.sent[0]
        .url
        .query_pairs()
        .any(|(name, value)| name == "resource" && value == "api://AzureADTokenExchangeUSGov");
    assert!(asked, "{}", sight.sent[0].url);
    assert_eq!(
        sight.sent[1].url.host_str(),
        Some("usgovvirginia.login.microsoftonline.us")
    );
    let issued = ("client_assertion".to_owned(), "e30.issued.c2ln".to_owned());
    assert!(form(&sight.sent[1]).contains(&issued));
}
