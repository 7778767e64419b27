//! What a file held, and the one certificate with its key and its chain that comes of it.

use azid_core::{ClientCertificate, Invalid};

use crate::certificate::Certificate;
use crate::key::Key;
use crate::refuse;

/// How many certificates a content may hold.
pub const MAX_CERTIFICATES: usize = 64;

/// The key and the certificates in the order of the file, each once.
#[derive(Default)]
pub(crate) struct Contents {
    key: Option<Key>,
    certificates: Vec<Certificate>,
    pub(crate) has_public_key: bool,
    pub(crate) has_request: bool,
}

impl Contents {
    pub(crate) fn add_key(&mut self, key: Key) -> Result<(), Invalid> {
        match &self.key {
            Some(known) if *known != key => Err(refuse(
                "it holds several private keys; keep the one that belongs to the certificate",
            )),
            _ => {
                self.key = Some(key);
                Ok(())
            }
        }
    }

    pub(crate) fn add_certificate(&mut self, der: &[u8]) -> Result<(), Invalid> {
        if self.certificates.iter().any(|known| known.der == der) {
            return Ok(());
        }
        if self.certificates.len() == MAX_CERTIFICATES {
            return Err(refuse(format!(
                "it holds more than {MAX_CERTIFICATES} certificates; keep the one that belongs to \
                 the key, and its chain"
            )));
        }
        self.certificates.push(Certificate::parse(der)?);
        Ok(())
    }

    pub(crate) fn into_certificate(mut self) -> Result<ClientCertificate, Invalid> {
        let key = self.key.take().ok_or_else(|| self.no_key())?;
        if self.certificates.is_empty() {
            return Err(self.no_certificate());
        }
        let chain = self.chain(&key)?;
        let expires_on = chain[0].expires_on;
        let chain: Vec<&[u8]> = chain.iter().map(|link| link.der.as_slice()).collect();
        let certificate = ClientCertificate::new(chain, key.into_handle())?;
        Ok(certificate.expires_on(expires_on))
    }

    /// The leaf, its issuer, the issuer of that and so on. There is always a leaf.
    fn chain(&self, key: &Key) -> Result<Vec<&Certificate>, Invalid> {
        let leaf = last_to_expire(self.certificates.iter().filter(|one| key.is_of(one)));
        let mut link = leaf.ok_or_else(|| {
            refuse(
                "its private key belongs to none of its certificates; put the certificate and the \
                 key that were made together into one file",
            )
        })?;
        let mut chain = vec![link];
        loop {
            let issuers = self.certificates.iter().filter(|one| {
                one.subject == link.issuer && chain.iter().all(|used| used.subject != one.subject)
            });
            match last_to_expire(issuers) {
                Some(issuer) => chain.push(issuer),
                None => return Ok(chain),
            }
            link = chain[chain.len() - 1];
        }
    }

    fn no_key(&self) -> Invalid {
        refuse(match (self.has_public_key, self.has_request) {
            (true, _) => {
                "it holds a public key and no private key; give the file that has the private key"
            }
            (_, true) if self.certificates.is_empty() => REQUEST,
            _ => "it holds no private key; put the certificate and its key into one file",
        })
    }

    fn no_certificate(&self) -> Invalid {
        refuse(if self.has_request {
            REQUEST
        } else {
            "it holds no certificate; put the certificate and its key into one file"
        })
    }
}

fn last_to_expire<'a>(
    certificates: impl Iterator<Item = &'a Certificate>,
) -> Option<&'a Certificate> {
    certificates.max_by_key(|certificate| certificate.expires_on)
}

const REQUEST: &str = "it holds a certificate request and no certificate; have the request signed, \
    and put the certificate and its key into one file";
