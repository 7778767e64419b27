//! The hosts of managed identities on a server: what a program is told on each, and the
//! certificates of those that have their own.

use super::certificate::{Authority, Shown, self_signed, thumbprint};
use super::door::{Door, Traffic};
use super::files::{Files, replace_private, write_private};
use super::key_files::KeyFiles;
use super::{EmulatorServer, guide, origin};
use crate::emulator::{Emulator, Entrance};
use crate::hosts::{AppService, AppService2017, AzureArc, CloudShell, HostKind};
use crate::hosts::{ServiceFabric, TokenProxy};
use ring::rand::{SecureRandom, SystemRandom};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The certificates of Service Fabric and of the token proxy.
pub(super) struct SecureHosts {
    service_fabric: Arc<Shown>,
    thumbprint: Mutex<String>,
    token_proxy: Arc<Shown>,
    token_proxy_ca: Mutex<String>,
    token_proxy_ca_file: PathBuf,
}

impl SecureHosts {
    pub(super) fn start(files: &Files) -> io::Result<SecureHosts> {
        let certificate = self_signed(&SERVICE_FABRIC_NAMES)?;
        let thumbprint = Mutex::new(thumbprint(&certificate));
        let authority = Authority::generate(TOKEN_PROXY_CA)?;
        let token_proxy_ca_file = files.directory().join("token-proxy-ca.pem");
        write_private(&token_proxy_ca_file, &authority.pem())?;
        Ok(SecureHosts {
            service_fabric: Shown::new(certificate, None),
            thumbprint,
            token_proxy: Shown::new(
                authority.issue(&[TokenProxy::SERVER_NAME])?,
                Some(TokenProxy::SERVER_NAME),
            ),
            token_proxy_ca: Mutex::new(authority.pem()),
            token_proxy_ca_file,
        })
    }

    pub(super) fn service_fabric(&self) -> io::Result<Arc<Door>> {
        let config = self.service_fabric.config()?;
        Ok(Door::new(Entrance::ServiceFabric, Some(config)))
    }

    pub(super) fn token_proxy(&self) -> io::Result<Arc<Door>> {
        let config = self.token_proxy.config()?;
        Ok(Door::new(Entrance::TokenProxy, Some(config)))
    }
}

/// Tells the Azure Arc agent where its keys go, and makes them impossible to guess.
pub(super) fn prepare_key_files(emulator: &mut Emulator, files: &Files) -> io::Result<KeyFiles> {
    let key_files = KeyFiles::create(&files.directory().join("azure-arc-tokens"))?;
    let mut seed = [0; 32];
    SystemRandom::new()
        .fill(&mut seed)
        .map_err(|_| io::Error::other("the system has no randomness"))?;
    let agent = &mut emulator.hosts_mut().azure_arc;
    agent.set_seed(&seed);
    agent.set_key_directory(&key_files.directory().display().to_string());
    Ok(key_files)
}

/// The hosts of managed identities.
impl EmulatorServer {
    /// The environment variables that a host of this kind sets for the programs on it, and no
    /// others. **Secrets are among the values.** They are those of now: some hosts change them.
    ///
    /// A virtual machine sets nothing; the one variable for it names the origin that stands in for
    /// the address 169.254.169.254.
    pub fn host_environment(&self, kind: HostKind) -> Vec<(&'static str, String)> {
        let here = |path: &str| self.http_origin() + path;
        match kind {
            HostKind::Imds => vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", self.http_origin())],
            HostKind::AppService => vec![
                ("IDENTITY_ENDPOINT", here(AppService::PATH)),
                ("IDENTITY_HEADER", self.app_service_header()),
            ],
            HostKind::AppService2017 => vec![
                ("MSI_ENDPOINT", here(AppService2017::PATH)),
                (
                    "MSI_SECRET",
                    self.ask(|it| it.hosts().app_service_2017.secret().to_owned()),
                ),
            ],
            HostKind::AzureMl => self.azure_ml_environment(),
            HostKind::CloudShell => vec![
                ("MSI_ENDPOINT", here(CloudShell::PATH)),
                ("AZUREPS_HOST_ENVIRONMENT", "cloud-shell/1.0".to_owned()),
            ],
            HostKind::AzureArc => vec![
                ("IDENTITY_ENDPOINT", here(AzureArc::PATH)),
                ("IMDS_ENDPOINT", self.http_origin()),
            ],
            HostKind::ServiceFabric => vec![
                (
                    "IDENTITY_ENDPOINT",
                    origin("https", "localhost", self.service_fabric.address) + ServiceFabric::PATH,
                ),
                (
                    "IDENTITY_HEADER",
                    self.ask(|it| it.hosts().service_fabric.secret().to_owned()),
                ),
                (
                    "IDENTITY_SERVER_THUMBPRINT",
                    self.service_fabric_thumbprint(),
                ),
                (
                    "IDENTITY_API_VERSION",
                    ServiceFabric::API_VERSION.to_owned(),
                ),
            ],
            HostKind::AksIdentityBinding => self.aks_environment(),
        }
    }

    /// [`EmulatorServer::host_environment`] for every kind of host, as shell commands in blocks.
    /// **Secrets are in the text.**
    pub fn host_guide(&self) -> String {
        let blocks = HostKind::ALL.map(|kind| guide::block(kind, &self.host_environment(kind)));
        blocks.join("\n")
    }

