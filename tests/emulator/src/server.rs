//! Puts an [`Emulator`] on loopback sockets: http for the metadata endpoints, https for Entra.
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
mod files;
mod guide;
mod options;
mod reader;
mod stream;
mod writer;

use crate::emulator::Emulator;
use crate::fault::Fault;
use crate::record::RequestRecord;
use certificate::Certificates;
pub use clock::Clock;
use closing::Closing;
use connection::Door;
use files::Files;
pub use options::ServerOptions;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(86_400);

/// An emulator that listens on 127.0.0.1 until it is dropped.
pub struct EmulatorServer {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    http: SocketAddr,
    https: SocketAddr,
    ca_pem: String,
    files: Files,
    environment: Vec<(&'static str, String)>,
}

/// What the threads of one server share.
struct Shared {
    emulator: Mutex<Emulator>,
    options: ServerOptions,
    closing: Closing,
    connections: AtomicU64,
    handshakes: AtomicU64,
}

impl EmulatorServer {
    /// Binds both ports, makes a certificate authority and a server certificate for `localhost` and
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
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, options.http_port))?;
        let tls = TcpListener::bind((Ipv4Addr::LOCALHOST, options.https_port))?;
        let (http, https) = (plain.local_addr()?, tls.local_addr()?);
        let certificates = Certificates::generate()?;
        let origins = [
            origin("http", "127.0.0.1", http),
            origin("https", "localhost", https),
        ];
        emulator.set_authority(&origins[1]);

        let now = options.clock.now();
        let token = guide::federated_token(emulator.entra().directory(), now);
        let files = Files::write(&options, &certificates.ca_pem, token.as_deref())?;
        credentials::write_client_certificate(&files, &emulator)?;
        let environment = guide::environment(emulator.entra().directory(), now, &origins, &files);
        let shared = Arc::new(Shared {
            emulator: Mutex::new(emulator),
            options,
            closing: Closing::default(),
            connections: AtomicU64::new(0),
            handshakes: AtomicU64::new(0),
        });
        let mut server = EmulatorServer {
            shared,
            threads: Vec::new(),
            http,
            https,
            ca_pem: certificates.ca_pem,
            files,
            environment,
        };
        server.listen("http", plain, Door::Plain)?;
        server.listen("https", tls, Door::Tls(certificates.config))?;
        Ok(server)
    }

    /// Where the metadata endpoints are: `http://127.0.0.1:PORT`.
    pub fn http_origin(&self) -> String {
        origin("http", "127.0.0.1", self.http)
    }

    /// Where Entra is: `https://localhost:PORT`.
    pub fn https_origin(&self) -> String {
        origin("https", "localhost", self.https)
    }

    /// The address of the http listener.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// The address of the https listener.
    pub fn https_address(&self) -> SocketAddr {
        self.https
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

    /// How many TCP connections were accepted, on both ports together.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many TLS handshakes were completed.
    pub fn handshakes(&self) -> u64 {
        self.shared.handshakes.load(Ordering::SeqCst)
    }

    fn listen(&mut self, name: &str, listener: TcpListener, door: Door) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name(format!("emulator {name}"))
            .spawn(move || accept(&listener, &door, &shared))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for EmulatorServer {
    fn drop(&mut self) {
        self.shared.closing.close();
        for (thread, address) in self.threads.drain(..).zip([self.http, self.https]) {
            // A listener only sees that it shall end when a connection wakes it.
            let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for EmulatorServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorServer")
            .field("http", &self.http)
            .field("https", &self.https)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// A panic elsewhere leaves the models as usable as they were.
    fn emulator(&self) -> MutexGuard<'_, Emulator> {
        self.emulator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts until the server closes, then waits for the connections' threads.
fn accept(listener: &TcpListener, door: &Door, shared: &Shared) {
    /// How long to leave a listener alone that has run out of file descriptors.
    const EXHAUSTED: Duration = Duration::from_millis(20);
    thread::scope(|scope| {
        loop {
            let accepted = listener.accept();
            if shared.closing.is_closed() {
                break;
            }
            let Ok((socket, _)) = accepted else {
                shared.closing.wait(EXHAUSTED);
                continue;
            };
            shared.connections.fetch_add(1, Ordering::SeqCst);
            let Some(pass) = shared.closing.admit(&socket) else {
                continue;
            };
            let serve = move || {
                let _pass = pass;
                connection::serve(socket, door, shared);
            };
            // Without a thread to be had, the connection closes unanswered.
            let _ = thread::Builder::new().spawn_scoped(scope, serve);
        }
    });
}

fn origin(scheme: &str, host: &str, address: SocketAddr) -> String {
    format!("{scheme}://{host}:{}", address.port())
}
