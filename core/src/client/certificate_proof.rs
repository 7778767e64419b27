//! Certificates as proofs: an assertion for each request, signed by the certificate's key.
//!
//! prove ─► [read the file] ─► sign ─► assertion

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::certificate::{ClientCertificate, ReadCertificate, Reader};
use super::exchange::{Client, Proof, Prove, Proven};
use super::jwt::{self, Header};
use super::text_file::named;
use crate::context::Context;
use crate::effect::{Detail, FileRequest, KeyHandle, SignFailure, SignRequest};
use crate::error::{Cause, What};
use crate::identity::{Identity, IdentityBuilder, Instance};
use crate::moves::{Next, read_file, sign};
use crate::secret::Secret;
use crate::transcript::Redactor;

/// A client certificate, or where it is to be found, and how assertions are signed with it.
///
/// By default they are signed by PS256 and name the certificate by its SHA-256 thumbprint, as
/// Microsoft advises; to AD FS and dSTS, which do not know these, by RS256 and with SHA-1.
///
/// Each request gets an assertion of its own, which counts from five minutes before it is made
/// until five minutes after, so clocks may be that far apart.
///
/// ```
/// use azid_core::effect::KeyHandle;
/// use azid_core::{CertificateProof, ClientCertificate, ClientCertificateCredential};
/// # let (leaf, issuer, key) = (vec![0x30], vec![0x30], vec![0x30]);
///
/// let certificate = ClientCertificate::new([leaf, issuer], KeyHandle::in_memory(key.into()))?;
/// let proof = CertificateProof::from(certificate).send_certificate_chain();
/// let credential = ClientCertificateCredential::new("contoso.com", "app-id", proof);
/// # credential?;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateProof {
    source: Source,
    #[serde(default, skip_serializing_if = "is_off")]
    send_certificate_chain: bool,
    #[serde(default, skip_serializing_if = "is_off")]
    use_rs256: bool,
    #[serde(skip)]
    instance: Instance,
}

/// A file is read by code, so only a certificate that is given can be written down.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Given(ClientCertificate),
    File { path: String, reader: Reader },
}

/// The longest file that is read; one with a long chain has some ten kilobytes.
const MOST_BYTES: usize = 1024 * 1024;

impl CertificateProof {
    /// The certificate that a file holds, as the reader understands it.
    ///
    /// The file is read for each assertion, so about once an hour for a scope, and a rotated
    /// certificate is in use before Entra refuses the old one. It may have 1 MiB.
    ///
    /// The reader runs within the run, on the thread that drives it. That of `azid-certificate`
    /// decrypts each content once. A program that wants to decrypt none there reads the file itself
    /// when it starts and makes the proof [of the certificate](Self::from), which is then not
    /// rotated.
    pub fn from_file(path: impl Into<String>, reader: impl ReadCertificate + 'static) -> Self {
        Self::new(Source::File {
            path: path.into(),
            reader: Reader::new(reader),
        })
    }

    /// Sends the whole chain with each assertion, as applications need that trust a subject name
    /// and an issuer instead of single certificates.
    pub fn send_certificate_chain(mut self) -> Self {
        self.send_certificate_chain = true;
        self
    }

    /// Signs by RS256, with the thumbprint by SHA-1, wherever the assertion goes: for signers that
    /// do not know PS256.
    pub fn use_rs256(mut self) -> Self {
        self.use_rs256 = true;
        self
    }

    pub(crate) fn identify(&self, identity: IdentityBuilder) -> Identity {
        let on = |option: bool| option.then_some("on");
        let identity = identity
            .optional("chain is sent", on(self.send_certificate_chain))
            .optional("RS256", on(self.use_rs256));
        match &self.source {
            Source::File { path, reader } => identity
                .field("certificate file", path)
                .identity("reader", &reader.identity()),
            Source::Given(certificate) => match certificate.key() {
                KeyHandle::InMemory(key) => {
                    let thumbprint = Sha256::digest(certificate.leaf());
                    identity
                        .field("certificate", URL_SAFE_NO_PAD.encode(thumbprint))
                        .secret("key", &Secret::new(STANDARD.encode(key.expose())))
                        .finish()
                }
                // Who may use a key by this name is for the signer to say.
                KeyHandle::Named(_) => identity.identity("signer", &self.instance.identity()),
            },
        }
    }

    /// None if a reader is in it.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Option<Self> {
        match &self.source {
            Source::Given(certificate) => Some(Self {
                source: Source::Given(certificate.redacted(redactor)),
                ..self.clone()
            }),
            Source::File { .. } => None,
        }
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            send_certificate_chain: false,
            use_rs256: false,
            instance: Instance::default(),
        }
    }

    fn sign(
        &self,
        certificate: &ClientCertificate,
        client: &Client,
        then: Proven,
        cx: &mut Context,
    ) -> Next {
        let now = cx.now().timestamp();
        if let Some(expires_on) = certificate.has_expired(now) {
            return cx.failed(Cause::ExpiredCertificate { expires_on, now });
        }
        let header = if self.use_rs256 || client.is_adfs {
            Header::rs256(certificate)
        } else {
            Header::ps256(certificate)
        };
        let header = if self.send_certificate_chain {
            header.with_chain(certificate.written_chain())
        } else {
            header
        };
        let input = header.signing_input(client, cx.entropy().uuid(), now);
        let key = certificate.key().clone();
        let request = SignRequest::new(header.algorithm(), input.clone(), key);
        sign(request, move |signature, cx| {
            let signature = signature.or_else(|failure| cx.failed(failure))?;
            let signature = Zeroizing::new(signature);
            if signature.is_empty() {
                let why = Detail::new("it gave an empty signature");
                return cx.failed(SignFailure::Other(why));
            }
            then(Proof::Assertion(jwt::signed(&input, &signature)), cx)
        })
    }
}

impl Prove for CertificateProof {
    fn prove(&self, client: &Client, then: Proven, cx: &mut Context) -> Next {
        let (path, reader) = match &self.source {
            Source::Given(certificate) => return self.sign(certificate, client, then, cx),
            Source::File { path, reader } => (path.clone(), reader.clone()),
        };
        named(What::Certificate, &path).or_else(|invalid| cx.failed(invalid))?;
        let (this, client) = (self.clone(), client.clone());
        read_file(
            FileRequest::new(&path).max_bytes(MOST_BYTES),
            move |content, cx| {
                let content = match content {
                    Ok(content) => content,
                    Err(failure) => return cx.failed(Cause::file(path, failure)),
                };
                match reader.code().read(&content) {
                    Ok(certificate) => this.sign(&certificate, &client, then, cx),
                    Err(invalid) => cx.failed(Cause::FileContent {
                        path,
                        problem: format!("holds no usable certificate: {}", invalid.why()).into(),
                    }),
                }
            },
        )
    }
}

impl From<ClientCertificate> for CertificateProof {
    fn from(certificate: ClientCertificate) -> Self {
        Self::new(Source::Given(certificate))
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(certificate) => certificate.serialize(serializer),
            Self::File { .. } => Err(S::Error::custom(
                "a certificate that code reads from a file is no data",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ClientCertificate::deserialize(deserializer).map(Self::Given)
    }
}

fn is_off(option: &bool) -> bool {
    !option
}
