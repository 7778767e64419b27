//! The on-behalf-of grant.

use crate::support::{
    JWT_BEARER, KEYS, NOW, access_token, ask, assert_refused, emulator, form, json, own_assertion,
    present, published_keys, secret_fields, sign, token_request, with,
};
use azid_emulator::{Emulator, FederatedIssuer, demo, verify_access_token};
use http::{Request, Response};
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[test]
fn a_users_token_for_the_application_buys_one_for_the_next_service() {
    let mut emulator = emulator();
    let response = exchange(&mut emulator, &[]);
    let token = access_token(&response);
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.audience(), Some(demo::RESOURCE));
    assert_eq!(claims.client_id(), Some(demo::CLIENT_ID));
    assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
    assert_eq!(claims.get("scp"), Some(&json!("user_impersonation")));
    assert_eq!(claims.get("upn"), Some(&json!(demo::USER_NAME)));
    assert_eq!(claims.get("idtyp"), Some(&json!("user")));
    let body = json(&response);
    assert_eq!(body["scope"], "https://vault.azure.net/user_impersonation");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(body["ext_expires_in"], 3599);
}

#[test]
fn the_application_proves_itself_by_secret_certificate_or_foreign_token() {
    let mut emulator = emulator();
    let [header, claims] = own_assertion();
    let issuer = FederatedIssuer {
        url: demo::ISSUER.to_owned(),
        key: KEYS.federation.clone(),
    };
    let foreign = issuer.service_account_token(demo::SUBJECT, demo::AUDIENCE, NOW, 3_600);
    for assertion in [sign(&header, &claims), foreign] {
        let proof = [
            ("client_secret", ""),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        assert_eq!(exchange(&mut emulator, &proof).status(), 200);
    }
    let response = exchange(&mut emulator, &[("client_secret", "wrong")]);
    assert_refused(&emulator, &response, 401, "invalid_client", 7_000_215);
    let response = exchange(&mut emulator, &[("client_secret", "")]);
    assert_refused(&emulator, &response, 401, "invalid_client", 7_000_218);
}

#[test]
fn the_audience_of_the_users_token_may_be_the_id_or_the_uri_of_the_application() {
    let mut emulator = emulator();
    let uri = format!("api://{}", demo::CLIENT_ID);
    for audience in [demo::CLIENT_ID, &uri] {
        let assertion = user_token(&[("aud", json!(audience))]);
        let response = exchange(&mut emulator, &[("assertion", &assertion)]);
        assert_eq!(response.status(), 200);
    }
}

#[test]
fn each_fault_of_the_users_token_has_its_own_refusal() {
    let mut emulator = emulator();
    let v1 = format!(
        "https://sts.windows.net/{}/",
        demo::RESOURCE_V2_APPLICATION_ID
    );
    for (claim, value, error, code) in [
        ("iss", json!("https://evil.example"), "invalid_grant", 50013),
        ("iss", json!(v1), "invalid_grant", 50013),
        ("iss", Value::Null, "invalid_grant", 50013),
        ("aud", json!(demo::RESOURCE), "invalid_grant", 500_131),
        (
            "aud",
            json!(demo::UNFEDERATED_CLIENT_ID),
            "invalid_grant",
            500_131,
        ),
        ("aud", Value::Null, "invalid_grant", 500_131),
        ("exp", json!(NOW), "invalid_grant", 500_133),
        ("exp", Value::Null, "invalid_grant", 500_133),
        ("nbf", json!(NOW + 1), "invalid_grant", 500_133),
        ("idtyp", json!("app"), "unauthorized_client", 7_000_114),
        ("scp", Value::Null, "invalid_request", 240_002),
        ("oid", json!(demo::CLIENT_OBJECT_ID), "invalid_grant", 50034),
        ("oid", Value::Null, "invalid_grant", 50034),
    ] {
        let assertion = user_token(&[(claim, value)]);
        let response = exchange(&mut emulator, &[("assertion", &assertion)]);
        assert_refused(&emulator, &response, 400, error, code);
    }
}

#[test]
fn a_users_token_that_this_service_did_not_sign_is_refused() {
    let mut emulator = emulator();
    let good = user_token(&[]);
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let header = json!({"alg": "RS256", "kid": KEYS.entra.key_id()});
    let none = json!({"alg": "none", "kid": KEYS.entra.key_id()});
    let claims = user_claims(&[]);
    for forged in [
        format!("{signed}."),
        KEYS.federation.sign(&claims),
        KEYS.federation.sign_with_header(&header, &claims),
        KEYS.entra.sign_with_header(&none, &claims),
        KEYS.entra
            .sign_with_header(&json!({"alg": "RS256"}), &claims),
    ] {
        let response = exchange(&mut emulator, &[("assertion", &forged)]);
        assert_refused(&emulator, &response, 400, "invalid_grant", 50013);
    }
    let response = exchange(&mut emulator, &[("assertion", "not-a-token")]);
    assert_refused(&emulator, &response, 400, "invalid_request", 50027);
}

#[test]
fn an_application_cannot_be_acted_for() {
    let mut emulator = emulator();
    let own = access_token(&ask(
        &mut emulator,
        &[("scope", "api://emulated-web-api/.default")],
    ));
    let directory = emulator.entra_mut().directory_mut();
    let web_api = demo::RESOURCE_V2_APPLICATION_ID;
    let application = directory
        .application_mut(demo::UNFEDERATED_CLIENT_ID)
        .expect("the application");
    application.client_id = web_api.to_owned();
    let response = exchange(
        &mut emulator,
        &[("client_id", web_api), ("assertion", &own)],
    );
    assert_refused(&emulator, &response, 400, "unauthorized_client", 7_000_114);
}

#[test]
fn a_token_bought_for_another_service_buys_nothing_further() {
    let mut emulator = emulator();
    let bought = access_token(&exchange(&mut emulator, &[]));
    let response = exchange(&mut emulator, &[("assertion", &bought)]);
    assert_refused(&emulator, &response, 400, "invalid_grant", 500_131);
}

#[test]
fn every_field_of_the_grant_is_needed_and_must_be_right() {
    let mut emulator = emulator();
    for (field, value, error, code) in [
        ("requested_token_use", "", "invalid_request", 900_144),
        (
            "requested_token_use",
            "on_behalf",
            "invalid_request",
            9_002_313,
        ),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:saml2",
            "invalid_request",
            9_002_313,
        ),
        ("assertion", "", "invalid_request", 900_144),
        ("scope", "", "invalid_request", 900_144),
        ("scope", "openid", "invalid_scope", 70011),
        (
            "scope",
            "https://unknown.example/.default",
            "invalid_resource",
            500_011,
        ),
        ("claims", "[]", "invalid_request", 9_002_313),
    ] {
        let response = exchange(&mut emulator, &[(field, value)]);
        assert_refused(&emulator, &response, 400, error, code);
    }
}

