//! What resources do for those who show them a token.

use crate::people::{code, post, redeem};
use crate::support::{NOW, access_token, ask, emulator, json};
use azid_emulator::{Emulator, Outcome, demo};
use http::{Request, Response};
use serde_json::json;

const MANAGEMENT: &str = "https://management.azure.com//.default";
const GRAPH: &str = "https://graph.microsoft.com/.default";
const SUBSCRIPTIONS: &str = "/subscriptions?api-version=2022-12-01";
const REVOKE: &str = "/v1.0/me/revokeSignInSessions";

#[test]
fn callers_see_the_tenant_and_the_subscriptions_of_their_token() {
    let mut emulator = emulator();
    let token = access_token(&ask(&mut emulator, &[("scope", MANAGEMENT)]));
    let subscriptions = call(&mut emulator, "GET", SUBSCRIPTIONS, &token, NOW);
    assert_eq!(subscriptions.status(), 200);
    let seen = &json(&subscriptions)["value"];
    assert_eq!(seen[0]["subscriptionId"], demo::SUBSCRIPTION_ID);
    assert_eq!(seen[0]["tenantId"], demo::TENANT_ID);
    let path = "/tenants?api-version=2022-12-01";
    let tenants = json(&call(&mut emulator, "GET", path, &token, NOW));
    assert_eq!(tenants["value"][0]["tenantId"], demo::TENANT_ID);
    assert_eq!(tenants["value"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_token_that_is_missing_forged_too_old_or_for_another_resource_opens_nothing() {
    let mut emulator = emulator();
    let good = access_token(&ask(&mut emulator, &[("scope", MANAGEMENT)]));
    let other = access_token(&ask(&mut emulator, &[]));
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let backwards: String = signature.chars().rev().collect();
    let forged = format!("{signed}.{backwards}");
    for (token, now, code) in [
        ("", NOW, "AuthenticationFailed"),
        (&*forged, NOW, "InvalidAuthenticationToken"),
        (&*good, NOW + 86_400, "ExpiredAuthenticationToken"),
        (&*other, NOW, "InvalidAuthenticationTokenAudience"),
    ] {
        let refused = call(&mut emulator, "GET", SUBSCRIPTIONS, token, now);
        assert_eq!(refused.status(), 401, "{code}");
        assert_eq!(json(&refused)["error"]["code"], code);
        assert!(refused.headers().contains_key("www-authenticate"), "{code}");
        let last = emulator.requests().last().expect("a logged request");
        let (error, code) = (code.to_owned(), None);
        assert_eq!(last.outcome, Outcome::Refused { error, code });
    }
}

#[test]
fn resource_manager_wants_a_version_that_it_knows_and_a_get() {
    let mut emulator = emulator();
    let token = access_token(&ask(&mut emulator, &[("scope", MANAGEMENT)]));
    for (method, target, status, code) in [
        ("GET", "/subscriptions", 400, "MissingApiVersionParameter"),
        (
            "GET",
            "/tenants?api-version=2022-13-01",
            400,
            "InvalidApiVersionParameter",
        ),
        ("POST", SUBSCRIPTIONS, 405, "MethodNotAllowed"),
    ] {
        let refused = call(&mut emulator, method, target, &token, NOW);
        assert_eq!(refused.status(), status, "{target}");
        assert_eq!(json(&refused)["error"]["code"], code);
    }
}

#[test]
fn people_revoke_their_own_sessions_and_applications_have_none() {
    let mut emulator = emulator();
    let code = code(&mut emulator, &[]);
    let session = json(&redeem(&mut emulator, &code, &[]));
    let session = session["refresh_token"].as_str().expect("a refresh token");
    let refresh = |emulator: &mut Emulator| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", demo::PUBLIC_CLIENT_ID),
            ("refresh_token", session),
            ("scope", GRAPH),
        ];
        post(emulator, &fields, NOW)
    };
    let of_person = access_token(&refresh(&mut emulator));
    let of_application = access_token(&ask(&mut emulator, &[("scope", GRAPH)]));
    let refused = call(&mut emulator, "POST", REVOKE, &of_application, NOW);
    assert_eq!(refused.status(), 400);
    assert_eq!(refresh(&mut emulator).status(), 200);
    let revoked = call(&mut emulator, "POST", REVOKE, &of_person, NOW);
    assert_eq!(json(&revoked), json!({"value": true}));
    let refused = json(&refresh(&mut emulator));
    assert_eq!(refused["error_codes"], json!([50173]));
}

fn call(
    emulator: &mut Emulator,
    method: &str,
    target: &str,
    token: &str,
    now: u64,
) -> Response<Vec<u8>> {
    let request = Request::builder().method(method).uri(target);
    let request = match token {
        "" => request,
        token => request.header("Authorization", format!("Bearer {token}")),
    };
    emulator.handle(&request.body(Vec::new()).expect("a request"), now)
}
