//! Applications that trust a subject name and an authority in place of single certificates.

use crate::support::{KEYS, NOW, assert_refused, emulator, own_assertion, present, with};
use azid_emulator::{ClientCertificate, demo};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const CLIENT_ID: &str = demo::SUBJECT_NAME_CLIENT_ID;

#[test]
fn a_chain_to_the_trusted_authority_is_needed_and_enough() {
    let mut emulator = emulator();
    let leaf_only = json!([KEYS.certificate.chain()[0]]);
    for chain in [KEYS.certificate.chain(), leaf_only] {
        let assertion = assertion(&KEYS.certificate, &chain);
        let response = present(&mut emulator, CLIENT_ID, &assertion);
        assert_eq!(response.status(), 200);
    }
    let without = assertion(&KEYS.certificate, &Value::Null);
    let response = present(&mut emulator, CLIENT_ID, &without);
    assert_refused(&emulator, &response, 401, "invalid_client", 700027);
}

#[test]
fn the_name_alone_or_the_authority_alone_is_not_enough() {
    let mut emulator = emulator();
    let same_name = KEYS.certificate.reissue(2020, 2099);
    let response = present(
        &mut emulator,
        CLIENT_ID,
        &assertion(&same_name, &same_name.chain()),
    );
    assert_refused(&emulator, &response, 401, "invalid_client", 700030);

    let claimed = json!([same_name.chain()[0], KEYS.certificate.chain()[1]]);
    let response = present(&mut emulator, CLIENT_ID, &assertion(&same_name, &claimed));
    assert_refused(&emulator, &response, 401, "invalid_client", 700030);

    let directory = emulator.entra_mut().directory_mut();
    let application = directory
        .application_mut(CLIENT_ID)
        .expect("the application");
    application.trusted_subjects[0].common_name = "another name".to_owned();
    let chain = KEYS.certificate.chain();
    let response = present(
        &mut emulator,
        CLIENT_ID,
        &assertion(&KEYS.certificate, &chain),
    );
    assert_refused(&emulator, &response, 401, "invalid_client", 700030);
}

#[test]
fn a_certificate_of_a_trusted_authority_is_refused_once_it_has_expired() {
    let mut emulator = emulator();
    let expired = KEYS.certificate.reissue(2018, 2020);
    let directory = emulator.entra_mut().directory_mut();
    let application = directory
        .application_mut(CLIENT_ID)
        .expect("the application");
    application.trusted_subjects = vec![azid_emulator::TrustedSubject::of(&expired)];
    let response = present(
        &mut emulator,
        CLIENT_ID,
        &assertion(&expired, &expired.chain()),
    );
    assert_refused(&emulator, &response, 401, "invalid_client", 1_000_502);
}

#[test]
fn a_chain_must_be_a_list_of_certificates_with_the_named_one_first() {
    let mut emulator = emulator();
    let der = KEYS.certificate.certificate().der();
    let [leaf, authority] = [0, 1].map(|place| KEYS.certificate.chain()[place].clone());
    let other = KEYS.certificate.reissue(2020, 2099).chain()[0].clone();
    for chain in [
        leaf.clone(),
        json!([]),
        json!([7]),
        json!([authority, leaf]),
        json!([other]),
        json!(["not base64 !"]),
        json!([STANDARD.encode(&der[1..])]),
        json!([STANDARD.encode(KEYS.certificate.pem())]),
    ] {
        let response = present(
            &mut emulator,
            CLIENT_ID,
            &assertion(&KEYS.certificate, &chain),
        );
        assert_refused(&emulator, &response, 401, "invalid_client", 50027);
    }
}

#[test]
fn an_application_with_a_registered_certificate_does_not_mind_its_chain() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let header = with(header, &[("x5c", KEYS.certificate.chain())]);
    let assertion = KEYS.certificate.key().sign_with_header(&header, &claims);
    let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
    assert_eq!(response.status(), 200);
}

#[test]
fn a_chain_proves_nothing_to_an_application_that_trusts_no_name() {
    let mut emulator = emulator();
    let stranger = KEYS.certificate.reissue(2020, 2099);
    let [_, claims] = own_assertion();
    let header = with(stranger.assertion_header(), &[("x5c", stranger.chain())]);
    let assertion = stranger.key().sign_with_header(&header, &claims);
    let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
    assert_refused(&emulator, &response, 401, "invalid_client", 700027);
}

/// An assertion of the application that is good but perhaps for its certificate and chain.
fn assertion(certificate: &ClientCertificate, chain: &Value) -> String {
    let [_, claims] = own_assertion();
    let claims = with(
        claims,
        &[
            ("iss", json!(CLIENT_ID)),
            ("sub", json!(CLIENT_ID)),
            ("nbf", json!(NOW)),
        ],
    );
    let header = with(certificate.assertion_header(), &[("x5c", chain.clone())]);
    certificate.key().sign_with_header(&header, &claims)
}
