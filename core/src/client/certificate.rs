//! Client certificates: who signs for an application.

use std::fmt::{self, Debug};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::effect::{CallbackId, KeyHandle};
use crate::error::{Invalid, What};
use crate::identity::{Identity, Instance};
use crate::secret::{Secret, SecretBytes};
use crate::time::Timestamp;
use crate::transcript::{Redactor, is_placeholder, placeholder_in};

/// A certificate, those that vouch for it, and the key to it.
///
/// The package `azid-certificate` makes one of a PEM or a PKCS#12 file. A key that never leaves an
/// HSM, a vault or a browser is [`KeyHandle::Named`], and a signer of the user's own uses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    chain: Chain,
    key: KeyHandle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_on: Option<Timestamp>,
}

impl ClientCertificate {
    /// A chain of certificates in DER form, the leaf first, and the key to the leaf.
    ///
    /// # Errors
    ///
    /// There is no certificate.
    pub fn new<C: Into<Vec<u8>>>(
        chain: impl IntoIterator<Item = C>,
        key: KeyHandle,
    ) -> Result<Self, Invalid> {
        let chain = Chain::new(chain.into_iter().map(Into::into).collect())?;
        Ok(Self {
            chain,
            key,
            expires_on: None,
        })
    }

    /// Says when the leaf expires: from then on it is refused without asking anybody.
    pub fn expires_on(mut self, moment: Timestamp) -> Self {
        self.expires_on = Some(moment);
        self
    }

    /// The certificates in DER form, the leaf first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain.0
    }

    /// The leaf in DER form.
    pub fn leaf(&self) -> &[u8] {
        &self.chain.0[0]
    }

    /// The key to the leaf.
    pub fn key(&self) -> &KeyHandle {
        &self.key
    }

    /// The certificates as a header holds them: each in base64, the leaf first.
    pub(super) fn written_chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn has_expired(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires_on.filter(|moment| *moment <= now)
    }

    /// The certificate for a transcript: all of it is public but a key in memory.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        let key = match &self.key {
            KeyHandle::InMemory(key) => {
                // That of a replay is a placeholder already.
                let placeholder = std::str::from_utf8(key.expose())
                    .ok()
                    .and_then(placeholder_in);
                let text = placeholder.map_or_else(|| STANDARD.encode(key.expose()), str::to_owned);
                let placeholder = redactor.secret("key", &Secret::new(text));
                KeyHandle::in_memory(placeholder.expose().as_bytes().into())
            }
            named @ KeyHandle::Named(_) => named.clone(),
        };
        Self {
            key,
            ..self.clone()
        }
    }
}

/// Makes a [`ClientCertificate`] of what a file holds. The package `azid-certificate` has one for
/// PEM and PKCS#12; a reader is pure, so what it needs, such as a password, it was made with.
///
/// A file is read for each assertion. A reader that keeps what it made of the last content gives
/// the same [`KeyHandle`] again while the file stays as it is, and a host then parses the key once.
///
/// A reader is called within the run, on the thread that drives it, and under an async host on one
/// of its workers. It should take no more than milliseconds, save for a content that it meets for
/// the first time. Where that is too much, read the file when the program starts and give the
/// [`ClientCertificate`] itself.
pub trait ReadCertificate: Debug + Send + Sync {
    /// The certificate and its key.
    ///
    /// # Errors
    ///
    /// The content cannot be read, or holds no certificate with its key; in words that show none
    /// of it.
    fn read(&self, content: &SecretBytes) -> Result<ClientCertificate, Invalid>;

    /// The same reader, made with this password; none if its contents never have one.
    fn with_password(&self, _password: &Secret) -> Option<Arc<dyn ReadCertificate>> {
        None
    }

    /// What this reader adds to the identity of a credential: readers that make the same of every
    /// content have equal ones, and their credentials share tokens. With none, as by default, a
    /// credential shares its tokens with its clones alone.
    fn identity(&self) -> Option<Identity> {
        None
    }
}

