//! Secrets as people come to have them: with what a shell or an editor adds, beyond ASCII, and
//! words that are also in requests.

use azid_core::testing::Case;
use azid_core::{Environment, Exposure};

pub(crate) const ODD_SECRETS: [&str; 12] = [
    "trail\n",
    "trail\r\n",
    " lead",
    "trail ",
    "a\tb\tc",
    "pässwörd",
    "zero\u{200b}width",
    "a bell\u{7}",
    "P@ss!word",
    "oauth2",
    "password",
    "secret",
];

/// The case with this secret in its credential and in its environment, if it takes one.
pub(crate) fn with_secret(mut case: Case, secret: &str) -> Option<Case> {
    let stored = serde_json::to_string(&case.credential).expect("a credential serialises");
    let escaped = serde_json::to_string(secret).expect("a text serialises");
    let with = stored.replace("\"redacted\"", &escaped);
    let mut takes = with != stored;
    if takes {
        case.credential = serde_json::from_str(&with).ok()?;
    }
    for (name, value) in &mut case.environment {
        let is_secret = Environment::exposure(name) == Some(Exposure::Secret);
        if is_secret && *name != "AZURE_USERNAME" {
            *value = secret.into();
            takes = true;
        }
    }
    // In the environment it is beside one in a credential that does not look there.
    takes.then(|| case.with("AZURE_CLIENT_SECRET", secret))
}
