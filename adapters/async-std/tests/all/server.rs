//! A small HTTP server on a loopback port, on threads, that counts what reaches it.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A server that answers by the path:
///
/// * `/redirect` with a redirect to `/token`,
/// * `/announced` with the announcement of 1,000 bytes and none of them,
/// * `/silent` not at all,
/// * anything else with a token.
pub(crate) struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let counts = Arc::new(Counts::default());
        thread::spawn({
            let counts = counts.clone();
            move || {
                for stream in listener.incoming().flatten() {
                    let counts = counts.clone();
                    thread::spawn(move || serve(stream, &counts));
                }
            }
        });
        Self { address, counts }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, counts: &Counts) -> io::Result<()> {
    counts.connections.fetch_add(1, Ordering::SeqCst);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let token = r#"{"access_token":"from-a-socket","expires_in":"3600","token_type":"Bearer"}"#;
        let answer = match String::from_utf8_lossy(&head).split(' ').nth(1) {
            Some("/redirect") => {
                "HTTP/1.1 302 Found\r\nlocation: /token\r\ncontent-length: 0\r\n\r\n".into()
            }
            Some("/announced") => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".into(),
            Some("/silent") => String::new(),
            _ => format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{token}",
                token.len()
            ),
        };
        stream.write_all(answer.as_bytes())?;
    }
}
