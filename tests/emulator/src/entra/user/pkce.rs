//! Proof Key for Code Exchange (RFC 7636), S256 only.

use crate::entra::refusal::Refusal;
use crate::fields::Fields;
use crate::jwt::encode;
use sha2::{Digest, Sha256};

/// The length of a SHA-256 hash in base64url.
const CHALLENGE_LENGTH: usize = 43;

/// Reads the challenge of an authorization request, if it has one.
pub(super) fn challenge(fields: &Fields) -> Result<Option<&str>, Refusal> {
    let Some(challenge) = fields.get("code_challenge") else {
        return if fields.has("code_challenge_method") {
            Err(Refusal::no_challenge())
        } else {
            Ok(None)
        };
    };
    if fields.get("code_challenge_method") != Some("S256") {
        let text = "The only code_challenge_method here is S256.";
        return Err(Refusal::challenge(text));
    }
    let is_hash = challenge.len() == CHALLENGE_LENGTH
        && challenge
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    if is_hash {
        Ok(Some(challenge))
    } else {
        let text = "The code_challenge is not a SHA-256 hash in base64url without padding.";
        Err(Refusal::challenge(text))
    }
}

/// Checks the verifier of a token request; there must be one exactly if there was a challenge.
pub(super) fn check(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier))
            if is_verifier(verifier) && encode(Sha256::digest(verifier)) == challenge =>
        {
            Ok(())
        }
        _ => Err(Refusal::verifier()),
    }
}

/// 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-._~".contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (verifier, good) in [
            ("a".repeat(43), true),
            ("~.-_".repeat(32), true),
            ("a".repeat(42), false),
            ("a".repeat(129), false),
            ("+".repeat(43), false),
            (" ".repeat(43), false),
        ] {
            let challenge = encode(Sha256::digest(&verifier));
            let checked = check(Some(&challenge), Some(&verifier));
            assert_eq!(checked.is_ok(), good, "{verifier}");
        }
    }
}
