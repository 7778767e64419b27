//! The reader: recognises the format, and remembers the last content that it read.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azid_core::{ClientCertificate, Identity, Invalid, ReadCertificate, Secret, SecretBytes};
use sha2::{Digest, Sha256};

#[cfg(doc)]
use crate::MAX_ROUNDS;
use crate::{pem, pkcs12, refuse};

/// How many bytes a content may have.
pub const MAX_CONTENT: usize = 1 << 20;

/// Reads client certificates out of PEM and PKCS#12 contents.
///
/// The last content is remembered by its digest and the password's: read again with the same password,
/// it yields the same key handle without another decryption, so that a host too parses the key once. A
/// changed content yields a new one. Clones remember together, and so does a reader with the one that
/// [`EnvironmentCredential`](azid_core::EnvironmentCredential) makes of it for its password. Two threads
/// that read at the same moment wait for each other.
///
/// To that end the last key stays in memory, decrypted, for as long as the reader or a clone of it
/// lives, and is zeroed after that. Opening a PKCS#12 file or an encrypted key works within the call
/// to [`read`](ReadCertificate::read), for up to about a second ([`MAX_ROUNDS`]) and milliseconds
/// for usual files.
#[derive(Clone, Default)]
pub struct CertificateReader {
    password: Option<Secret>,
    last: Arc<Mutex<Option<Reading>>>,
}

struct Reading {
    /// Of the password and the content.
    digest: [u8; 32],
    result: Result<ClientCertificate, Invalid>,
}

impl CertificateReader {
    /// A reader for contents that need no password.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the password that opens the content. An empty one counts as none, and one that is not
    /// needed does no harm.
    pub fn password(self, password: impl Into<Secret>) -> Self {
        Self {
            password: Some(password.into()),
            last: Arc::default(),
        }
    }

    /// What decides what a content yields, with a length before the password, so that no two pairs run
    /// together.
    fn digest(&self, content: &[u8]) -> [u8; 32] {
        let password = self.password.as_ref().map_or("", Secret::expose);
        Sha256::new()
            .chain_update((password.len() as u64).to_be_bytes())
            .chain_update(password)
            .chain_update(content)
            .finalize()
            .into()
    }

    fn parse(&self, content: &[u8]) -> Result<ClientCertificate, Invalid> {
        if content.len() > MAX_CONTENT {
            return Err(refuse(format!(
                "the content has {} bytes, the most is {MAX_CONTENT}; give a file that holds one \
                 certificate with its key and its chain",
                content.len()
            )));
        }
        let password = self.password.as_ref();
        let contents = match Format::of(content)? {
            Format::Pem => pem::read(content, password),
            Format::Der => pkcs12::read(content, password),
        }?;
        contents.into_certificate()
    }
}

impl ReadCertificate for CertificateReader {
    fn read(&self, content: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        let digest = self.digest(content.expose());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = last.as_ref().filter(|reading| reading.digest == digest) {
            return reading.result.clone();
        }
        let result = self.parse(content.expose());
        *last = Some(Reading {
            digest,
            result: result.clone(),
        });
        result
    }

    fn with_password(&self, password: &Secret) -> Option<Arc<dyn ReadCertificate>> {
        Some(Arc::new(Self {
            password: Some(password.clone()),
            last: Arc::clone(&self.last),
        }))
    }

    fn identity(&self) -> Option<Identity> {
        let identity = Identity::of("CertificateReader");
        let password = self.password.as_ref().filter(|text| !text.is_empty());
        Some(match password {
            Some(password) => identity.secret("password", password).finish(),
            None => identity.finish(),
        })
    }
}

/// Shows whether there is a password, and neither it nor what was read.
impl fmt::Debug for CertificateReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateReader")
            .field("password", &self.password)
            .finish_non_exhaustive()
    }
}

enum Format {
    Pem,
    Der,
}

impl Format {
    fn of(content: &[u8]) -> Result<Self, Invalid> {
        match content {
            // A DER sequence of more than 127 bytes, or one of indefinite length.
            [0x30, 0x80..=0xFF, ..] => Ok(Self::Der),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(refuse(
                "the content is text in UTF-16; save it as UTF-8 or ASCII",
            )),
            _ if content.trim_ascii().is_empty() => Err(refuse(
                "the content is empty; give a PEM or PKCS#12 file with a certificate and its key",
            )),
            _ if pem::has_blocks(content) => Ok(Self::Pem),
            _ => Err(refuse(
                "the content is neither PEM text nor a binary PKCS#12 file; if it is PKCS#12 in \
                 base64, as Key Vault gives it out, decode it first",
            )),
        }
    }
}
