//! The public documents.

use crate::support::{NOW, assert_refused, emulator, escape, json};
use azid_emulator::{Emulator, demo};
use http::{Request, Response};

#[test]
fn the_configuration_of_a_tenant_leads_to_its_endpoints_and_keys() {
    let mut emulator = emulator();
    emulator.set_authority("https://localhost:8443");
    let base = format!("https://localhost:8443/{}", demo::TENANT_ID);
    for name in [demo::TENANT_ID, demo::TENANT_DOMAIN] {
        let response = get(
            &mut emulator,
            &format!("/{name}/v2.0/.well-known/openid-configuration"),
        );
        let body = json(&response);
        assert_eq!(body["issuer"], format!("{base}/v2.0"));
        assert_eq!(body["token_endpoint"], format!("{base}/oauth2/v2.0/token"));
        assert_eq!(
            body["authorization_endpoint"],
            format!("{base}/oauth2/v2.0/authorize")
        );
        assert_eq!(
            body["device_authorization_endpoint"],
            format!("{base}/oauth2/v2.0/devicecode")
        );
        assert_eq!(body["jwks_uri"], format!("{base}/discovery/v2.0/keys"));
        assert!(body["tenant_region_scope"].is_string() && body["cloud_instance_name"].is_string());
        let keys = body["jwks_uri"].as_str().expect("a URL");
        assert_eq!(json(&get(&mut emulator, keys))["keys"][0]["kty"], "RSA");
    }
}

#[test]
fn version_1_tokens_have_their_issuer_in_the_version_1_configuration() {
    let mut emulator = emulator();
    let path = format!("/{}/.well-known/openid-configuration", demo::TENANT_ID);
    let body = json(&get(&mut emulator, &path));
    assert_eq!(
        body["issuer"],
        format!("https://sts.windows.net/{}/", demo::TENANT_ID)
    );
}

#[test]
fn the_shared_configuration_leaves_the_tenant_open() {
    let mut emulator = emulator();
    let body = json(&get(
        &mut emulator,
        "/common/v2.0/.well-known/openid-configuration",
    ));
    assert_eq!(
        body["issuer"],
        "https://login.microsoftonline.com/{tenantid}/v2.0"
    );
    assert_eq!(
        body["token_endpoint"],
        "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    );
}

#[test]
fn an_unknown_tenant_has_no_configuration() {
    let mut emulator = emulator();
    let response = get(
        &mut emulator,
        "/nobody.example/v2.0/.well-known/openid-configuration",
    );
    assert_refused(&emulator, &response, 400, "invalid_request", 90002);
}

#[test]
fn adfs_has_its_configuration_without_a_version() {
    let mut emulator = emulator();
    emulator.set_authority("https://fs.example");
    let body = json(&get(
        &mut emulator,
        "/adfs/.well-known/openid-configuration",
    ));
    assert_eq!(
        body["token_endpoint"],
        "https://fs.example/adfs/oauth2/token"
    );
    assert_eq!(
        json(&get(&mut emulator, "/adfs/discovery/keys"))["keys"][0]["alg"],
        "RS256"
    );
}

#[test]
fn instance_discovery_vouches_for_known_hosts_and_for_its_own() {
    let mut emulator = emulator();
    emulator.set_authority("https://localhost:8443");
    for host in [
        "login.microsoftonline.com",
        "login.windows.net",
        "localhost:8443",
    ] {
        let body = json(&discover(
            &mut emulator,
            &format!("https://{host}/t/oauth2/v2.0/authorize"),
        ));
        assert_eq!(
            body["tenant_discovery_endpoint"],
            format!("https://{host}/t/v2.0/.well-known/openid-configuration")
        );
        let metadata = body["metadata"].as_array().expect("a list");
        let aliases = |it: &serde_json::Value| it["aliases"].as_array().cloned();
        assert!(
            metadata
                .iter()
                .filter_map(aliases)
                .flatten()
                .any(|alias| alias == host)
        );
    }
}

#[test]
fn instance_discovery_rejects_other_hosts() {
    let mut emulator = emulator();
    for endpoint in [
        "https://evil.example/t/authorize",
        "http://login.microsoftonline.com/t",
        "x",
    ] {
        let response = discover(&mut emulator, endpoint);
        assert_refused(&emulator, &response, 400, "invalid_instance", 50049);
    }
}

fn discover(emulator: &mut Emulator, endpoint: &str) -> Response<Vec<u8>> {
    let query = format!(
        "api-version=1.1&authorization_endpoint={}",
        escape(endpoint)
    );
    get(emulator, &format!("/common/discovery/instance?{query}"))
}

fn get(emulator: &mut Emulator, target: &str) -> Response<Vec<u8>> {
    let request = Request::get(target)
        .body(Vec::new())
        .expect("a well-formed request");
    emulator.handle(&request, NOW)
}
