//! A client made of nothing but a socket, so that a scenario says every byte.

use crate::support::{KEYS, NOW, emulator};
use azid_emulator::{Clock, EmulatorServer, HostKind, ServerOptions};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, StreamOwned, WantsVerifier,
};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Long enough for any machine; a scenario that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

pub(crate) fn options() -> ServerOptions {
    LazyLock::force(&KEYS);
    ServerOptions {
        clock: Clock::new(|| NOW),
        ..ServerOptions::default()
    }
}

pub(crate) fn server() -> EmulatorServer {
    EmulatorServer::start(emulator(), options()).expect("free ports")
}

pub(crate) fn connect(server: &EmulatorServer) -> Client<TcpStream> {
    let socket = TcpStream::connect(server.http_address()).expect("a listener");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a positive time");
    Client {
        stream: socket,
        unread: Vec::new(),
    }
}

pub(crate) fn connect_tls(server: &EmulatorServer) -> Client<TlsStream> {
    let config = trusting(server.ca_pem());
    connect_tls_to(server.https_address(), config, "localhost")
}

/// Trusts this authority alone.
pub(crate) fn trusting(ca_pem: &str) -> ClientConfig {
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(ca).expect("a usable certificate");
    tls_builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub(crate) fn tls_builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider's own versions")
}

/// Asks for `name` in the handshake, which the first byte sent begins.
pub(crate) fn connect_tls_to(
    address: SocketAddr,
    config: ClientConfig,
    name: &'static str,
) -> Client<TlsStream> {
    let name = ServerName::try_from(name).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let socket = TcpStream::connect(address).expect("a listener");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a positive time");
    Client {
        stream: StreamOwned::new(connection, socket),
        unread: Vec::new(),
    }
}

/// A variable of a host's environment.
pub(crate) fn variable(server: &EmulatorServer, kind: HostKind, name: &str) -> String {
    let variables = server.host_environment(kind);
    let found = variables.into_iter().find(|(it, _)| *it == name);
    found.expect("a variable of this name").1
}

/// The path behind the authority of a URL.
pub(crate) fn path_of(url: &str) -> String {
    let uri: http::Uri = url.parse().expect("a URL");
    uri.path().to_owned()
}

/// One connection.
pub(crate) struct Client<S> {
    pub(crate) stream: S,
    unread: Vec<u8>,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .expect("an open connection");
        self.stream.flush().expect("an open connection");
    }

    /// Reads one answer; an error where the connection ends before it does.
    pub(crate) fn receive(&mut self) -> io::Result<Answer> {
        let head_length = loop {
            if let Some(end) = self
                .unread
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n")
            {
                break end + 4;
            }
            self.read_more()?;
        };
        let head: Vec<u8> = self.unread.drain(..head_length).collect();
        let head = String::from_utf8(head).expect("an ASCII head");
        let status = head
            .split(' ')
            .nth(1)
            .expect("a status line")
            .parse()
            .expect("a number");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
        while self.unread.len() < length {
            self.read_more()?;
        }
        Ok(Answer {
            status,
            head,
            body: self.unread.drain(..length).collect(),
        })
    }

    pub(crate) fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Answer {
        self.send(bytes);
        self.receive().expect("a whole answer")
    }

    /// Everything until the connection ends, in order or not.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.unread);
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("it stays open"),
            _ => rest,
        }
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut piece = [0; 1_024];
        match self.stream.read(&mut piece)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.unread.extend_from_slice(&piece[..length]);
                Ok(())
            }
        }
    }
}
