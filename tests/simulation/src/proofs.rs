//! What the hosts prove themselves with: secrets and certificates in files, and a signer.

use std::fmt;
use std::sync::{Arc, LazyLock};

use azid_core::effect::{CallbackId, FileFailure, FileRequest, KeyHandle};
use azid_core::{
    CertificateProof, ClientCertificate, ClientCertificateCredential, ClientSecret,
    ClientSecretCredential, Credential, Invalid, ManagedIdentityCredential, ReadCertificate,
    SecretBytes, TokenRequest,
};
use azid_emulator::demo::{CLIENT_ID, SCOPE, TENANT_ID};
use azid_emulator::{Application, Certificate};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PSS_SHA256;

use crate::Proof;

/// What every secret begins with, so that it is seen where it must not be.
pub const CANARY: &str = "simulated~secret~";

const FILE: &str = "/run/proof";

const END_OF_2099: u64 = 4_102_444_800;

/// The first certificate. Its key, which takes a second to make, is that of all others.
static CERTIFICATE: LazyLock<azid_emulator::ClientCertificate> =
    LazyLock::new(|| azid_emulator::ClientCertificate::generate("azid simulation"));

/// The successive secrets or certificates of one application, which all hosts share.
pub(crate) struct Proofs {
    kind: Proof,
    files: Vec<Vec<u8>>,
    signer: Option<KeyPair>,
}

impl Proofs {
    /// So many, one after the other.
    pub(crate) fn new(kind: Proof, versions: usize) -> Self {
        let file = |version| match kind {
            Proof::Secret => format!("{CANARY}{version}").into_bytes(),
            Proof::Certificate => {
                let certificate = CERTIFICATE.reissue(2020, 2099);
                certificate.certificate().der().to_vec()
            }
            Proof::ManagedIdentity => Vec::new(),
        };
        Self {
            kind,
            files: (0..versions).map(file).collect(),
            signer: (kind == Proof::Certificate).then(|| key_in(CERTIFICATE.pem())),
        }
    }

    /// The application, with every proof registered that it will ever have.
    pub(crate) fn application(&self) -> Application {
        let mut application = Application {
            client_id: CLIENT_ID.to_owned(),
            object_id: CLIENT_ID.replace("0000000000", "00000000f0"),
            ..Application::default()
        };
        for file in &self.files {
            match self.kind {
                Proof::Secret => {
                    application.add_secret(&String::from_utf8_lossy(file), END_OF_2099);
                }
                Proof::Certificate => application.certificates.extend(Certificate::from_der(file)),
                Proof::ManagedIdentity => {}
            }
        }
        application
    }

    /// Takes the oldest proof from the application, which has another by now.
    pub(crate) fn retire_oldest(&self, application: &mut Application) {
        match self.kind {
            Proof::Secret => drop(application.secrets.remove(0)),
            Proof::Certificate => drop(application.certificates.remove(0)),
            Proof::ManagedIdentity => {}
        }
    }

    /// What every host gets its tokens by, and what it asks for.
    pub(crate) fn credential(&self) -> (Arc<dyn Credential>, TokenRequest) {
        let request = TokenRequest::new([SCOPE]);
        match self.kind {
            Proof::Secret => {
                let secret = ClientSecret::from_file(FILE);
                let credential = ClientSecretCredential::new(TENANT_ID, CLIENT_ID, secret);
                (Arc::new(credential.expect("the ids are valid")), request)
            }
            Proof::Certificate => {
                let proof = CertificateProof::from_file(FILE, Reader);
                let credential = ClientCertificateCredential::new(TENANT_ID, CLIENT_ID, proof);
                let credential = credential.expect("the ids are valid");
                (Arc::new(credential), request.enable_cae())
            }
            Proof::ManagedIdentity => (Arc::new(ManagedIdentityCredential::new()), request),
        }
    }

    /// A file as a host has it that got the proof number `version` last.
    pub(crate) fn read(
        &self,
        request: &FileRequest,
        version: usize,
    ) -> Result<SecretBytes, FileFailure> {
        if request.path == FILE {
            Ok(self.files[version].clone().into())
        } else {
            Err(FileFailure::NotFound)
        }
    }

    /// A signature by PS256.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = self.signer.as_ref();
        let key = key.expect("only certificates are signed with");
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PSS_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        )
        .expect("a key of 2048 bits signs");
        signature
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proofs")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Takes a file for a certificate whose key the host's vault has.
#[derive(Debug)]
struct Reader;

impl ReadCertificate for Reader {
    fn read(&self, content: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        let key = KeyHandle::Named(CallbackId::new("vault"));
        ClientCertificate::new([content.expose()], key)
    }
}

/// The key in a PEM text, which it comes first in.
fn key_in(pem: &str) -> KeyPair {
    let lines = pem.lines().skip(1);
    let text: String = lines.take_while(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(text).expect("PEM is base64");
    KeyPair::from_pkcs8(&der).expect("the key was made just now")
}
