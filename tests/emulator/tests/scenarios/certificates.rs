//! Assertions that an application signs with its certificate.

use crate::support::{
    JWT_BEARER, KEYS, NOW, access_token, ask, assert_refused, emulator, endpoint, form, json,
    own_assertion, present, published_keys, sign, with,
};
use azid_emulator::{Certificate, ClientCertificate, demo, verify_access_token};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use http::Request;
use serde_json::{Value, json};

#[test]
fn an_assertion_signed_with_the_registered_certificate_gets_a_token() {
    let mut emulator = emulator();
    let assertion = KEYS
        .certificate
        .assertion(demo::CLIENT_ID, &endpoint(), "an-id", NOW);
    let token = access_token(&present(&mut emulator, demo::CLIENT_ID, &assertion));
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.client_id(), Some(demo::CLIENT_ID));
    assert_eq!(claims.get("appidacr"), Some(&json!("2")));
    assert_eq!(claims.object_id(), Some(demo::CLIENT_OBJECT_ID));
}

#[test]
fn both_algorithms_and_both_thumbprints_are_accepted() {
    let mut emulator = emulator();
    let certificate = KEYS.certificate.certificate();
    let sha1 = json!(URL_SAFE_NO_PAD.encode(certificate.sha1_thumbprint()));
    for algorithm in ["PS256", "RS256"] {
        for changes in [
            vec![("alg", json!(algorithm))],
            vec![
                ("alg", json!(algorithm)),
                ("x5t", sha1.clone()),
                ("x5t#S256", Value::Null),
            ],
            vec![("alg", json!(algorithm)), ("x5t", sha1.clone())],
        ] {
            let [header, claims] = own_assertion();
            let assertion = sign(&with(header, &changes), &claims);
            let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
            assert_eq!(response.status(), 200, "{changes:?}");
        }
    }
}

#[test]
fn a_thumbprint_may_be_written_in_each_form_that_clients_use() {
    let mut emulator = emulator();
    let certificate = KEYS.certificate.certificate();
    for base64 in [URL_SAFE_NO_PAD, URL_SAFE, STANDARD] {
        for (member, hash) in [
            ("x5t", certificate.sha1_thumbprint()),
            ("x5t#S256", certificate.sha256_thumbprint()),
        ] {
            let [header, claims] = own_assertion();
            let header = with(
                header,
                &[
                    ("x5t#S256", Value::Null),
                    (member, json!(base64.encode(hash))),
                ],
            );
            let response = present(&mut emulator, demo::CLIENT_ID, &sign(&header, &claims));
            assert_eq!(response.status(), 200, "{header}");
        }
    }
}

#[test]
fn the_parts_of_an_assertion_may_be_padded() {
    let mut emulator = emulator();
    let certificate = &KEYS.certificate;
    let [header, claims] = own_assertion();
    let assertion = certificate.key().sign_with_header(&header, &claims);
    let response = present(&mut emulator, demo::CLIENT_ID, &format!("{assertion}=="));
    assert_eq!(response.status(), 200);
    let response = present(&mut emulator, demo::CLIENT_ID, &format!("{assertion}==="));
    assert_refused(&emulator, &response, 401, "invalid_client", 50027);
}

