//! What the hosts prove themselves with: secrets and certificates in files, and a signer.

use std::fmt;
use std::sync::{Arc, LazyLock};

use azid_core::effect::{CallbackId, FileFailure, FileRequest, KeyHandle};
use azid_core::{
    CertificateProof, ChainedTokenCredential, ClientCertificate, ClientCertificateCredential,
    ClientSecret, ClientSecretCredential, Credential, DeviceCodeCredential, Environment,
    EnvironmentCredential, Invalid, ManagedIdentityCredential, ReadCertificate, SecretBytes,
    TokenRequest,
};
use azid_emulator::demo::{CLIENT_ID, TENANT_ID};
use azid_emulator::{Application, Certificate};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PSS_SHA256;

use crate::directory::{PERMISSION, RESOURCES, delegations, object_id};
use crate::services::is_machine;
use crate::{Proof, Scenario};

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
            Proof::Secret | Proof::Chain => format!("{CANARY}{version}").into_bytes(),
            Proof::Certificate => {
                let certificate = CERTIFICATE.reissue(2020, 2099);
                certificate.certificate().der().to_vec()
            }
            Proof::ManagedIdentity | Proof::Person => Vec::new(),
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
            object_id: object_id(),
            public: self.kind == Proof::Person,
            delegations: delegations(),
            ..Application::default()
        };
        for file in &self.files {
            match self.kind {
                Proof::Secret | Proof::Chain => {
                    application.add_secret(&String::from_utf8_lossy(file), END_OF_2099);
                }
                Proof::Certificate => application.certificates.extend(Certificate::from_der(file)),
                Proof::ManagedIdentity | Proof::Person => {}
            }
        }
        application
    }

    /// Takes the oldest proof from the application, which has another by now.
    pub(crate) fn retire_oldest(&self, application: &mut Application) {
        match self.kind {
            Proof::Secret => drop(application.secrets.remove(0)),
            Proof::Certificate => drop(application.certificates.remove(0)),
            // Nobody changes the environment of a program that runs.
            Proof::ManagedIdentity | Proof::Chain | Proof::Person => {}
        }
    }

    /// What every host gets its tokens by.
    pub(crate) fn credential(&self) -> Arc<dyn Credential> {
        const VALID: &str = "the ids are valid";
        match self.kind {
            Proof::Secret => {
                let secret = ClientSecret::from_file(FILE);
                let credential = ClientSecretCredential::new(TENANT_ID, CLIENT_ID, secret);
                Arc::new(credential.expect(VALID))
            }
            Proof::Certificate => {
                let proof = CertificateProof::from_file(FILE, Reader);
                let credential = ClientCertificateCredential::new(TENANT_ID, CLIENT_ID, proof);
                Arc::new(credential.expect(VALID))
            }
            Proof::ManagedIdentity => Arc::new(ManagedIdentityCredential::new()),
            Proof::Chain => {
                let credential = ChainedTokenCredential::new(ManagedIdentityCredential::new());
                Arc::new(credential.link(EnvironmentCredential::new()))
            }
            Proof::Person => {
                let screen = CallbackId::new("screen");
                let credential = DeviceCodeCredential::new(TENANT_ID, CLIENT_ID, screen);
                Arc::new(credential.expect(VALID))
            }
        }
    }

    /// What is asked for, for each resource.
    pub(crate) fn requests(&self, scenario: &Scenario) -> Vec<TokenRequest> {
        let named = RESOURCES.iter().take(scenario.resources);
        let requests = named.map(|(resource, _)| match self.kind {
            Proof::Person => TokenRequest::new([format!("{resource}/{PERMISSION}")]),
            Proof::Certificate => TokenRequest::new([format!("{resource}/.default")]).enable_cae(),
            _ => TokenRequest::new([format!("{resource}/.default")]),
        });
        requests.collect()
    }

    /// The variables of a host.
    pub(crate) fn environment(&self, host: usize) -> Environment {
        if self.kind != Proof::Chain || is_machine(self.kind, host) {
            return Environment::default();
        }
        let secret = String::from_utf8_lossy(&self.files[0]).into_owned();
        Environment::from_pairs([
            ("AZURE_TENANT_ID", TENANT_ID.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT_ID.to_owned()),
            ("AZURE_CLIENT_SECRET", secret),
        ])
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
