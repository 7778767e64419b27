//! Regional endpoints: the same service under one name for each region.

use crate::support::{JWT_BEARER, endpoint};
use crate::support::{KEYS, NOW, assert_refused, emulator, escape, form, secret_fields};
use azid_emulator::{Emulator, demo};
use http::{Request, Response};

const REGIONAL: &str = "https://westeurope.login.microsoft.com";

#[test]
fn an_application_that_may_use_regional_endpoints_gets_its_token_there() {
    let mut emulator = emulator();
    let response = post(&mut emulator, REGIONAL, &secret_fields(&[]));
    assert_eq!(response.status(), 200);
}

#[test]
fn any_other_application_is_refused_there_and_served_elsewhere() {
    let mut emulator = emulator();
    let fields = secret_fields(&[("client_id", demo::UNFEDERATED_CLIENT_ID)]);
    let response = post(&mut emulator, REGIONAL, &fields);
    assert_refused(&emulator, &response, 400, "invalid_request", 100_007);
    for origin in [
        "https://login.microsoftonline.com",
        "https://login.microsoft.com",
    ] {
        assert_eq!(post(&mut emulator, origin, &fields).status(), 200);
    }
}

#[test]
fn the_audience_of_an_assertion_may_be_the_regional_endpoint_or_the_global_one() {
    let mut emulator = emulator();
    let regional = endpoint().replace("https://login.microsoftonline.com", REGIONAL);
    let bad = |host: &str| endpoint().replace("login.microsoftonline.com", host);
    for (audience, accepted) in [
        (regional, true),
        (endpoint(), true),
        (bad("West Europe.login.microsoft.com"), false),
        (bad("a.b.login.microsoft.com"), false),
        (bad("-a.login.microsoft.com"), false),
        (bad("a-.login.microsoft.com"), false),
        (
            bad(&format!("{}.login.microsoft.com", "a".repeat(64))),
            false,
        ),
        (bad(".login.microsoft.com"), false),
        (bad("westeurope.evil.example"), false),
        (bad("evil.example/westeurope.login.microsoft.com"), false),
    ] {
        let assertion = KEYS
            .certificate
            .assertion(demo::CLIENT_ID, &audience, "an-id", NOW);
        let fields = secret_fields(&[
            ("client_secret", ""),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ]);
        let response = post(&mut emulator, REGIONAL, &fields);
        if accepted {
            assert_eq!(response.status(), 200, "{audience}");
        } else {
            assert_refused(&emulator, &response, 401, "invalid_client", 700_023);
        }
    }
}

#[test]
fn an_authority_of_ones_own_has_its_regions_before_its_name() {
    let mut emulator = emulator();
    emulator.set_authority("https://localhost:8443");
    let fields = secret_fields(&[("client_id", demo::UNFEDERATED_CLIENT_ID)]);
    let response = post(&mut emulator, "https://westeurope.localhost:8443", &fields);
    assert_refused(&emulator, &response, 400, "invalid_request", 100_007);
    for origin in ["https://localhost:8443", "https://127.0.0.1:8443"] {
        assert_eq!(post(&mut emulator, origin, &fields).status(), 200);
        let audience = format!("{origin}/{}/oauth2/v2.0/token", demo::TENANT_ID);
        let assertion =
            KEYS.certificate
                .assertion(demo::CLIENT_ID, &audience, &escape(origin), NOW);
        let fields = secret_fields(&[
            ("client_secret", ""),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ]);
        assert_eq!(post(&mut emulator, origin, &fields).status(), 200);
    }
}

fn post(emulator: &mut Emulator, origin: &str, fields: &[(&str, &str)]) -> Response<Vec<u8>> {
    let request = Request::post(format!("{origin}/{}/oauth2/v2.0/token", demo::TENANT_ID))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(fields))
        .expect("a well-formed request");
    emulator.handle(&request, NOW)
}
