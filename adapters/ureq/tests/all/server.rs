//! A small server on a loopback port that records what it is asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A connection in clear or secured.
pub(crate) trait Stream: Read + Write {
    /// The connection below.
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

type Answer = dyn Fn(&str, &mut dyn Stream) -> io::Result<()> + Send + Sync;

/// It serves until the test ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Server {
    /// Answers requests in clear. A connection is served until `answer` fails or the client leaves.
    pub(crate) fn start(
        answer: impl Fn(&str, &mut dyn Stream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(None, Arc::new(answer))
    }

    /// Answers requests over TLS.
    pub(crate) fn start_secure(
        config: Arc<ServerConfig>,
        answer: impl Fn(&str, &mut dyn Stream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(config), Arc::new(answer))
    }

    /// Answers every request with these bytes.
    pub(crate) fn saying(answer: &'static [u8]) -> Self {
        Self::start(move |_, stream| stream.write_all(answer))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The requests that came, each with its head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("no server panics").clone()
    }

    fn serve(tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::<Seen>::default();
        let server = Self {
            address,
            seen: Arc::clone(&seen),
        };
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (tls, answer, seen) = (tls.clone(), Arc::clone(&answer), Arc::clone(&seen));
                thread::spawn(move || {
                    let _client_left = match tls {
                        None => converse(socket, &*answer, &seen),
                        Some(config) => ServerConnection::new(config)
                            .map_err(io::Error::other)
                            .map(|connection| StreamOwned::new(connection, socket))
                            .and_then(|stream| converse(stream, &*answer, &seen)),
                    };
                });
            }
        });
        server
    }
}

fn converse(mut stream: impl Stream, answer: &Answer, seen: &Seen) -> io::Result<()> {
    loop {
        let request = read_request(&mut stream)?;
        let mut requests = seen.requests.lock().expect("no server panics");
        requests.push(request.clone());
        drop(requests);
        answer(&request, &mut stream)?;
        stream.flush()?;
    }
}

/// Reads byte by byte, so that nothing is taken of what may follow the request.
pub(crate) fn read_request(stream: &mut dyn Stream) -> io::Result<String> {
    let mut request = Vec::new();
    let mut reader = BufReader::with_capacity(1, stream);
    while !request.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut request)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("the client counts"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.extend(body);
    Ok(String::from_utf8_lossy(&request).into_owned())
}

/// Waits until the client has left.
pub(crate) fn wait_for_client_to_leave(stream: &mut dyn Stream) -> io::Result<()> {
    while stream.read(&mut [0; 1024])? > 0 {}
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// A port of the loopback address at which nobody listens.
pub(crate) fn closed_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
