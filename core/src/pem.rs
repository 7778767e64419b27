//! Certificates in a text (RFC 7468 section 5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a PEM text, without what else is in it, such as a private key. None if there
/// is none, or if one of them is cut off or no certificate: half a bundle is not the bundle.
pub(crate) fn certificates(text: &str) -> Option<String> {
    let mut found = String::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (body, left) = after.split_once(END).filter(|(body, _)| is_der(body))?;
        found.extend([BEGIN, body, END, "\n"]);
        rest = left;
    }
    Some(found).filter(|found| !found.is_empty())
}

/// Whether a text is base64 of what begins as a certificate does: with an ASN.1 sequence.
fn is_der(body: &str) -> bool {
    let packed: String = body.split_ascii_whitespace().collect();
    STANDARD
        .decode(packed)
        .is_ok_and(|der| der.starts_with(&[0x30]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_are_taken_out_of_what_is_around_them() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----\n";
        let text = format!("# one\n{ONE}{key}{ONE}");
        assert_eq!(certificates(&text), Some(ONE.repeat(2)));
        assert_eq!(certificates(key), None);
    }

    #[test]
    fn a_bundle_with_one_bad_certificate_is_none() {
        for bad in [
            "-----BEGIN CERTIFICATE-----\nMIIB",
            "-----BEGIN CERTIFICATE-----\nthis is no base64!\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(certificates(&format!("{ONE}{bad}")), None, "{bad}");
            assert_eq!(certificates(&format!("{bad}{ONE}")), None, "{bad}");
        }
    }
}
