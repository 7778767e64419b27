//! What the token endpoint answers: tokens, their claims, and the shape of an error.

use crate::support::{
    KEYS, NOW, access_token, ask, emulator, json, published_keys, secret_fields, token_request,
};
use azid_emulator::{Outcome, demo, verify_access_token};
use http::Response;

#[test]
fn a_right_secret_gets_a_token_that_the_published_keys_verify() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[]);
    let body = json(&response);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(body["ext_expires_in"], 3599);
    assert!(body.get("refresh_in").is_none() && body.get("refresh_token").is_none());

    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("a valid token");
    assert_eq!(
        claims.issuer(),
        Some(&*format!("https://sts.windows.net/{}/", demo::TENANT_ID))
    );
    assert_eq!(claims.audience(), Some(demo::RESOURCE));
    assert_eq!(claims.tenant_id(), Some(demo::TENANT_ID));
    assert_eq!(claims.client_id(), Some(demo::CLIENT_ID));
    assert_eq!(claims.object_id(), Some(demo::CLIENT_OBJECT_ID));
    assert_eq!(claims.expires_on(), Some(NOW + 3599));
    assert_eq!(claims.get("sub"), claims.get("oid"));
    assert_eq!(claims.get("idtyp").and_then(|it| it.as_str()), Some("app"));
    assert_eq!(claims.get("ver").and_then(|it| it.as_str()), Some("1.0"));
    assert!(claims.get("xms_cc").is_none());
}

#[test]
fn a_resource_of_version_2_gets_tokens_of_version_2() {
    let mut emulator = emulator();
    emulator.set_authority("https://localhost:8443/");
    let scope = format!("{}/.default", demo::RESOURCE_V2);
    let token = access_token(&ask(&mut emulator, &[("scope", &scope)]));
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(
        claims.issuer(),
        Some(&*format!("https://localhost:8443/{}/v2.0", demo::TENANT_ID))
    );
    assert_eq!(claims.audience(), Some(demo::RESOURCE_V2_APPLICATION_ID));
    assert_eq!(
        claims.get("azp").and_then(|it| it.as_str()),
        Some(demo::CLIENT_ID)
    );
    assert!(claims.get("appid").is_none());
}

#[test]
fn no_two_tokens_are_alike() {
    let mut emulator = emulator();
    assert_ne!(
        access_token(&ask(&mut emulator, &[])),
        access_token(&ask(&mut emulator, &[])),
    );
}

