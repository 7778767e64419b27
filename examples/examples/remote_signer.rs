//! A token on tokio for an application whose key is in a vault: an async callback has each
//! assertion signed there, and the program never sees the key.
//!
//! The vault is a task here. Azure Key Vault's operation `sign` takes the SHA-256 digest of the
//! message and the same names of algorithms.

use std::{env, fs};

use azid_certificate::CertificateReader;
use azid_core::effect::{CallbackId, Detail, KeyHandle, SignFailure, SignRequest};
use azid_core::{Authority, ClientCertificate, ClientCertificateCredential, ReadCertificate};
use azid_native::Signer;
use azid_tokio::{Builder, TokioHost};
use tokio::sync::{mpsc, oneshot};

type Error = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let in_file = fs::read(env::var("AZURE_CLIENT_CERTIFICATE_PATH")?)?;
    let in_file = CertificateReader::new().read(&in_file.into())?;
    let vault = Vault::start(in_file.key().clone());

    let name = CallbackId::new("vault");
    let public = ClientCertificate::new(
        in_file.chain().iter().cloned(),
        KeyHandle::Named(name.clone()),
    )?;
    let credential = ClientCertificateCredential::new(
        env::var("AZURE_TENANT_ID")?,
        env::var("AZURE_CLIENT_ID")?,
        public,
    )?;
    let authority = Authority::from_environment(&azid_native::environment())?;
    let credential = credential.authority(authority);
    let provider = Builder::new(TokioHost::new(), credential)
        .on_sign(name, move |request| vault.clone().sign(request))
        .build();
    let token = provider
        .get_token(&["https://vault.azure.net/.default"])
        .await?;
    println!("{} until {}", token.came_from(), token.expires_on());
    Ok(())
}

/// Where the key is, as the program sees it.
#[derive(Clone)]
struct Vault(mpsc::Sender<(SignRequest, Reply)>);

type Reply = oneshot::Sender<Result<Vec<u8>, SignFailure>>;

impl Vault {
    fn start(key: KeyHandle) -> Self {
        let (sender, mut requests) = mpsc::channel::<(SignRequest, Reply)>(8);
        tokio::spawn(async move {
            let signer = Signer::new();
            while let Some((request, reply)) = requests.recv().await {
                let key = key.clone();
                let _ = reply.send(signer.sign(&SignRequest { key, ..request }));
            }
        });
        Self(sender)
    }

    async fn sign(self, request: SignRequest) -> Result<Vec<u8>, SignFailure> {
        let closed = || SignFailure::Other(Detail::new("the vault is closed"));
        let (reply, signature) = oneshot::channel();
        self.0.send((request, reply)).await.map_err(|_| closed())?;
        signature.await.map_err(|_| closed())?
    }
}
