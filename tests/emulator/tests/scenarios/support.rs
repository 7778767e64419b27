//! The world that the scenarios share, and short ways to ask it.

use azid_emulator::{Emulator, Keys, Outcome, demo};
use http::{Request, Response};
use serde_json::Value;
use std::sync::LazyLock;

/// Keys are slow to make: one set serves every scenario.
pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(Keys::generate);

/// Some moment in 2027.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn emulator() -> Emulator {
    Emulator::new(demo::world(&KEYS), KEYS.entra.clone())
}

/// Form fields in the encoding that strict readers want.
pub(crate) fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&").into_bytes()
}

pub(crate) fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A request to a tenant's token endpoint.
pub(crate) fn token_request(tenant: &str, fields: &[(&str, &str)]) -> Request<Vec<u8>> {
    Request::post(format!("/{tenant}/oauth2/v2.0/token"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(fields))
        .expect("a well-formed request")
}

/// The fields of a good request with a secret, with some of them set otherwise or, with an empty
/// value, left out.
pub(crate) fn secret_fields<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", demo::CLIENT_ID),
        ("client_secret", demo::CLIENT_SECRET),
        ("scope", demo::SCOPE),
    ];
    let unchanged = good
        .into_iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    unchanged
        .chain(
            changes
                .iter()
                .copied()
                .filter(|(_, value)| !value.is_empty()),
        )
        .collect()
}

/// Asks the demo tenant with changed fields.
pub(crate) fn ask(emulator: &mut Emulator, changes: &[(&str, &str)]) -> Response<Vec<u8>> {
    emulator.handle(
        &token_request(demo::TENANT_ID, &secret_fields(changes)),
        NOW,
    )
}

pub(crate) fn json(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).expect("a JSON body")
}

pub(crate) fn access_token(response: &Response<Vec<u8>>) -> String {
    assert_eq!(
        response.status(),
        200,
        "{}",
        String::from_utf8_lossy(response.body())
    );
    json(response)["access_token"]
        .as_str()
        .expect("an access token")
        .to_owned()
}

/// Checks that Entra refused with this status, `error` and AADSTS number, and that the log agrees.
#[track_caller]
pub(crate) fn assert_refused(
    emulator: &Emulator,
    response: &Response<Vec<u8>>,
    status: u16,
    error: &str,
    code: u32,
) {
    let body = json(response);
    let description = body["error_description"].as_str().unwrap_or_default();
    assert_eq!(response.status(), status, "{description}");
    assert_eq!(body["error"], error, "{description}");
    assert_eq!(
        body["error_codes"],
        serde_json::json!([code]),
        "{description}"
    );
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    let last = emulator.requests().last().expect("a logged request");
    assert_eq!(
        last.outcome,
        Outcome::Refused {
            error: error.to_owned(),
            code: Some(code)
        }
    );
}

/// The keys as published now.
pub(crate) fn published_keys(emulator: &mut Emulator) -> String {
    let request = Request::get(format!("/{}/discovery/v2.0/keys", demo::TENANT_ID))
        .body(Vec::new())
        .expect("a well-formed request");
    let response = emulator.handle(&request, NOW);
    String::from_utf8(response.into_body()).expect("text")
}

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token endpoint of the demo tenant.
pub(crate) fn endpoint() -> String {
    format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        demo::TENANT_ID
    )
}

/// `base` with some members set otherwise or, with null, left out.
pub(crate) fn with(mut base: Value, changes: &[(&str, Value)]) -> Value {
    let members = base.as_object_mut().expect("an object");
    for (name, value) in changes {
        if value.is_null() {
            members.remove(*name);
        } else {
            members.insert((*name).to_owned(), value.clone());
        }
    }
    base
}

/// The header and the claims of a good assertion of the demo application's own making.
pub(crate) fn own_assertion() -> [Value; 2] {
    let header = KEYS.certificate.assertion_header();
    let claims = serde_json::json!({
        "aud": endpoint(),
        "iss": demo::CLIENT_ID,
        "sub": demo::CLIENT_ID,
        "jti": "an-id",
        "nbf": NOW,
        "exp": NOW + 600,
    });
    [header, claims]
}

/// Signs with the demo application's key.
pub(crate) fn sign(header: &Value, claims: &Value) -> String {
    KEYS.certificate.key().sign_with_header(header, claims)
}

/// Asks the demo tenant with an assertion in place of the secret.
pub(crate) fn present(
    emulator: &mut Emulator,
    client_id: &str,
    assertion: &str,
) -> Response<Vec<u8>> {
    ask(
        emulator,
        &[
            ("client_id", client_id),
            ("client_secret", ""),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ],
    )
}
