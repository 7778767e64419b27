//! An application that acts for the user who called it.

use azid_core::effect::{CallbackId, HttpRequest, KeyHandle};
use azid_core::testing::{self, Reply, World};
use azid_core::{
    CertificateProof, ClientAssertion, ClientCertificate, ClientCredential, ClientSecret,
    Credential, Error, ErrorKind, Fault, OnBehalfOfCredential, TokenRequest, What,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::sight::{assertion_in, form, look_at};
use crate::{answers, certificate, context, proof, signs, token};

const USER: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn credential(proof: impl Into<ClientCredential>) -> OnBehalfOfCredential {
    OnBehalfOfCredential::new("contoso.com", "app-id", proof, USER).expect("valid")
}

fn secret() -> ClientSecret {
    "s3cret".into()
}

/// The credential as configuration, with its secrets put in.
fn written() -> Value {
    let mut written = serde_json::to_value(credential(secret())).expect("it is data");
    written["client_credential"]["secret"] = "s3cret".into();
    written["user_assertion"] = USER.into();
    written
}

/// The request of a run on these replies, which end in a token.
fn request(credential: OnBehalfOfCredential, replies: Vec<Reply>) -> HttpRequest {
    let mut world = World::new(replies.into_iter().chain([token()]));
    let sight = look_at(credential, context(), &mut world);
    assert!(sight.outcome.result.is_ok());
    sight.request().clone()
}

/// The error after this answer.
fn refused(body: &Value) -> Error {
    let mut world = World::new([answers(400, &body.to_string())]);
    let sight = look_at(credential(secret()), context(), &mut world);
    sight.error().clone()
}

fn fields<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn the_form_holds_the_users_token_beside_the_applications_secret() {
    let sent = request(credential(secret()), Vec::new());
    let expected = fields(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("client_id", "app-id"),
        ("client_secret", "s3cret"),
        ("assertion", USER),
        ("requested_token_use", "on_behalf_of"),
        ("scope", "https://vault.azure.net/.default"),
    ]);
    assert_eq!(form(&sent), expected);
    assert_eq!(
        sent.url.as_str(),
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
    );
}

#[test]
fn every_scope_of_a_request_is_in_the_form() {
    let wanted = TokenRequest::new(["api://a/read", "api://a/write"]);
    let context = testing::context(wanted);
    let sight = look_at(credential(secret()), context, &mut World::new([token()]));
    let scope = ("scope".to_owned(), "api://a/read api://a/write".to_owned());
    assert!(form(sight.request()).contains(&scope));
}

#[test]
fn a_certificate_or_an_assertion_takes_the_place_of_the_secret() {
    let issued = ClientAssertion::from_callback(CallbackId::new("issuer"));
    let gives = Reply::Assertion(Ok("e30.issued.c2ln".into()));
    let by_issuer = request(credential(issued), vec![gives]);
    let by_certificate = request(credential(certificate()), vec![signs()]);
    let with_chain = credential(proof().send_certificate_chain());
    let with_chain = request(with_chain, vec![signs()]);
    for sent in [&by_issuer, &by_certificate, &with_chain] {
        let fields = form(sent);
        let value = |name: &str| fields.iter().find(|(known, _)| known == name);
        assert!(value("client_secret").is_none());
        assert_eq!(
            value("client_assertion_type").expect("its type").1,
            JWT_BEARER
        );
        assert_eq!(value("assertion").expect("the user's token").1, USER);
        assert_eq!(
            value("requested_token_use").expect("the use").1,
            "on_behalf_of"
        );
    }
    let issued = ("client_assertion".to_owned(), "e30.issued.c2ln".to_owned());
    assert!(form(&by_issuer).contains(&issued));
    let (header, claims, _) = assertion_in(&with_chain);
    assert_eq!(header["x5c"], json!(["YWJj"]));
    assert_eq!(claims["iss"], "app-id");
    assert_eq!(claims["aud"], with_chain.url.as_str());
}