#[test]
fn each_wrong_part_of_an_assertion_has_its_own_refusal() {
    let mut emulator = emulator();
    let other = demo::UNFEDERATED_CLIENT_ID;
    let unknown = URL_SAFE_NO_PAD.encode([7; 32]);
    for (part, member, value, code) in [
        (0, "typ", Value::Null, 50027),
        (0, "typ", json!("at+jwt"), 50027),
        (0, "crit", json!(["exp"]), 50027),
        (0, "alg", Value::Null, 50027),
        (0, "alg", json!("none"), 50027),
        (0, "alg", json!("HS256"), 50027),
        (0, "alg", json!("ES256"), 50027),
        (0, "alg", json!("PS384"), 50027),
        (0, "alg", json!("ps256"), 50027),
        (0, "x5t#S256", Value::Null, 50027),
        (0, "x5t#S256", json!(7), 50027),
        (0, "x5t#S256", json!("not base64 !"), 50027),
        (0, "x5t#S256", json!("dG9vIHNob3J0"), 50027),
        (0, "x5t#S256", json!(unknown), 700027),
        (0, "x5t", json!(URL_SAFE_NO_PAD.encode([7; 20])), 700027),
        (0, "x5c", json!([]), 50027),
        (0, "x5c", json!("text"), 50027),
        (1, "iss", Value::Null, 50027),
        (1, "iss", json!(other), 700021),
        (1, "sub", Value::Null, 50027),
        (1, "sub", json!(other), 700021),
        (1, "aud", Value::Null, 50027),
        (1, "aud", json!([endpoint()]), 50027),
        (1, "aud", json!(demo::AUDIENCE), 700023),
        (1, "jti", Value::Null, 50027),
        (1, "jti", json!(7), 50027),
        (1, "exp", Value::Null, 50027),
        (1, "exp", json!("1800000600"), 50027),
        (1, "exp", json!(-1), 50027),
        (1, "exp", json!(NOW), 700024),
        (1, "nbf", json!(NOW + 301), 700024),
    ] {
        let mut parts = own_assertion();
        parts[part] = with(parts[part].clone(), &[(member, value)]);
        let [header, claims] = parts;
        let response = present(&mut emulator, demo::CLIENT_ID, &sign(&header, &claims));
        assert_refused(&emulator, &response, 401, "invalid_client", code);
    }
}

#[test]
fn an_assertion_of_another_application_is_refused() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let other = json!(demo::UNFEDERATED_CLIENT_ID);
    let claims = with(claims, &[("iss", other.clone()), ("sub", other)]);
    let response = present(&mut emulator, demo::CLIENT_ID, &sign(&header, &claims));
    assert_refused(&emulator, &response, 401, "invalid_client", 700021);
}

#[test]
fn no_changed_character_anywhere_in_an_assertion_goes_unnoticed() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let good = sign(&header, &claims);
    for place in (0..good.len()).step_by(5) {
        let mut bytes = good.clone().into_bytes();
        bytes[place] = match bytes[place] {
            b'.' => b'A',
            b'A' => b'B',
            _ => b'A',
        };
        let changed = String::from_utf8(bytes).expect("ASCII");
        let response = present(&mut emulator, demo::CLIENT_ID, &changed);
        assert_eq!(response.status(), 401, "{place}: {changed}");
    }
    let response = present(&mut emulator, demo::CLIENT_ID, &good);
    assert_eq!(response.status(), 200);
}

#[test]
fn a_signature_in_another_way_than_the_header_says_is_refused() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let signed_otherwise = |algorithm: &str, pretended: &str| {
        let [actual, pretended] =
            [algorithm, pretended].map(|it| with(header.clone(), &[("alg", json!(it))]));
        let signature = sign(&actual, &claims);
        let signature = signature
            .rsplit('.')
            .next()
            .expect("a signature")
            .to_owned();
        let text = sign(&pretended, &claims);
        let (signed, _) = text.rsplit_once('.').expect("three parts");
        format!("{signed}.{signature}")
    };
    for forged in [
        signed_otherwise("RS256", "PS256"),
        signed_otherwise("PS256", "RS256"),
        KEYS.entra.sign_with_header(&header, &claims),
    ] {
        let response = present(&mut emulator, demo::CLIENT_ID, &forged);
        assert_refused(&emulator, &response, 401, "invalid_client", 700027);
    }
}

#[test]
fn a_certificate_that_is_not_registered_is_named_by_its_thumbprint() {
    let mut emulator = emulator();
    let stranger = KEYS.certificate.reissue(2020, 2099);
    let assertion = stranger.assertion(demo::CLIENT_ID, &endpoint(), "an-id", NOW);
    let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
    assert_refused(&emulator, &response, 401, "invalid_client", 700027);
    let hash = stranger.certificate().sha256_thumbprint();
    let hash: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    let body = json(&response);
    let description = body["error_description"].as_str().expect("a description");
    assert!(description.contains(&hash), "{description}");
}

#[test]
fn an_expired_certificate_is_refused_though_it_is_registered() {
    let mut emulator = emulator();
    let directory = emulator.entra_mut().directory_mut();
    let application = directory
        .application_mut(demo::CLIENT_ID)
        .expect("the application");
    let expired = KEYS.certificate.reissue(2018, 2020);
    application.certificates = vec![expired.certificate().clone()];
    let assertion = expired.assertion(demo::CLIENT_ID, &endpoint(), "an-id", NOW);
    let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
    assert_refused(&emulator, &response, 401, "invalid_client", 1_000_502);
}

