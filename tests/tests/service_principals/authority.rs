//! Whether a token service belongs to Microsoft: asked where that is wanted, and only there.

use azid_core::effect::HttpFailure;
use azid_core::testing::{Reply, World};
use azid_core::{Authority, Cause, ClientCertificateCredential, ErrorKind, Memory, Region};

use crate::sight::{Sight, look_at};
use crate::{answers, context, proof, signs, token};

const ENDPOINT: &str = "https://login.contoso.example/base/contoso.com/oauth2/v2.0/token";

fn at(authority: &str, tenant: &str) -> ClientCertificateCredential {
    let authority = Authority::new(authority).expect("an authority");
    let credential = ClientCertificateCredential::new(tenant, "app-id", proof());
    credential.expect("valid").authority(authority)
}

fn private() -> ClientCertificateCredential {
    let credential = at("https://login.contoso.example/base", "contoso.com");
    credential.validate_authority_by(Authority::public_cloud())
}

fn known() -> Reply {
    answers(
        200,
        r#"{"tenant_discovery_endpoint":"https://login.contoso.example/x","metadata":[]}"#,
    )
}

fn urls(sight: &Sight) -> Vec<&str> {
    sight
        .sent
        .iter()
        .map(|request| request.url.as_str())
        .collect()
}

#[test]
fn a_private_cloud_is_asked_about_before_anything_is_signed_for_it() {
    let sight = look_at(
        private(),
        context(),
        &mut World::new([known(), signs(), token()]),
    );
    let question = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1\
                    &authorization_endpoint=https%3A%2F%2Flogin.contoso.example%2Fbase\
                    %2Fcontoso.com%2Foauth2%2Fv2.0%2Fauthorize";
    assert_eq!(urls(&sight), [question, ENDPOINT]);
    assert!(sight.sent[0].body.is_empty());
    assert!(sight.outcome.result.is_ok());
}

#[test]
fn a_cloud_that_microsoft_does_not_know_gets_nothing() {
    let unknown = r#"{"error":"invalid_instance","error_description":"AADSTS50049: Unknown or invalid instance.","error_codes":[50049]}"#;
    let mut world = World::new([answers(400, unknown), signs(), token()]);
    let sight = look_at(private(), context(), &mut world);
    assert!(sight.signed.is_empty());
    assert_eq!(sight.sent.len(), 1);
    let error = sight.error();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(
        error.service().expect("an error").error(),
        "invalid_instance"
    );
    assert_eq!(
        error.endpoint(),
        Some("https://login.microsoftonline.com/common/discovery/instance")
    );
    assert!(sight.outcome.memory.is_empty());
}

#[test]
fn an_authority_that_cannot_be_asked_about_is_not_trusted() {
    let busy = || Reply::from(HttpFailure::Connect(Default::default()));
    for replies in [
        vec![busy(), busy(), busy(), busy()],
        vec![answers(200, "{}")],
        vec![answers(200, r#"{"tenant_discovery_endpoint":""}"#)],
        vec![answers(200, "<html>")],
        vec![answers(302, "")],
    ] {
        let sight = look_at(private(), context(), &mut World::new(replies));
        assert!(sight.signed.is_empty());
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
        assert!(!matches!(sight.error().cause(), Cause::Sign(_)));
    }
}

#[test]
fn an_answer_is_remembered_for_this_authority_and_whoever_vouched_for_it() {
    let first = look_at(
        private(),
        context(),
        &mut World::new([known(), signs(), token()]),
    );
    let mut memory = Memory::default();
    first
        .outcome
        .memory
        .into_iter()
        .for_each(|change| memory.apply(change));
    let again = |credential| {
        let context = context().with_memory(memory.clone());
        let sight = look_at(credential, context, &mut World::new([signs(), token()]));
        sight.sent[0].url.path().to_owned()
    };
    assert_eq!(again(private()), "/base/contoso.com/oauth2/v2.0/token");
    let question = "/common/discovery/instance";
    let other = at("https://login.other.example", "contoso.com");
    assert_eq!(
        again(other.validate_authority_by(Authority::public_cloud())),
        question
    );
    assert_eq!(
        again(private().validate_authority_by(Authority::china())),
        question
    );
}

#[test]
fn hosts_that_need_no_word_for_them_ask_nobody() {
    for (authority, tenant) in [
        ("login.microsoftonline.com", "contoso.com"),
        ("sts.windows.net", "contoso.com"),
        ("login.microsoftonline.us", "contoso.com"),
        ("login.chinacloudapi.cn", "contoso.com"),
        ("login.sovcloud-identity.fr", "contoso.com"),
        ("contoso.ciamlogin.com", "contoso.com"),
        ("contoso.b2clogin.com", "contoso.com"),
        ("https://login.contoso.example/tfp/", "contoso.com"),
        ("login.windows-ppe.net", "contoso.com"),
        ("fs.contoso.example", "adfs"),
        ("https://fs.contoso.example/adfs", "contoso.com"),
        ("https://sts.contoso.example/dstsv2", "contoso.com"),
    ] {
        let credential = at(authority, tenant).validate_authority_by(Authority::public_cloud());
        let sight = look_at(credential, context(), &mut World::new([signs(), token()]));
        assert!(
            sight.request().url.path().ends_with("/token"),
            "{authority}"
        );
    }
}

#[test]
fn a_host_that_only_looks_like_a_known_one_is_asked_about() {
    for authority in [
        "login.microsoftonline.com.evil.example",
        "evilciamlogin.com",
        "ciamlogin.com.evil.example",
        "b2clogin.com.evil.example",
        "evil.login.microsoftonline.com",
        "https://login.contoso.example/base/tfp",
    ] {
        let credential = at(authority, "contoso.com");
        let credential = credential.validate_authority_by(Authority::public_cloud());
        let sight = look_at(credential, context(), &mut World::new([]));
        assert_eq!(
            sight.sent[0].url.path(),
            "/common/discovery/instance",
            "{authority}"
        );
    }
}

#[test]
fn without_the_option_nobody_is_asked() {
    let credential = at("https://login.contoso.example/base", "contoso.com");
    let sight = look_at(credential, context(), &mut World::new([signs(), token()]));
    assert_eq!(urls(&sight), [ENDPOINT]);
}

#[test]
fn the_global_host_is_asked_about_and_then_the_region_is_used() {
    let credential = private().region(Region::detected());
    let location = answers(200, r#"{"location":"west"}"#);
    let mut world = World::new([known(), location, signs(), token()]);
    let sight = look_at(credential, context(), &mut world);
    let hosts: Vec<_> = sight
        .sent
        .iter()
        .filter_map(|request| request.url.host_str())
        .collect();
    assert_eq!(
        hosts,
        [
            "login.microsoftonline.com",
            "169.254.169.254",
            "west.login.contoso.example"
        ]
    );
}
