//! A server that records what it learns of its clients, and the certificates that it shows.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use azid_core::effect::{Roots, Thumbprint, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

/// It serves until the test ends, and answers every request with `hi`.
pub(crate) struct TlsServer {
    port: u16,
    seen: Arc<Seen>,
    ended: Receiver<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    names: Mutex<Vec<Option<String>>>,
    bytes: Mutex<Vec<u8>>,
}

impl TlsServer {
    pub(crate) fn start(shows: &Shows) -> Self {
        Self::start_with(shows, rustls::ALL_VERSIONS)
    }

    pub(crate) fn start_with(
        shows: &Shows,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let config = shows.config(versions);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::<Seen>::default();
        let (end, ended) = channel();
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                for socket in listener.incoming().map_while(Result::ok) {
                    seen.connections.fetch_add(1, Ordering::SeqCst);
                    let (config, seen, end) = (Arc::clone(&config), Arc::clone(&seen), end.clone());
                    thread::spawn(move || converse(socket, config, &seen, &end));
                }
            }
        });
        Self { port, seen, ended }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/a/path?and=query", self.port)
    }

    pub(crate) fn authority(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// How many connections were made, whatever came of them.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Waits until a connection has ended, and answers all that was received so far, deciphered.
    pub(crate) fn received_until_the_end(&self) -> String {
        self.ended
            .recv_timeout(Duration::from_secs(20))
            .expect("the client leaves");
        self.received()
    }

    /// All that was received so far, deciphered.
    pub(crate) fn received(&self) -> String {
        let bytes = self.seen.bytes.lock().expect("no server panics");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The server name that each client sent, as far as handshakes were completed.
    pub(crate) fn names(&self) -> Vec<Option<String>> {
        self.seen.names.lock().expect("no server panics").clone()
    }
}

fn converse(socket: TcpStream, config: Arc<ServerConfig>, seen: &Seen, end: &Sender<()>) {
    let _client_left = serve(socket, config, seen);
    let _test_is_over = end.send(());
}

fn serve(mut socket: TcpStream, config: Arc<ServerConfig>, seen: &Seen) -> io::Result<()> {
    let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    let name = connection.server_name().map(str::to_owned);
    seen.names.lock().expect("no server panics").push(name);
    let mut stream = StreamOwned::new(connection, socket);
    loop {
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            seen.bytes.lock().expect("no server panics").extend(byte);
            asked.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")?;
        stream.flush()?;
    }
}

/// What a server shows of itself: a certificate, and a key that need not be its own.
pub(crate) struct Shows {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Shows {
    /// A certificate that nobody vouches for and that ended long ago.
    pub(crate) fn self_signed() -> Self {
        let mut params = CertificateParams::new(["somebody.else".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(1999, 1, 1);
        params.not_after = date_time_ymd(2000, 1, 1);
        let key = KeyPair::generate().expect("ring makes keys");
        let certificate = params.self_signed(&key).expect("the parameters are valid");
        Self {
            certificate: certificate.der().clone(),
            key,
        }
    }

    /// The same certificate with a key that does not belong to it.
    pub(crate) fn without_its_key(&self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            key: KeyPair::generate().expect("ring makes keys"),
        }
    }

    /// The requirement that a server shows this certificate.
    pub(crate) fn pin(&self) -> Tls {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.certificate);
        let thumbprint = digest.as_ref().try_into().expect("SHA-1 has 20 bytes");
        Tls {
            pin: Some(Thumbprint(thumbprint)),
            ..Tls::default()
        }
    }

    fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = provider.key_provider.load_private_key(key);
        let key = CertifiedKey::new(vec![self.certificate.clone()], key.expect("it is a key"));
        let shown: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(key));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("ring has what TLS needs")
            .with_no_client_auth()
            .with_cert_resolver(shown);
        Arc::new(config)
    }
}

/// Signs the certificates of servers.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no name is a bad one");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("ring makes keys");
        Self(CertifiedIssuer::self_signed(params, key).expect("the parameters are valid"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// The requirement that this authority, and no other, vouches for a server.
    pub(crate) fn only(&self) -> Tls {
        Tls {
            roots: Roots::Exclusive(self.pem()),
            ..Tls::default()
        }
    }

    /// What a server shows that has this name.
    pub(crate) fn vouches_for(&self, name: &str) -> Shows {
        let key = KeyPair::generate().expect("ring makes keys");
        let certificate = CertificateParams::new([name.to_owned()])
            .and_then(|params| params.signed_by(&key, &self.0))
            .expect("the name is valid");
        Shows {
            certificate: certificate.der().clone(),
            key,
        }
    }
}
