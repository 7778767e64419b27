//! What scenarios with users share: good requests, with some fields changed.

use crate::support::{NOW, escape, form, token_request};
use azid_emulator::{Emulator, Landing, demo};
use http::{Request, Response};

/// A code verifier and its challenge, the example of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A redirect URI as programs make them up.
pub(crate) const LOOPBACK: &str = "http://localhost:8400";

/// A scope as programs ask for it.
pub(crate) const SCOPE: &str = "https://vault.azure.net/.default openid profile offline_access";

/// `good` with some fields set otherwise or, with an empty value, left out.
pub(crate) fn changed<'a>(
    good: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(it, _)| *it == name);
    let kept = good.iter().filter(|(name, _)| !is_changed(name));
    let set = changes.iter().filter(|(_, value)| !value.is_empty());
    kept.chain(set).copied().collect()
}

/// The authorization URL of a public client, changed.
pub(crate) fn authorize_url(changes: &[(&str, &str)]) -> String {
    authorize_url_at(demo::TENANT_ID, changes)
}

pub(crate) fn authorize_url_at(tenant: &str, changes: &[(&str, &str)]) -> String {
    let good = [
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", LOOPBACK),
        ("response_mode", "form_post"),
        ("scope", SCOPE),
        ("state", "a-state"),
        ("nonce", "a-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
    ];
    let fields = changed(&good, changes);
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    format!("/{tenant}/oauth2/v2.0/authorize?{}", pairs.join("&"))
}

/// Lets the robot sign in as the ordinary user.
pub(crate) fn sign_in(emulator: &mut Emulator, changes: &[(&str, &str)]) -> Landing {
    let url = authorize_url(changes);
    emulator.entra_mut().sign_in(&url, demo::USER_NAME, NOW)
}

/// The code that the robot comes back with.
#[track_caller]
pub(crate) fn code(emulator: &mut Emulator, changes: &[(&str, &str)]) -> String {
    let landing = sign_in(emulator, changes);
    landing.field("code").expect("a code")
}

/// Redeems a code as the public client, changed.
pub(crate) fn redeem(
    emulator: &mut Emulator,
    code: &str,
    changes: &[(&str, &str)],
) -> Response<Vec<u8>> {
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
        ("client_info", "1"),
    ];
    post(emulator, &changed(&good, changes), NOW)
}

/// Asks the demo tenant's token endpoint.
pub(crate) fn post(
    emulator: &mut Emulator,
    fields: &[(&str, &str)],
    now: u64,
) -> Response<Vec<u8>> {
    emulator.handle(&token_request(demo::TENANT_ID, fields), now)
}

/// The same from a script in a page.
pub(crate) fn post_from_page(
    emulator: &mut Emulator,
    fields: &[(&str, &str)],
    now: u64,
) -> Response<Vec<u8>> {
    let mut request = token_request(demo::TENANT_ID, fields);
    let origin = "https://page.emulated.example";
    let origin = origin.parse().expect("ASCII");
    request.headers_mut().insert("origin", origin);
    emulator.handle(&request, now)
}

pub(crate) fn get(emulator: &mut Emulator, target: &str) -> Response<Vec<u8>> {
    let request = Request::get(target).body(Vec::new());
    emulator.handle(&request.expect("a well-formed request"), NOW)
}

/// Sends a page's form.
pub(crate) fn submit(
    emulator: &mut Emulator,
    target: &str,
    fields: &[(&str, &str)],
) -> Response<Vec<u8>> {
    let request = Request::post(target)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(fields))
        .expect("a well-formed request");
    emulator.handle(&request, NOW)
}

pub(crate) fn html(response: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(response.body()).expect("text")
}

pub(crate) fn header<'a>(response: &'a Response<Vec<u8>>, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |it| it.to_str().expect("ASCII"))
}

/// The fields of a good password form.
pub(crate) fn password_form(name: &str) -> [(&str, &str); 3] {
    [
        ("action", "sign-in"),
        ("username", name),
        ("password", demo::USER_PASSWORD),
    ]
}
