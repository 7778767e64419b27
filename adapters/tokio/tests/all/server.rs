//! A small HTTP server on a loopback port, in clear or by TLS, that counts what reaches it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A server that answers by the path:
///
/// * `/redirect` with a redirect to `/token`,
/// * `/large` with 1,000 bytes whose number it announces, `/chunked` without announcing it,
/// * `/announced` with the announcement of many bytes and none of them, `/endless` with a body that
///   has no end,
/// * `/slow` with half a body, and then nothing more,
/// * `/silent` not at all, `/cut` with a connection that ends,
/// * `/echo` with the body of the request,
/// * anything else with a token.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Server {
    pub(crate) async fn plain() -> Self {
        Self::start(None).await
    }

    pub(crate) async fn tls(acceptor: TlsAcceptor) -> Self {
        Self::start(Some(acceptor)).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let counts = Arc::new(Counts::default());
        tokio::spawn({
            let counts = counts.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(connection(stream, tls.clone(), counts.clone()));
                }
            }
        });
        Self { address, counts }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Connections that were made; with TLS, whose handshake succeeded.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, counts: Arc<Counts>) {
    // A client that goes away in the middle is what some of the tests are about.
    let _ = match tls {
        None => serve(stream, &counts).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => serve(stream, &counts).await,
            Err(error) => Err(error),
        },
    };
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, counts: &Counts) -> io::Result<()> {
    counts.connections.fetch_add(1, Ordering::SeqCst);
    loop {
        let (path, body) = read_request(&mut stream).await?;
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let large = "x".repeat(1000);
        let answer = match path.as_str() {
            "/redirect" => {
                "HTTP/1.1 302 Found\r\nlocation: /token\r\ncontent-length: 0\r\n\r\n".into()
            }
            "/large" => format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{large}"),
            "/chunked" => format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1f4\r\n{0}\r\n1f4\r\n{0}\r\n0\r\n\r\n",
                &large[..500],
            ),
            "/announced" => "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".into(),
            "/endless" => {
                let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                loop {
                    stream.write_all(b"5\r\nagain\r\n").await?;
                }
            }
            "/slow" => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345".into(),
            "/silent" => String::new(),
            "/cut" => return stream.shutdown().await,
            "/echo" => ok(&body),
            _ => ok(r#"{"access_token":"from-a-socket","expires_in":3600,"token_type":"Bearer"}"#),
        };
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
    }
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one request, and answers its target and its body.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let target = head.split(' ').nth(1).unwrap_or_default();
    Ok((
        target.to_owned(),
        String::from_utf8_lossy(&body).into_owned(),
    ))
}
