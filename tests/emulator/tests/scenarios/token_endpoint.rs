//! What the token endpoint takes and refuses: forms, tenants, clients, secrets, scopes.

use crate::support::{
    NOW, ask, assert_refused, emulator, form, json, secret_fields, token_request,
};
use azid_emulator::{Outcome, demo};
use http::Request;

#[test]
fn claims_must_be_a_json_object() {
    let mut emulator = emulator();
    for claims in ["[]", "\"text\"", "{", "eyJhIjp7fX0="] {
        let response = ask(&mut emulator, &[("claims", claims)]);
        assert_refused(&emulator, &response, 400, "invalid_request", 9002313);
    }
    let response = ask(
        &mut emulator,
        &[("claims", r#"{"access_token":{"nbf":{"value":"1"}}}"#)],
    );
    assert_eq!(response.status(), 200);
}

#[test]
fn only_post_is_taken() {
    let mut emulator = emulator();
    for method in ["GET", "PUT", "DELETE"] {
        let mut request = token_request(demo::TENANT_ID, &secret_fields(&[]));
        *request.method_mut() = method.parse().expect("a method");
        let response = emulator.handle(&request, NOW);
        assert_refused(&emulator, &response, 400, "invalid_request", 900561);
    }
}

#[test]
fn a_body_that_is_not_a_form_has_no_fields() {
    let mut emulator = emulator();
    for content_type in ["application/json", "text/plain", ""] {
        let mut request = token_request(demo::TENANT_ID, &secret_fields(&[]));
        request
            .headers_mut()
            .insert("content-type", content_type.parse().expect("ASCII"));
        let response = emulator.handle(&request, NOW);
        assert_refused(&emulator, &response, 400, "invalid_request", 900144);
    }
    let mut request = token_request(demo::TENANT_ID, &secret_fields(&[]));
    let type_with_charset = "application/x-www-form-urlencoded; charset=utf-8";
    request
        .headers_mut()
        .insert("content-type", type_with_charset.parse().expect("ASCII"));
    assert_eq!(emulator.handle(&request, NOW).status(), 200);
}

#[test]
fn a_missing_field_is_named() {
    let mut emulator = emulator();
    for field in ["grant_type", "client_id", "scope"] {
        let response = ask(&mut emulator, &[(field, "")]);
        assert_refused(&emulator, &response, 400, "invalid_request", 900144);
        let description = json(&response)["error_description"].to_string();
        assert!(description.contains(&format!("'{field}'")), "{description}");
    }
}

#[test]
fn a_field_given_twice_and_a_broken_escape_are_refused() {
    let mut emulator = emulator();
    let mut twice = token_request(demo::TENANT_ID, &secret_fields(&[]));
    twice.body_mut().extend_from_slice(b"&scope=again");
    let response = emulator.handle(&twice, NOW);
    assert_refused(&emulator, &response, 400, "invalid_request", 9000411);

    let mut broken = token_request(demo::TENANT_ID, &secret_fields(&[]));
    broken.body_mut().extend_from_slice(b"&x=%g1");
    let response = emulator.handle(&broken, NOW);
    assert_refused(&emulator, &response, 400, "invalid_request", 9002313);
}

#[test]
fn a_tenant_is_known_by_its_guid_and_by_its_domain() {
    let mut emulator = emulator();
    for tenant in [demo::TENANT_ID, demo::TENANT_DOMAIN] {
        let response = emulator.handle(&token_request(tenant, &secret_fields(&[])), NOW);
        assert_eq!(response.status(), 200);
    }
    for unknown in ["99999999-aaaa-4bbb-8ccc-000000000001", "nobody.example"] {
        let response = emulator.handle(&token_request(unknown, &secret_fields(&[])), NOW);
        assert_refused(&emulator, &response, 400, "invalid_request", 90002);
    }
    for malformed in ["contoso", "no..dots", "sp%20ace.example"] {
        let response = emulator.handle(&token_request(malformed, &secret_fields(&[])), NOW);
        assert_refused(&emulator, &response, 400, "invalid_request", 900023);
    }
}

#[test]
fn an_application_cannot_sign_in_where_no_tenant_is_named() {
    let mut emulator = emulator();
    for shared in ["common", "consumers"] {
        let response = emulator.handle(&token_request(shared, &secret_fields(&[])), NOW);
        assert_refused(&emulator, &response, 400, "invalid_request", 9001023);
    }
    let response = emulator.handle(&token_request("organizations", &secret_fields(&[])), NOW);
    assert_refused(&emulator, &response, 400, "unauthorized_client", 50194);
}

#[test]
fn the_resource_parameter_is_of_the_other_version() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[("resource", demo::RESOURCE)]);
    assert_refused(&emulator, &response, 400, "invalid_request", 901002);
}

#[test]
fn a_grant_that_is_not_served_is_refused() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[("grant_type", "magic")]);
    assert_refused(&emulator, &response, 400, "unsupported_grant_type", 70003);
}

#[test]
fn unknown_and_disabled_applications_are_told_apart() {
    let mut emulator = emulator();
    let unknown = "99999999-aaaa-4bbb-8ccc-000000000001";
    let response = ask(&mut emulator, &[("client_id", unknown)]);
    assert_refused(&emulator, &response, 400, "unauthorized_client", 700016);
    let response = ask(&mut emulator, &[("client_id", demo::DISABLED_CLIENT_ID)]);
    assert_refused(&emulator, &response, 400, "unauthorized_client", 7000112);
}