#[test]
fn only_what_was_consented_to_is_granted() {
    let mut emulator = emulator();
    let granted = exchange(
        &mut emulator,
        &[("scope", "openid profile offline_access User.Read")],
    );
    assert_eq!(
        json(&granted)["scope"],
        "https://graph.microsoft.com/User.Read"
    );
    for scope in [
        "Mail.Read",
        "User.Read Mail.Read",
        "api://emulated-web-api/.default",
    ] {
        let response = exchange(&mut emulator, &[("scope", scope)]);
        assert_refused(&emulator, &response, 400, "invalid_grant", 65001);
        assert_eq!(json(&response)["suberror"], "consent_required");
    }
}

#[test]
fn conditional_access_asks_for_claims_and_is_satisfied_by_them() {
    let mut emulator = emulator();
    let scope = format!("{}/.default", demo::GUARDED_RESOURCE);
    let response = exchange(&mut emulator, &[("scope", &scope)]);
    assert_refused(&emulator, &response, 400, "interaction_required", 50076);
    let body = json(&response);
    assert_eq!(body["claims"], demo::GUARDED_CLAIMS);
    assert_eq!(body["suberror"], "basic_action");

    let mut claims: Value = serde_json::from_str(demo::GUARDED_CLAIMS).expect("JSON");
    claims["access_token"]["xms_cc"] = json!({"values": ["CP1"]});
    let merged = claims.to_string();
    claims["access_token"]["acrs"]["value"] = json!("c2");
    let wrong = claims.to_string();
    let response = exchange(&mut emulator, &[("scope", &scope), ("claims", &wrong)]);
    assert_refused(&emulator, &response, 400, "interaction_required", 50076);
    for claims in [demo::GUARDED_CLAIMS, &merged] {
        let response = exchange(&mut emulator, &[("scope", &scope), ("claims", claims)]);
        assert_eq!(response.status(), 200);
    }
}

