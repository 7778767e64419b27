//! The members and form fields that redaction knows by name.

use crate::oauth::Number;

/// Members and form fields whose values are shown.
pub(super) const SHOWN_FIELDS: &[&str] = &[
    "account_type",
    "api-version",
    "audience",
    "authorization_endpoint",
    "claims",
    "client_assertion_type",
    "client_id",
    "client_info",
    "clientid",
    "code_challenge_method",
    "correlationId",
    "correlation_id",
    "error",
    "error_codes",
    "error_description",
    "error_uri",
    "expiresOn",
    "expires_in",
    "expires_on",
    "ext_expires_in",
    "foci",
    "grant_type",
    "interval",
    "issued_token_type",
    "location",
    "mi_res_id",
    "msi_res_id",
    "not_before",
    "object_id",
    "prompt",
    "redirect_uri",
    "refresh_in",
    "requested_token_use",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "serviceConnectionId",
    "statusCode",
    "suberror",
    "tenant_discovery_endpoint",
    "timestamp",
    "token_type",
    "tokenType",
    "trace_id",
    "typeKey",
    "verification_uri",
    "verification_url",
    "xms_cc",
];

/// Members with a meaning of their own in an error object, and harmless in it alone.
pub(super) const SHOWN_IN_ERRORS: &[&str] = &["code", "message"];

/// Members whose values are secret, each with the word for its placeholders.
const SECRET_FIELDS: &[(&str, &str)] = &[
    ("access_token", "token"),
    ("accessToken", "token"),
    ("token", "token"),
    ("Token", "token"),
    ("assertion", "assertion"),
    ("client_assertion", "assertion"),
    ("client_secret", "secret"),
    ("code", "code"),
    ("code_verifier", "verifier"),
    ("device_code", "code"),
    ("id_token", "id-token"),
    ("oidcToken", "assertion"),
    ("password", "secret"),
    ("refresh_token", "refresh-token"),
    ("state", "state"),
    ("user_code", "code"),
    ("username", "name"),
    ("value", "assertion"),
];

/// Whether a value that decisions rest on reads as it did once it is made fit to show. No other is
/// made so here: it may be a secret, of which a copy would stay in memory.
pub(super) fn means_the_same(name: &str, text: &str, shown: impl FnOnce() -> String) -> bool {
    match name {
        "location" | "client_id" | "object_id" | "mi_res_id" | "msi_res_id" => text == shown(),
        "expires_in" | "expires_on" | "expiresOn" | "refresh_in" | "interval" => {
            Number::from(text) == Number::from(&*shown())
        }
        _ => true,
    }
}

pub(super) fn is_secret(name: &str) -> bool {
    SECRET_FIELDS.iter().any(|(known, _)| *known == name)
}

pub(super) fn kind_of(field: &str) -> &'static str {
    SECRET_FIELDS
        .iter()
        .find(|(name, _)| *name == field)
        .map_or("value", |(_, kind)| kind)
}