    /// The SHA-1 thumbprint that Service Fabric publishes for its certificate: 40 hexadecimal digits.
    pub fn service_fabric_thumbprint(&self) -> String {
        let thumbprint = self.secure_hosts.thumbprint.lock();
        thumbprint.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives Service Fabric another certificate and publishes its thumbprint.
    ///
    /// # Errors
    ///
    /// The certificate cannot be made.
    pub fn rotate_service_fabric_certificate(&self) -> io::Result<()> {
        let certificate = self_signed(&SERVICE_FABRIC_NAMES)?;
        let mut published = self
            .secure_hosts
            .thumbprint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *published = thumbprint(&certificate);
        self.secure_hosts.service_fabric.change(certificate);
        Ok(())
    }

    /// Puts an impostor in the place of Service Fabric: its certificate is another one, the published
    /// thumbprint stays.
    ///
    /// # Errors
    ///
    /// The certificate cannot be made.
    pub fn impersonate_service_fabric(&self) -> io::Result<()> {
        let certificate = self_signed(&SERVICE_FABRIC_NAMES)?;
        self.secure_hosts.service_fabric.change(certificate);
        Ok(())
    }

    /// The address of Service Fabric's listener.
    pub fn service_fabric_address(&self) -> SocketAddr {
        self.service_fabric.address
    }

    /// What came to Service Fabric, once every connection there has ended, or after ten seconds.
    /// `application_bytes` is 0 as long as no client has sent anything after its handshake.
    pub fn service_fabric_traffic(&self) -> Traffic {
        self.service_fabric.door.traffic_at_rest(PATIENCE)
    }

    /// The address of the token proxy's listener.
    pub fn token_proxy_address(&self) -> SocketAddr {
        self.token_proxy.address
    }

    /// What came to the token proxy, once every connection there has ended, or after ten seconds.
    pub fn token_proxy_traffic(&self) -> Traffic {
        self.token_proxy.door.traffic_at_rest(PATIENCE)
    }

    /// The certificate of the authority that signed the token proxy's, as PEM.
    pub fn token_proxy_ca_pem(&self) -> String {
        let pem = self.secure_hosts.token_proxy_ca.lock();
        pem.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file with [`EmulatorServer::token_proxy_ca_pem`] in it.
    pub fn token_proxy_ca_file(&self) -> &Path {
        &self.secure_hosts.token_proxy_ca_file
    }

    /// Gives the token proxy another authority and a certificate from it, and writes the file anew.
    ///
    /// # Errors
    ///
    /// A certificate cannot be made, or the file cannot be written.
    pub fn rotate_token_proxy_ca(&self) -> io::Result<()> {
        let hosts = &self.secure_hosts;
        let authority = Authority::generate(TOKEN_PROXY_CA)?;
        let certificate = authority.issue(&[TokenProxy::SERVER_NAME])?;
        let mut pem = hosts
            .token_proxy_ca
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *pem = authority.pem();
        replace_private(&hosts.token_proxy_ca_file, &pem)?;
        hosts.token_proxy.change(certificate);
        Ok(())
    }

    /// Leaves the file of the token proxy's authority empty, as it is for a moment while it is
    /// rotated; [`EmulatorServer::rotate_token_proxy_ca`] fills it again.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn empty_token_proxy_ca_file(&self) -> io::Result<()> {
        write_private(&self.secure_hosts.token_proxy_ca_file, "")
    }

    /// Where the Azure Arc agent's key files go: [`AzureArc::KEY_DIRECTORY`], the only directory that
    /// a client may accept, where this user can write to it; or else one among the server's files.
    pub fn azure_arc_key_directory(&self) -> &Path {
        self.shared.key_files.directory()
    }

    fn app_service_header(&self) -> String {
        self.ask(|it| it.hosts().app_service.header().to_owned())
    }

    fn azure_ml_environment(&self) -> Vec<(&'static str, String)> {
        let endpoint = self.http_origin() + AppService2017::AZURE_ML_PATH;
        self.ask(|emulator| {
            let host = &emulator.hosts().azure_ml;
            let identity = &host.identities.machine().system_assigned;
            let client_id = identity.as_ref().map(|it| it.client_id.clone());
            let mut variables = vec![
                ("MSI_ENDPOINT", endpoint),
                ("MSI_SECRET", host.secret().to_owned()),
            ];
            variables.extend(client_id.map(|it| ("DEFAULT_IDENTITY_CLIENT_ID", it)));
            variables
        })
    }

    /// What the webhook of workload identity sets, and what it adds for an identity binding.
    fn aks_environment(&self) -> Vec<(&'static str, String)> {
        const PLAIN: [&str; 4] = [
            "AZURE_AUTHORITY_HOST",
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
        ];
        let plain = self.environment.iter().cloned();
        let mut variables: Vec<_> = plain.filter(|(name, _)| PLAIN.contains(name)).collect();
        let proxy = origin("https", "localhost", self.token_proxy.address);
        variables.extend([
            (
                "AZURE_KUBERNETES_TOKEN_PROXY",
                proxy + TokenProxy::BASE_PATH,
            ),
            (
                "AZURE_KUBERNETES_SNI_NAME",
                TokenProxy::SERVER_NAME.to_owned(),
            ),
            (
                "AZURE_KUBERNETES_CA_FILE",
                self.token_proxy_ca_file().display().to_string(),
            ),
        ]);
        variables
    }

    fn ask<R>(&self, question: impl FnOnce(&Emulator) -> R) -> R {
        self.with_emulator(|emulator| question(emulator))
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const TOKEN_PROXY_CA: &str = "azid emulator token proxy CA";
const SERVICE_FABRIC_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];