#[test]
fn a_client_that_handles_challenges_gets_a_long_lived_token_for_its_user() {
    let mut emulator = emulator();
    let claims = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let response = exchange(&mut emulator, &[("claims", claims)]);
    assert_eq!(json(&response)["expires_in"], 86_399);
    let token = access_token(&response);
    let keys = published_keys(&mut emulator);
    let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
    assert_eq!(claims.get("xms_cc"), Some(&json!(["CP1"])));
}

#[test]
fn the_tenant_must_be_named_and_ad_fs_has_no_such_grant() {
    let mut emulator = emulator();
    for (tenant, error, code) in [
        ("common", "invalid_request", 9_001_023),
        ("organizations", "unauthorized_client", 50194),
    ] {
        let assertion = user_token(&[]);
        let fields = grant_fields(&assertion, &[]);
        let response = emulator.handle(&token_request(tenant, &fields), NOW);
        assert_refused(&emulator, &response, 400, error, code);
    }
    let assertion = user_token(&[]);
    let request = Request::post("/adfs/oauth2/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(&grant_fields(&assertion, &[])))
        .expect("a well-formed request");
    let response = emulator.handle(&request, NOW);
    assert_eq!(json(&response)["error"], "unsupported_grant_type");
}

#[test]
fn a_token_for_tests_is_made_for_known_users_and_applications_alone() {
    let mut emulator = emulator();
    let keys = published_keys(&mut emulator);
    let entra = emulator.entra_mut();
    let token = entra.user_token(demo::USER_OBJECT_ID, demo::CLIENT_ID, NOW);
    let claims = verify_access_token(&token.expect("a token"), &keys, NOW).expect("a valid token");
    assert_eq!(claims.audience(), Some(demo::CLIENT_ID));
    assert_eq!(claims.client_id(), Some(demo::PUBLIC_CLIENT_ID));
    assert_eq!(
        claims.get("preferred_username"),
        Some(&json!(demo::USER_NAME))
    );
    assert_eq!(
        entra.user_token(demo::CLIENT_ID, demo::CLIENT_ID, NOW),
        None
    );
    assert_eq!(
        entra.user_token(demo::USER_OBJECT_ID, demo::USER_OBJECT_ID, NOW),
        None
    );
}

#[test]
fn a_users_token_is_no_client_assertion() {
    let mut emulator = emulator();
    let token = user_token(&[]);
    let response = present(&mut emulator, demo::CLIENT_ID, &token);
    assert_refused(&emulator, &response, 401, "invalid_client", 700_229);
}

/// The claims of a user's token for the demo application, with some set otherwise or left out.
fn user_claims(changes: &[(&str, Value)]) -> Value {
    let claims = json!({
        "iss": format!("https://login.microsoftonline.com/{}/v2.0", demo::TENANT_ID),
        "aud": demo::CLIENT_ID,
        "tid": demo::TENANT_ID,
        "oid": demo::USER_OBJECT_ID,
        "scp": "access_as_user",
        "idtyp": "user",
        "nbf": NOW,
        "exp": NOW + 3_600,
    });
    with(claims, changes)
}

fn user_token(changes: &[(&str, Value)]) -> String {
    KEYS.entra.sign(&user_claims(changes))
}

fn grant_fields<'a>(assertion: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("grant_type", GRANT),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
    ];
    all.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    all.extend(changes);
    secret_fields(&all)
}

/// Asks the demo tenant with a good user's token and changed fields.
fn exchange(emulator: &mut Emulator, changes: &[(&str, &str)]) -> Response<Vec<u8>> {
    let assertion = emulator
        .entra_mut()
        .user_token(demo::USER_OBJECT_ID, demo::CLIENT_ID, NOW)
        .expect("a known user");
    let fields = grant_fields(&assertion, changes);
    emulator.handle(&token_request(demo::TENANT_ID, &fields), NOW)
}