#[test]
fn a_challenge_reaches_the_application_as_claims_and_its_caller_as_a_header() {
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1 ü?>"}}}"#;
    for (error, suberror) in [
        ("interaction_required", "basic_action"),
        ("invalid_grant", "basic_action"),
        ("invalid_grant", ""),
    ] {
        let error = refused(&json!({
            "error": error, "suberror": suberror, "claims": claims,
            "error_description": "AADSTS50076: a second factor", "error_codes": [50076],
        }));
        assert_eq!(error.kind(), ErrorKind::InteractionRequired);
        assert_eq!(error.fault(), Fault::User);
        let service = error.service().expect("Entra's own error");
        assert_eq!(service.claims(), Some(claims));
        let challenge = service.www_authenticate().expect("there are claims");
        let challenge = challenge.to_str().expect("visible ASCII");
        let encoded = challenge
            .strip_prefix(r#"Bearer error="insufficient_claims", claims=""#)
            .and_then(|rest| rest.strip_suffix('"'))
            .expect(challenge);
        let decoded = STANDARD.decode(encoded).expect("base64");
        assert_eq!(String::from_utf8(decoded).expect("UTF-8"), claims);
    }
}

#[test]
fn the_claims_that_a_caller_comes_back_with_are_sent_as_json() {
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let asks = TokenRequest::new(["api://orders/.default"]).claims(claims);
    let mut world = World::new([token()]);
    let sight = look_at(credential(secret()), testing::context(asks), &mut world);
    let sent = ("claims".to_owned(), claims.to_owned());
    assert!(form(sight.request()).contains(&sent));
}

#[test]
fn missing_consent_needs_a_person_but_is_no_challenge() {
    let error = refused(&json!({
        "error": "invalid_grant", "suberror": "consent_required",
        "error_description": "AADSTS65001: no consent", "error_codes": [65001],
    }));
    assert_eq!(error.kind(), ErrorKind::InteractionRequired);
    let service = error.service().expect("Entra's own error");
    assert_eq!(service.www_authenticate(), None);
    assert!(
        error
            .advice()
            .is_some_and(|advice| advice.starts_with("consent is missing"))
    );
}

#[test]
fn a_user_assertion_that_is_of_no_use_fails_with_what_to_do_next() {
    for (code, advice) in [
        (500_133, "the assertion is invalid or has expired"),
        (50_013, "the assertion is invalid or has expired"),
        (7_000_114, "the application may not act on behalf of users"),
        (240_002, "use the user's access token as the assertion"),
    ] {
        let error = refused(&json!({ "error": "invalid_grant", "error_codes": [code] }));
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(
            error.advice().is_some_and(|text| text.starts_with(advice)),
            "{error}"
        );
    }
}

#[test]
fn a_word_for_many_tenants_is_refused_when_the_credential_is_made() {
    for word in ["common", "organizations", "consumers", "Common"] {
        let made = OnBehalfOfCredential::new(word, "app-id", secret(), USER);
        let invalid = made.expect_err("the word is no tenant");
        assert_eq!(invalid.what(), What::Tenant);
        assert!(invalid.why().contains(word), "{invalid}");
    }
}

#[test]
fn a_word_for_many_tenants_is_refused_from_a_request_and_from_a_configuration_too() {
    let asks = TokenRequest::new(["api://orders/.default"]).tenant("common");
    let anywhere = credential(secret()).additionally_allowed_tenants(["*"]);
    let asked = look_at(anywhere, testing::context(asks), &mut World::new([token()]));
    let mut written = written();
    written["application"]["tenant"] = "organizations".into();
    let read: OnBehalfOfCredential = serde_json::from_value(written).expect("it is read");
    let configured = look_at(read, context(), &mut World::new([token()]));
    for sight in [asked, configured] {
        assert!(sight.sent.is_empty());
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
        assert!(
            sight
                .error()
                .to_string()
                .contains("only the user's own tenant")
        );
    }
}

#[test]
fn empty_proofs_and_empty_user_assertions_are_refused() {
    let new = |secret: &str, user: &str| {
        let secret = ClientSecret::from(secret);
        OnBehalfOfCredential::new("contoso.com", "app-id", secret, user)
    };
    let what = |secret: &str, user: &str| new(secret, user).expect_err("empty").what();
    assert_eq!(what("", USER), What::ClientSecret);
    assert_eq!(what("s3cret", ""), What::UserAssertion);
    let mut written = written();
    assert!(serde_json::from_value::<OnBehalfOfCredential>(written.clone()).is_ok());
    written["user_assertion"] = "".into();
    assert!(serde_json::from_value::<OnBehalfOfCredential>(written).is_err());
}

#[test]
fn tokens_are_shared_only_for_one_users_token_and_one_proof() {
    let of = |proof: ClientCredential, user: &str| {
        let made = OnBehalfOfCredential::new("contoso.com", "app-id", proof, user);
        made.expect("valid").identity()
    };
    let other_key = KeyHandle::in_memory(b"another key".to_vec().into());
    let other_key = ClientCertificate::new([crate::LEAF], other_key).expect("a certificate");
    let identities = [
        of(secret().into(), "user 1"),
        of(secret().into(), "user 2"),
        of(ClientSecret::from("0ther").into(), "user 1"),
        of(certificate().into(), "user 1"),
        of(other_key.into(), "user 1"),
        of(
            CertificateProof::from(certificate()).use_rs256().into(),
            "user 1",
        ),
        of(ClientAssertion::from_file("/run/token").into(), "user 1"),
    ];
    for (place, identity) in identities.iter().enumerate() {
        assert!(!identities[..place].contains(identity), "number {place}");
    }
    assert_eq!(identities[0], of(secret().into(), "user 1"));
    assert_eq!(identities[3], of(certificate().into(), "user 1"));
}

#[test]
fn the_users_token_is_not_shown() {
    let credential = credential(secret());
    let mut shown = format!("{credential:?} {:?}", credential.identity());
    shown += &serde_json::to_string(&credential).expect("it is data");
    let echo = json!({ "error": "invalid_grant", "error_description": format!("no: {USER}") });
    let mut world = World::new([answers(400, &echo.to_string())]);
    let sight = look_at(credential, context().record_transcript(), &mut world);
    shown += &serde_json::to_string(&sight.outcome.transcript).expect("it is data");
    shown += &format!("{sight:?} {}", sight.error());
    assert!(USER.split('.').all(|part| !shown.contains(part)), "{shown}");
}