#[test]
fn wrong_expired_and_missing_secrets_are_told_apart() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[("client_secret", "wrong")]);
    assert_refused(&emulator, &response, 401, "invalid_client", 7000215);
    let response = ask(
        &mut emulator,
        &[("client_secret", demo::EXPIRED_CLIENT_SECRET)],
    );
    assert_refused(&emulator, &response, 401, "invalid_client", 7000222);
    let response = ask(&mut emulator, &[("client_secret", "")]);
    assert_refused(&emulator, &response, 401, "invalid_client", 7000218);
}

#[test]
fn a_rotated_secret_stops_working_at_once() {
    let mut emulator = emulator();
    assert_eq!(ask(&mut emulator, &[]).status(), 200);
    let application = &mut emulator.entra_mut().directory_mut().tenants[0].applications[0];
    application.secrets[1].value = "rotated".to_owned();
    let response = ask(&mut emulator, &[]);
    assert_refused(&emulator, &response, 401, "invalid_client", 7000215);
    assert_eq!(
        ask(&mut emulator, &[("client_secret", "rotated")]).status(),
        200
    );
}

#[test]
fn a_public_client_must_not_show_a_credential() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[("client_id", demo::PUBLIC_CLIENT_ID)]);
    assert_refused(&emulator, &response, 401, "invalid_client", 700025);
}

#[test]
fn a_secret_and_an_assertion_together_are_refused() {
    let mut emulator = emulator();
    let response = ask(&mut emulator, &[("client_assertion", "a.b.c")]);
    assert_refused(&emulator, &response, 400, "invalid_request", 9002313);
}

#[test]
fn a_scope_is_one_resource_and_default() {
    let mut emulator = emulator();
    let vault = demo::SCOPE;
    let cases = [
        ("https://vault.azure.net/user_impersonation", 1002012),
        ("https://vault.azure.net", 1002012),
        ("User.Read", 1002012),
        ("openid profile", 70011),
        ("/.default", 70011),
        (
            &format!("{vault} https://vault.azure.net/user_impersonation"),
            70011,
        ),
        (
            &format!("{vault} https://graph.microsoft.com/.default"),
            28000,
        ),
    ];
    for (scope, code) in cases {
        let response = ask(&mut emulator, &[("scope", scope)]);
        assert_refused(&emulator, &response, 400, "invalid_scope", code);
    }
}

#[test]
fn user_scopes_beside_the_resource_are_passed_over() {
    let mut emulator = emulator();
    let scope = format!("openid profile offline_access {}", demo::SCOPE);
    assert_eq!(ask(&mut emulator, &[("scope", &scope)]).status(), 200);
}

#[test]
fn a_resource_that_no_one_registered_is_refused() {
    let mut emulator = emulator();
    let response = ask(
        &mut emulator,
        &[("scope", "https://nowhere.example/.default")],
    );
    assert_refused(&emulator, &response, 400, "invalid_resource", 500011);
}

#[test]
fn a_slash_or_a_query_after_the_path_changes_nothing() {
    let mut emulator = emulator();
    for end in ["/", "?dc=x", "/?dc=x"] {
        let mut request = token_request(demo::TENANT_ID, &secret_fields(&[]));
        *request.uri_mut() = format!("{}{end}", request.uri()).parse().expect("a target");
        assert_eq!(emulator.handle(&request, NOW).status(), 200);
    }
}

#[test]
fn a_credential_in_the_query_is_a_leak() {
    let mut emulator = emulator();
    for name in [
        "client_secret",
        "client_assertion",
        "assertion",
        "password",
        "refresh_token",
    ] {
        let mut request = token_request(demo::TENANT_ID, &secret_fields(&[]));
        *request.uri_mut() = format!("{}?{name}=canary", request.uri())
            .parse()
            .expect("a target");
        assert_eq!(emulator.handle(&request, NOW).status(), 400);
        let last = emulator.requests().last().expect("a logged request");
        assert_eq!(last.outcome, Outcome::Leak(name.to_owned()));
        assert!(!format!("{last:?}").contains("canary"));
    }
}

#[test]
fn a_credential_over_plain_http_is_a_leak() {
    let mut emulator = emulator();
    let mut request = token_request(demo::TENANT_ID, &secret_fields(&[]));
    *request.uri_mut() = format!("http://login.microsoftonline.com{}", request.uri())
        .parse()
        .expect("a target");
    assert_eq!(emulator.handle(&request, NOW).status(), 400);
    let last = emulator.requests().last().expect("a logged request");
    assert_eq!(last.outcome, Outcome::Leak("plain http".to_owned()));
}

#[test]
fn an_unknown_path_is_not_found() {
    let mut emulator = emulator();
    for path in [
        "/",
        "/nothing/here",
        "/x/oauth2/v2.0/token/more",
        "/metadata/nothing",
    ] {
        let request = Request::get(path)
            .header("Metadata", "true")
            .body(form(&[]))
            .expect("a well-formed request");
        assert_eq!(emulator.handle(&request, NOW).status(), 404, "{path}");
    }
}
