//! Puts an [`Emulator`] on loopback sockets: http for the metadata endpoints and the hosts of managed
//! identities, https for Entra, and a door of their own for Service Fabric and the token proxy.
//!
//! ```text
//! listener thread ──► one thread for each connection ──► read, ask the emulator, act out the reply
//! ```
//!
//! There is no timer and no polling: threads block on their sockets, and dropping the server shuts
//! the sockets down, which ends every thread before the drop returns.

mod certificate;
mod clock;
mod closing;
mod connection;
mod credentials;
mod door;
mod files;
mod guide;
mod hosts;
mod key_files;
mod listener;
mod options;
mod people;
mod reader;
mod stream;
mod writer;

use crate::emulator::{Emulator, Entrance};
use crate::fault::Fault;
use crate::record::RequestRecord;
use certificate::{Authority, Shown};
pub use clock::Clock;
use closing::Closing;
use door::Door;
pub use door::Traffic;
use files::Files;
use hosts::SecureHosts;
use key_files::KeyFiles;
use listener::Listener;
pub use options::ServerOptions;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(86_400);

/// An emulator that listens on 127.0.0.1 until it is dropped.
pub struct EmulatorServer {
    shared: Arc<Shared>,
    http: Listener,
    https: Listener,
    service_fabric: Listener,
    token_proxy: Listener,
    secure_hosts: SecureHosts,
    ca_pem: String,
    files: Files,
    environment: Vec<(&'static str, String)>,
}

/// What the threads of one server share.
struct Shared {
    emulator: Mutex<Emulator>,
    options: ServerOptions,
    closing: Closing,
    key_files: KeyFiles,
}

impl EmulatorServer {
    /// Binds its ports, makes a certificate authority and a server certificate for `localhost` and
    /// `127.0.0.1`, writes the authority's certificate, a federated token and the client's
    /// certificate to files, and serves.
    ///
    /// The emulator's authority becomes [`EmulatorServer::https_origin`].
    ///
    /// # Errors
    ///
    /// A port is taken, the files cannot be written, or a thread cannot be started.
    pub fn start(mut emulator: Emulator, mut options: ServerOptions) -> io::Result<EmulatorServer> {
        options.read_timeout = options
            .read_timeout
            .clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        let authority = Authority::generate("azid emulator CA")?;
        let shown = Shown::new(authority.issue(&["localhost", "127.0.0.1"])?, None);
        let ca_pem = authority.pem();
        let http = Listener::bind(options.http_port, Door::new(Entrance::Shared, None))?;
        let https = Listener::bind(
            options.https_port,
            Door::new(Entrance::Shared, Some(shown.config()?)),
        )?;
        let origins = [
            origin("http", "127.0.0.1", http.address),
            origin("https", "localhost", https.address),
        ];
        emulator.set_authority(&origins[1]);

        let now = options.clock.now();
        let token = guide::federated_token(emulator.entra().directory(), now);
        let files = Files::write(&options, &ca_pem, token.as_deref())?;
        credentials::write_client_certificate(&files, &emulator)?;
        credentials::write_user_token(&files, &mut emulator, now)?;
        let environment = guide::environment(emulator.entra().directory(), now, &origins, &files);
        let secure_hosts = SecureHosts::start(&files)?;
        let key_files = hosts::prepare_key_files(&mut emulator, &files)?;
        let service_fabric =
            Listener::bind(options.service_fabric_port, secure_hosts.service_fabric()?)?;
        let token_proxy = Listener::bind(options.token_proxy_port, secure_hosts.token_proxy()?)?;
        let shared = Arc::new(Shared {
            emulator: Mutex::new(emulator),
            options,
            closing: Closing::default(),
            key_files,
        });
        let mut server = EmulatorServer {
            shared,
            http,
            https,
            service_fabric,
            token_proxy,
            secure_hosts,
            ca_pem,
            files,
            environment,
        };
        let shared = Arc::clone(&server.shared);
        for listener in server.listeners_mut() {
            listener.serve(&shared)?;
        }
        Ok(server)
    }

    /// Where the metadata endpoints are: `http://127.0.0.1:PORT`.
    pub fn http_origin(&self) -> String {
        origin("http", "127.0.0.1", self.http.address)
    }

    /// Where Entra is: `https://localhost:PORT`.
    pub fn https_origin(&self) -> String {
        origin("https", "localhost", self.https.address)
    }

    /// The address of the http listener.
    pub fn http_address(&self) -> SocketAddr {
        self.http.address
    }

    /// The address of the https listener.
    pub fn https_address(&self) -> SocketAddr {
        self.https.address
    }

    /// The certificate of the authority that signed the server's, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file with [`EmulatorServer::ca_pem`] in it, for `SSL_CERT_FILE` and its kin.
    pub fn ca_file(&self) -> &Path {
        self.files.ca()
    }

    /// The file with a token of the first federated credential in the directory, valid for a day.
    pub fn federated_token_file(&self) -> Option<&Path> {
        self.files.token()
    }

    /// The environment variables that point a program at this server, with the identifiers and the
    /// secret of the first application in the directory. **The secret is among the values.**
    pub fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// Changes or looks at the emulator between two requests.
    pub fn with_emulator<R>(&self, act: impl FnOnce(&mut Emulator) -> R) -> R {
        act(&mut self.shared.emulator())
    }

    /// See [`Emulator::inject`].
    pub fn inject(&self, path_part: &str, times: u32, fault: Fault) {
        self.with_emulator(|emulator| emulator.inject(path_part, times, fault));
    }

    /// See [`Emulator::requests`].
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.with_emulator(|emulator| emulator.requests().cloned().collect())
    }

    /// How many TCP connections were accepted, on all ports together.
    pub fn connections(&self) -> u64 {
        let traffic = self.listeners().map(|it| it.door.traffic().connections);
        traffic.into_iter().sum()
    }

    /// How many TLS handshakes were completed, on all ports together.
    pub fn handshakes(&self) -> u64 {
        let traffic = self.listeners().map(|it| it.door.traffic().handshakes);
        traffic.into_iter().sum()
    }

    fn listeners(&self) -> [&Listener; 4] {
        [
            &self.http,
            &self.https,
            &self.service_fabric,
            &self.token_proxy,
        ]
    }

    fn listeners_mut(&mut self) -> [&mut Listener; 4] {
        [
            &mut self.http,
            &mut self.https,
            &mut self.service_fabric,
            &mut self.token_proxy,
        ]
    }
}

impl Drop for EmulatorServer {
    fn drop(&mut self) {
        self.shared.closing.close();
        for listener in self.listeners_mut() {
            listener.join();
        }
    }
}

impl fmt::Debug for EmulatorServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorServer")
            .field("http", &self.http.address)
            .field("https", &self.https.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// A panic elsewhere leaves the models as usable as they were.
    fn emulator(&self) -> MutexGuard<'_, Emulator> {
        self.emulator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn origin(scheme: &str, host: &str, address: SocketAddr) -> String {
    format!("{scheme}://{host}:{}", address.port())
}
