//! Where, when and how often an assertion of an application's own making holds.

use crate::support::{
    JWT_BEARER, KEYS, NOW, assert_refused, emulator, endpoint, json, own_assertion, present, sign,
    token_request, with,
};
use azid_emulator::demo;
use serde_json::{Value, json};

#[test]
fn the_audience_is_the_endpoint_exactly_as_it_was_called() {
    let mut emulator = emulator();
    let host = "https://login.microsoftonline.com";
    let [by_id, by_domain] = [demo::TENANT_ID, demo::TENANT_DOMAIN]
        .map(|tenant| format!("{host}/{tenant}/oauth2/v2.0/token"));
    for (tenant, audience, accepted) in [
        (demo::TENANT_ID, by_id.as_str(), true),
        (demo::TENANT_DOMAIN, &by_domain, true),
        (demo::TENANT_DOMAIN, &by_id, false),
        (demo::TENANT_ID, &by_domain, false),
        (demo::TENANT_ID, &format!("{by_id}/"), false),
        (demo::TENANT_ID, &by_id.replace("https", "http"), false),
        (demo::TENANT_ID, &by_id.replace("/v2.0", ""), false),
        (
            demo::TENANT_ID,
            &format!("{host}/{}/v2.0", demo::TENANT_ID),
            false,
        ),
        (demo::TENANT_ID, &by_id.replace("login", "evil"), false),
        (
            demo::TENANT_ID,
            &by_id.replace(host, "https://evil.example"),
            false,
        ),
    ] {
        let assertion = KEYS
            .certificate
            .assertion(demo::CLIENT_ID, audience, "an-id", NOW);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", demo::CLIENT_ID),
            ("scope", demo::SCOPE),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ];
        let response = emulator.handle(&token_request(tenant, &fields), NOW);
        if accepted {
            assert_eq!(response.status(), 200, "{tenant} {audience}");
        } else {
            assert_refused(&emulator, &response, 401, "invalid_client", 700023);
        }
    }
}

#[test]
fn a_clock_that_is_off_is_told_the_time_of_the_server() {
    let mut emulator = emulator();
    let ahead = NOW + 3_600;
    let assertion = KEYS
        .certificate
        .assertion(demo::CLIENT_ID, &endpoint(), "an-id", ahead);
    let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
    assert_refused(&emulator, &response, 401, "invalid_client", 700024);
    let body = json(&response);
    let description = body["error_description"].as_str().expect("a description");
    assert!(
        description.contains("Current time: 2027-01-15 08:00:00Z"),
        "{description}"
    );
    assert_eq!(response.headers()["date"], "Fri, 15 Jan 2027 08:00:00 GMT");
}

#[test]
fn an_assertion_may_be_long_lived_begin_a_little_later_say_iat_and_count_fractions() {
    let mut emulator = emulator();
    for changes in [
        [("exp", json!(NOW + 366 * 86_400)), ("nbf", json!(NOW))],
        [("nbf", Value::Null), ("iat", json!(NOW))],
        [("nbf", json!(NOW + 300)), ("exp", json!(NOW + 900))],
        [
            ("nbf", json!(NOW as f64 + 0.7)),
            ("exp", json!(NOW as f64 + 1.2)),
        ],
    ] {
        let [header, claims] = own_assertion();
        let assertion = sign(&header, &with(claims, &changes));
        let response = present(&mut emulator, demo::CLIENT_ID, &assertion);
        assert_eq!(response.status(), 200, "{changes:?}");
    }
    let [header, claims] = own_assertion();
    let future = with(claims, &[("nbf", Value::Null), ("iat", json!(NOW + 301))]);
    let response = present(&mut emulator, demo::CLIENT_ID, &sign(&header, &future));
    assert_refused(&emulator, &response, 401, "invalid_client", 700024);
}

#[test]
fn a_repeated_assertion_is_marked_in_the_log_and_refused_on_demand() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let again = sign(&header, &claims);
    let fresh = sign(&header, &with(claims, &[("jti", json!("another-id"))]));
    for (assertion, repeated) in [(&again, false), (&again, true), (&fresh, false)] {
        let response = present(&mut emulator, demo::CLIENT_ID, assertion);
        assert_eq!(response.status(), 200);
        let last = emulator.requests().last().expect("a logged request");
        assert_eq!(last.repeated_assertion, repeated);
    }
    emulator.entra_mut().refuse_repeated_assertions(true);
    let response = present(&mut emulator, demo::CLIENT_ID, &again);
    assert_refused(&emulator, &response, 401, "invalid_client", 50027);
    assert!(
        emulator
            .requests()
            .last()
            .expect("a logged request")
            .repeated_assertion
    );
}

#[test]
fn an_assertion_that_was_refused_is_not_used_up() {
    let mut emulator = emulator();
    emulator.entra_mut().refuse_repeated_assertions(true);
    let [header, claims] = own_assertion();
    let early = sign(&header, &with(claims.clone(), &[("nbf", json!(NOW + 301))]));
    let response = present(&mut emulator, demo::CLIENT_ID, &early);
    assert_refused(&emulator, &response, 401, "invalid_client", 700024);
    let response = present(&mut emulator, demo::CLIENT_ID, &sign(&header, &claims));
    assert_eq!(response.status(), 200);
}
