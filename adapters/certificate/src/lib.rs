//! Client certificates out of PEM and PKCS#12 files, for an application that signs in to Entra
//! with one.
//!
//! A [`CertificateReader`] makes a [`ClientCertificate`] of what such a file holds. Which of the
//! two formats it is shows in the content itself. Nothing here reads a file, asks for a clock or
//! needs randomness, and all of it is plain Rust, so it also works in wasm.
//!
//! ```
//! use azid_certificate::CertificateReader;
//! use azid_core::{ReadCertificate, SecretBytes};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
//! let content = SecretBytes::new(std::fs::read(format!("{directory}/modern.p12"))?);
//! let reader = CertificateReader::new().password("swordfish");
//! let certificate = reader.read(&content)?;
//! assert_eq!(certificate.chain().len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! # What is read
//!
//! * **PEM**: the blocks `CERTIFICATE`, `PRIVATE KEY`, `RSA PRIVATE KEY` and
//!   `ENCRYPTED PRIVATE KEY`, in any order, with any text between them.
//! * **PKCS#12** (RFC 7292), also called PFX: keys and certificates, plain or encrypted, protected
//!   by an HMAC with SHA-1 or SHA-2 or by nothing. A file without a password, with an empty one and
//!   with none at all are much the same here: give no password.
//! * **Encryption**: PBES2 (RFC 8018) with AES or triple DES under PBKDF2 or scrypt, and the older
//!   schemes of PKCS#12 with triple DES or RC2.
//!
//! Of the certificates, the leaf is the one with the public key that belongs to the private key;
//! where there are several, the one that expires last. After it comes its issuer, then the issuer
//! of that, as far as the file has them. Other certificates are left out, for the chain may be sent
//! with each assertion.
//!
//! The key must be RSA of 2048 bits or more, as Entra takes no other from applications. An expired
//! certificate is read like any other: who has a clock sees it from
//! [`ClientCertificate::expires_on`].
//!
//! # Bounds
//!
//! A hostile file costs little: its content is at most 1 MiB ([`MAX_CONTENT`]) with at most 256
//! PEM blocks ([`MAX_BLOCKS`]) and 64 certificates ([`MAX_CERTIFICATES`]), deriving its keys takes at most two million rounds of
//! hashing altogether ([`MAX_ROUNDS`]), and scrypt gets at most 64 MiB ([`MAX_SCRYPT_MEMORY`]).
//!
//! # When it is read
//!
//! A proof that is made [from a file](CertificateProof::from_file) reads it within the run, on the
//! thread that drives it: in an async program on a worker. It does so once for each content, for
//! the reader remembers the last one, and a PEM file or a usual PKCS#12 file takes milliseconds. To
//! keep even that out of a run, read the file at start, as in the example above, and give the
//! credential the [`ClientCertificate`]; a file that is replaced later is then not noticed.

mod certificate;
mod contents;
mod derivation;
mod encryption;
mod key;
mod password;
mod pem;
mod pkcs12;
mod reader;

use azid_core::{Invalid, What};

pub use self::contents::MAX_CERTIFICATES;
pub use self::derivation::{MAX_ROUNDS, MAX_SCRYPT_MEMORY};
pub use self::pem::MAX_BLOCKS;
pub use self::reader::{CertificateReader, MAX_CONTENT};

#[cfg(doc)]
use azid_core::{CertificateProof, ClientCertificate};

fn refuse(why: impl Into<String>) -> Invalid {
    Invalid::new(What::Certificate, why)
}

fn damaged() -> Invalid {
    refuse("the content is damaged or cut short; copy the file again, as binary if it is PKCS#12")
}
