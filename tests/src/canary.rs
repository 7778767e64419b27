//! The hunt for secrets in places where they must not be.

use azid_core::testing::Case;
use azid_core::{Outcome, Secret};

/// Secret values that occur nowhere else, so that finding one means a leak.
pub const CANARIES: [&str; 3] = [
    "c4nary&one=+/",
    "c4naryTwo~%20",
    "eyJjYW5hcnkiOjN9.eyJjYW5hcnkiOjN9.c2ln",
];

/// Every form in which a secret might be seen: as it is, form- and percent-encoded, in base64.
pub fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form: String = secret
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "*-._".contains(c) {
                c.to_string()
            } else {
                format!("%{:02X}", u32::from(c))
            }
        })
        .collect();
    vec![secret.to_owned(), percent, form, base64(secret.as_bytes())]
}

/// Whether a text shows a secret in any form.
pub fn shows(text: &str, secret: &str) -> bool {
    forms(secret)
        .iter()
        .any(|form| text.contains(form.as_str()))
}

/// Everything of an outcome that somebody might print or store.
pub fn visible(outcome: &Outcome) -> String {
    let mut text = format!("{outcome:?}");
    if let Err(error) = &outcome.result {
        text.push_str(&format!("{error} {error:?} {error:#?}"));
    }
    if let Some(transcript) = &outcome.transcript {
        text.push_str(&serde_json::to_string(transcript).unwrap_or_default());
    }
    text
}

/// A case's secrets: those of its credential and of its environment.
pub fn secrets_of(case: &Case) -> Vec<Secret> {
    let hidden = case.environment.iter().filter(|(name, _)| {
        azid_core::Environment::exposure(name) == Some(azid_core::Exposure::Secret)
    });
    hidden
        .map(|(_, value)| Secret::from(value.as_str()))
        .collect()
}

/// Base64 without padding, so that it is found inside the padded form too.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            let index = group >> (18 - 6 * digit) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}
