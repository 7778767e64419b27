//! Answers about people.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Case, Reply};
use crate::authority::Authority;
use crate::entropy::{Entropy, Seed};
use crate::memory::Fact;
use crate::user::AuthenticationRecord;

/// The account that signs in.
pub(crate) const ACCOUNT: &str = "ada.home";

/// What a sign-in of Ada brings.
pub(crate) fn signed_in(refresh_token: &str) -> Value {
    json!({
        "token_type": "Bearer", "expires_in": 4000, "scope": "R/a",
        "access_token": "AT", "refresh_token": refresh_token, "foci": "1",
        "client_info": client_info("ada", "home"),
        "id_token": id_token(&json!({ "preferred_username": "ada@contoso.com", "tid": "home" })),
    })
}

/// What a sign-in of Ada brings who was sent away with a nonce.
pub(crate) fn signed_in_with(nonce: &str) -> Value {
    let mut answer = signed_in("RT1");
    let claims = json!({ "preferred_username": "ada@contoso.com", "nonce": nonce, "sub": "s" });
    answer["id_token"] = id_token(&claims).into();
    answer
}

/// A case whose every token comes with Ada's id token, of the sign-in with this nonce.
pub(crate) fn as_ada(mut case: Case, nonce: &str) -> Case {
    for reply in &mut case.replies {
        let Reply::Http(Ok(response)) = reply else {
            continue;
        };
        let answer = serde_json::from_slice::<Value>(response.body.expose());
        if let Some(mut answer) = answer.ok().filter(|it| it.get("access_token").is_some()) {
            answer["id_token"] = signed_in_with(nonce)["id_token"].clone();
            response.body = answer.to_string().into_bytes().into();
        }
    }
    case
}

pub(crate) fn id_token(claims: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

pub(crate) fn client_info(user: &str, tenant: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": user, "utid": tenant }).to_string())
}

/// The random text that a case's run draws as its number so and so, from 1.
pub(crate) fn drawn(number: usize) -> String {
    let mut entropy = Entropy::new(Seed::new([1; 32]));
    (1..number).for_each(|_| drop(entropy.bytes()));
    entropy.url_safe()
}

/// What an earlier sign-in of Ada leaves to remember, for a client of contoso.com in the public
/// cloud.
pub(crate) fn session(label: &str) -> [(String, Fact); 2] {
    let place = format!("app-id at {}contoso.com", Authority::public_cloud());
    [
        (
            format!("account of {label} for {place}"),
            Fact::SignedIn(record()),
        ),
        (
            format!("refresh token of account:{ACCOUNT} for {place}"),
            Fact::RefreshToken("RT0".into()),
        ),
    ]
}

/// Ada, as a file says it.
pub(crate) fn record() -> AuthenticationRecord {
    let host = "login.microsoftonline.com";
    let mut record = AuthenticationRecord::new(host, "app-id", ACCOUNT);
    record.tenant_id = "home".into();
    record.username = "ada@contoso.com".into();
    record
}

/// What refusals of refresh tokens look like: each with a name and whether it ends the token.
pub(crate) const REFUSALS: [(&str, &str); 6] = [
    (
        "a refresh token that has expired",
        r#"{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity.","error_codes":[700082]}"#,
    ),
    (
        "a refresh token that was revoked",
        r#"{"error":"invalid_grant","error_description":"AADSTS50173: The provided grant has expired due to it being revoked.","error_codes":[50173],"suberror":"bad_token"}"#,
    ),
    (
        "a second factor beside a refresh token",
        r#"{"error":"interaction_required","error_description":"AADSTS50076: you must use multi-factor authentication","error_codes":[50076],"suberror":"basic_action","claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"c1\"]}}}"}"#,
    ),
    (
        "consent beside a refresh token",
        r#"{"error":"invalid_grant","error_description":"AADSTS65001: The user or administrator has not consented","error_codes":[65001],"suberror":"consent_required"}"#,
    ),
    (
        "a policy that nobody can satisfy",
        r#"{"error":"invalid_grant","error_description":"AADSTS53003: Access has been blocked by Conditional Access policies.","error_codes":[53003],"suberror":"message_only"}"#,
    ),
    (
        "a client that the refresh token is not for",
        r#"{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain client_assertion or client_secret","error_codes":[7000218]}"#,
    ),
];