#[test]
fn a_certificate_can_be_rotated_while_the_service_runs() {
    let mut emulator = emulator();
    let next = KEYS.certificate.reissue(2026, 2030);
    let [old_assertion, new_assertion] = [&KEYS.certificate, &next]
        .map(|it: &ClientCertificate| it.assertion(demo::CLIENT_ID, &endpoint(), "an-id", NOW));
    let directory = emulator.entra_mut().directory_mut();
    let application = directory
        .application_mut(demo::CLIENT_ID)
        .expect("the application");
    application.certificates = vec![next.certificate().clone()];
    let response = present(&mut emulator, demo::CLIENT_ID, &old_assertion);
    assert_refused(&emulator, &response, 401, "invalid_client", 700027);
    let response = present(&mut emulator, demo::CLIENT_ID, &new_assertion);
    assert_eq!(response.status(), 200);
}

#[test]
fn ad_fs_takes_the_older_algorithm_with_the_older_thumbprint_alone() {
    let mut emulator = emulator();
    let sha1 = KEYS.certificate.certificate().sha1_thumbprint();
    let sha1 = json!(URL_SAFE_NO_PAD.encode(sha1));
    for (algorithm, thumbprint, accepted) in [
        ("RS256", sha1.clone(), true),
        ("PS256", sha1, false),
        ("RS256", Value::Null, false),
    ] {
        let [header, claims] = own_assertion();
        let header = with(header, &[("alg", json!(algorithm)), ("x5t", thumbprint)]);
        let audience = json!("https://login.microsoftonline.com/adfs/oauth2/token");
        let assertion = sign(&header, &with(claims, &[("aud", audience)]));
        let request = Request::post("/adfs/oauth2/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form(&[
                ("grant_type", "client_credentials"),
                ("client_id", demo::CLIENT_ID),
                ("resource", demo::RESOURCE),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", &assertion),
            ]))
            .expect("a well-formed request");
        let response = emulator.handle(&request, NOW);
        assert_eq!(
            response.status(),
            if accepted { 200 } else { 401 },
            "{header}"
        );
    }
}

#[test]
fn a_certificate_and_a_secret_together_are_refused() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let assertion = sign(&header, &claims);
    let response = ask(
        &mut emulator,
        &[
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ],
    );
    assert_refused(&emulator, &response, 400, "invalid_request", 9002313);
}

#[test]
fn a_client_certificate_is_one_pem_text_of_a_key_and_two_certificates() {
    let pem = KEYS.certificate.pem();
    let labels: Vec<_> = pem
        .lines()
        .filter(|line| line.starts_with("-----BEGIN"))
        .collect();
    assert_eq!(
        labels,
        [
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----"
        ]
    );
    let certificate = KEYS.certificate.certificate();
    assert_eq!(certificate.common_name(), Some("azid emulator client"));
    assert_eq!(certificate.not_after(), 4_102_358_400);
    assert_eq!(
        Certificate::from_der(certificate.der()).as_ref(),
        Some(certificate)
    );
    // The authority's key is on a curve, and no application signs with such a key.
    assert_eq!(
        Certificate::from_der(KEYS.certificate.authority_der()),
        None
    );
    assert_eq!(Certificate::from_der(&certificate.der()[1..]), None);
    assert!(!format!("{:?}", KEYS.certificate).contains("PRIVATE"));
}

#[test]
fn a_secret_can_be_rotated_while_the_service_runs() {
    let mut emulator = emulator();
    let directory = emulator.entra_mut().directory_mut();
    let application = directory
        .application_mut(demo::CLIENT_ID)
        .expect("the application");
    application.expire_secrets(NOW);
    application.add_secret("the next secret", NOW + 1);
    let response = ask(&mut emulator, &[]);
    assert_refused(&emulator, &response, 401, "invalid_client", 7_000_222);
    let response = ask(&mut emulator, &[("client_secret", "the next secret")]);
    assert_eq!(response.status(), 200);
}