/// A shared reader is a reader.
impl ReadCertificate for Arc<dyn ReadCertificate> {
    fn read(&self, content: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        (**self).read(content)
    }

    fn with_password(&self, password: &Secret) -> Option<Arc<dyn ReadCertificate>> {
        (**self).with_password(password)
    }

    fn identity(&self) -> Option<Identity> {
        (**self).identity()
    }
}

/// A reader as part of a credential. It is code, and equal to itself alone.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    code: Arc<dyn ReadCertificate>,
    instance: Instance,
}

impl Reader {
    pub(crate) fn new(code: impl ReadCertificate + 'static) -> Self {
        Self {
            code: Arc::new(code),
            instance: Instance::default(),
        }
    }

    pub(crate) fn code(&self) -> &Arc<dyn ReadCertificate> {
        &self.code
    }

    pub(crate) fn identity(&self) -> Identity {
        let of_code = self.code.identity();
        of_code.unwrap_or_else(|| self.instance.identity())
    }
}

impl PartialEq for Reader {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.code, &other.code)
    }
}

/// Certificates in DER form; there is always one. Written as base64, as in RFC 7515 section 4.1.6.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(super) struct Chain(Arc<[Vec<u8>]>);

impl Chain {
    fn new(certificates: Vec<Vec<u8>>) -> Result<Self, Invalid> {
        if certificates.is_empty() || certificates.iter().any(Vec::is_empty) {
            return Err(Invalid::new(What::Certificate, "there is none"));
        }
        Ok(Self(certificates.into()))
    }
}

/// Shows how many there are, and the leaf's thumbprint (SHA-256) as tools write it.
impl Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chain({} of DER, leaf ", self.0.len())?;
        for byte in Sha256::digest(&self.0[0]) {
            write!(f, "{byte:02X}")?;
        }
        f.write_str(")")
    }
}

impl TryFrom<Vec<String>> for Chain {
    type Error = Invalid;

    fn try_from(certificates: Vec<String>) -> Result<Self, Invalid> {
        let decoded: Result<_, _> = certificates
            .iter()
            .map(|text| STANDARD.decode(text))
            .collect();
        Self::new(decoded.map_err(|_| Invalid::new(What::Certificate, "it is not base64 of DER"))?)
    }
}

impl From<Chain> for Vec<String> {
    fn from(chain: Chain) -> Self {
        chain.0.iter().map(|der| STANDARD.encode(der)).collect()
    }
}

/// A key as data: the name of the callback that signs with it, or as a PKCS#8 document in base64.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenKey {
    Callback(CallbackId),
    Pkcs8(Secret),
}

impl Serialize for KeyHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(name) => WrittenKey::Callback(name.clone()),
            Self::InMemory(key) => {
                // A placeholder of a transcript stays readable; of a key nothing is written.
                let text = std::str::from_utf8(key.expose()).unwrap_or_default();
                WrittenKey::Pkcs8(Secret::new(text))
            }
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeyHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match WrittenKey::deserialize(deserializer)? {
            WrittenKey::Callback(name) => return Ok(Self::Named(name)),
            WrittenKey::Pkcs8(text) => text,
        };
        if is_placeholder(text.expose()) {
            return Ok(Self::in_memory(text.expose().as_bytes().into()));
        }
        let der = STANDARD.decode(text.expose()).ok();
        let der = der
            .filter(|der| !der.is_empty())
            .ok_or_else(|| D::Error::custom("a key is base64 of a PKCS#8 document"))?;
        Ok(Self::in_memory(SecretBytes::new(der)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::CallbackId;

    #[test]
    fn a_certificate_shows_its_thumbprint_instead_of_its_bytes() {
        let key = KeyHandle::Named(CallbackId::new("hsm"));
        let certificate = ClientCertificate::new(["abc", "issuer"], key).expect("there are two");
        let shown = format!("{certificate:?}");
        let digest = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        assert!(shown.contains(digest), "{shown}");
        assert!(
            shown.contains("2 of DER") && !shown.contains("97, 98"),
            "{shown}"
        );
    }
}
