//! Certificate files.

use azid_certificate::CertificateReader;
use azid_core::{ReadCertificate as _, SecretBytes};

/// What opens the files of the corpus.
const PASSWORD: &str = "swordfish";

/// Whatever a certificate file holds, it is read as a chain with its key, or refused in words that
/// do not show the password, and another reader finds the same.
pub fn certificate_file(data: &[u8]) {
    let read = || {
        let reader = CertificateReader::new().password(PASSWORD);
        reader.read(&SecretBytes::from(data))
    };
    let first = read();
    if let Err(refusal) = &first {
        let shown = refusal.to_string();
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
    assert_eq!(first, read());
}