#[test]
fn a_client_that_handles_challenges_gets_a_long_token_with_a_refresh_time() {
    let mut emulator = emulator();
    for capability in ["CP1", "cp1"] {
        let claims = format!(r#"{{"access_token":{{"xms_cc":{{"values":["{capability}"]}}}}}}"#);
        let response = ask(&mut emulator, &[("claims", &claims)]);
        let body = json(&response);
        assert_eq!(body["expires_in"], 86_399);
        assert_eq!(body["refresh_in"], 43_199);
        let keys = published_keys(&mut emulator);
        let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("valid");
        assert_eq!(claims.get("xms_cc"), Some(&serde_json::json!(["CP1"])));
    }
}

#[test]
fn an_error_names_its_trace_in_the_body_and_in_the_headers() {
    let mut emulator = emulator();
    let id = "0a1b2c3d-0000-4000-8000-0123456789ab";
    let mut request = token_request(demo::TENANT_ID, &secret_fields(&[("scope", "")]));
    request
        .headers_mut()
        .insert("client-request-id", id.parse().expect("ASCII"));
    request
        .headers_mut()
        .insert("return-client-request-id", "true".parse().expect("ASCII"));
    let response = emulator.handle(&request, NOW);
    let body = json(&response);
    let trace = body["trace_id"].as_str().expect("a trace id");
    assert_eq!(body["correlation_id"], id);
    assert_eq!(body["timestamp"], "2027-01-15 08:00:00Z");
    assert_eq!(
        body["error_uri"],
        "https://login.microsoftonline.com/error?code=900144"
    );
    let tail =
        format!("\r\nTrace ID: {trace}\r\nCorrelation ID: {id}\r\nTimestamp: 2027-01-15 08:00:00Z");
    assert!(
        body["error_description"]
            .as_str()
            .expect("a text")
            .ends_with(&tail)
    );
    assert_eq!(header(&response, "x-ms-request-id"), Some(trace));
    assert_eq!(header(&response, "client-request-id"), Some(id));
    assert_eq!(
        header(&response, "date"),
        Some("Fri, 15 Jan 2027 08:00:00 GMT")
    );
    assert_eq!(
        header(&response, "content-type"),
        Some("application/json; charset=utf-8")
    );
    assert!(header(&response, "cache-control").is_some_and(|it| it.contains("no-store")));
}

#[test]
fn a_client_request_id_counts_only_as_a_guid_and_comes_back_only_when_asked_for() {
    let mut emulator = emulator();
    let mut request = token_request(demo::TENANT_ID, &[]);
    request
        .headers_mut()
        .insert("client-request-id", "not-a-guid".parse().expect("ASCII"));
    let response = emulator.handle(&request, NOW);
    assert_ne!(json(&response)["correlation_id"], "not-a-guid");

    let id = "0a1b2c3d-0000-4000-8000-0123456789ab";
    request.headers_mut().remove("client-request-id");
    *request.uri_mut() = format!("{}?client-request-id={id}", request.uri())
        .parse()
        .expect("a target");
    let response = emulator.handle(&request, NOW);
    assert_eq!(json(&response)["correlation_id"], id);
    assert_eq!(header(&response, "client-request-id"), None);
}

#[test]
fn the_resource_ends_at_the_last_slash_and_is_the_audience_as_written() {
    let mut emulator = emulator();
    let keys = published_keys(&mut emulator);
    for (scope, audience) in [
        (
            "https://vault.azure.net//.default",
            "https://vault.azure.net/",
        ),
        (
            "https://management.azure.com/.default",
            "https://management.azure.com",
        ),
        (".default", "https://graph.microsoft.com"),
    ] {
        let token = access_token(&ask(&mut emulator, &[("scope", scope)]));
        let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
        assert_eq!(claims.audience(), Some(audience));
    }
}

#[test]
fn adfs_serves_its_own_applications_and_writes_numbers_as_texts() {
    let mut emulator = emulator();
    emulator.set_authority("https://fs.example");
    for path in ["/adfs/oauth2/token", "/ADFS/oauth2/token"] {
        let mut request = token_request("adfs", &secret_fields(&[]));
        *request.uri_mut() = path.parse().expect("a target");
        let response = emulator.handle(&request, NOW);
        assert_eq!(json(&response)["expires_in"], "3600");
        let keys = published_keys(&mut emulator);
        let claims = verify_access_token(&access_token(&response), &keys, NOW).expect("valid");
        assert_eq!(
            claims.issuer(),
            Some("https://fs.example/adfs/services/trust")
        );
        assert_eq!(claims.tenant_id(), None);
    }
    let mut request = token_request("adfs", &secret_fields(&[("client_secret", "wrong")]));
    *request.uri_mut() = "/adfs/oauth2/token".parse().expect("a target");
    let response = emulator.handle(&request, NOW);
    assert_eq!(response.status(), 401);
    assert_eq!(json(&response)["error"], "invalid_client");
    assert!(json(&response).get("error_codes").is_none());
}

#[test]
fn the_log_and_the_debug_output_hold_no_secret() {
    let mut emulator = emulator();
    let issued = access_token(&ask(&mut emulator, &[]));
    ask(&mut emulator, &[("client_secret", "a-wrong-secret")]);
    let shown = format!("{emulator:?} {:?}", *KEYS);
    for secret in [
        demo::CLIENT_SECRET,
        demo::EXPIRED_CLIENT_SECRET,
        "a-wrong-secret",
        &issued,
    ] {
        assert!(!shown.contains(secret));
    }
    let records: Vec<_> = emulator.requests().collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].method, "POST");
    assert_eq!(
        records[0].path,
        format!("/{}/oauth2/v2.0/token", demo::TENANT_ID)
    );
    assert_eq!((records[0].time, records[0].status), (NOW, 200));
    assert_eq!(
        records[0].outcome,
        Outcome::Token {
            client_id: demo::CLIENT_ID.into(),
            resource: demo::RESOURCE.into()
        }
    );
}

fn header<'a>(response: &'a Response<Vec<u8>>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
