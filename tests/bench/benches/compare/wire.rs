//! What a token costs the processor of a client that has it sent over a kept TLS connection.
//!
//! The server is a process of its own, and so is the client, whose `SSL_CERT_FILE` must be set
//! before it starts.

use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use azid_bench::{floor, world};
use azid_core::{Authority, ClientSecretCredential};
use cpu_time::ProcessTime;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::rounds::{compare_by, contestant};

const SERVE: &str = "serve";
const CALL: &str = "call";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const PORT: &str = "port";

/// What azid's requests have, too.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Starts both programs and waits until the client is done.
pub fn cpu_per_token() {
    let folder = std::env::temp_dir().join(format!("azid-wire-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("there is a folder for temporary files");
    let certificate = rcgen::generate_simple_self_signed([String::from("localhost")])
        .expect("rcgen makes certificates of that kind");
    fs::write(folder.join(CERTIFICATE), certificate.cert.pem()).expect("the folder is ours");
    fs::write(folder.join(KEY), certificate.signing_key.serialize_pem()).expect("so is this");
    let program = std::env::current_exe().expect("this program has a file");
    let mut server = Command::new(&program)
        .args([SERVE.as_ref(), folder.as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program runs");
    let mut port = String::new();
    let said = server.stdout.take().expect("it is piped");
    BufReader::new(said)
        .read_line(&mut port)
        .expect("it says its port");
    fs::write(folder.join(PORT), port.trim()).expect("the folder is ours");
    let client = Command::new(&program)
        .args([CALL.as_ref(), folder.as_os_str()])
        .env("SSL_CERT_FILE", folder.join(CERTIFICATE))
        .env_remove("SSL_CERT_DIR")
        .env("NO_PROXY", "localhost")
        .status();
    server.kill().expect("it runs until then");
    server.wait().expect("it is a child");
    fs::remove_dir_all(&folder).expect("the folder is ours");
    assert!(client.expect("this program runs").success());
}

/// Plays the part of one of the programs, if that is what the arguments ask for.
pub fn play(role: &str, folder: &str) -> bool {
    let folder = Path::new(folder);
    match role {
        SERVE => serve(folder),
        CALL => call(folder),
        _ => return false,
    }
    true
}

fn serve(folder: &Path) {
    let chain = vec![CertificateDer::from_pem_file(folder.join(CERTIFICATE)).expect("it is there")];
    let key = PrivateKeyDer::from_pem_file(folder.join(KEY)).expect("it is there");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback is there");
    println!("{}", listener.local_addr().expect("it is bound").port());
    let answer = Arc::new(world::answer());
    for stream in listener.incoming() {
        let (config, answer) = (Arc::clone(&config), Arc::clone(&answer));
        thread::spawn(move || {
            let _ = stream.and_then(|stream| answer_all(stream, config, &answer)); // or it has gone
        });
    }
}

/// Answers every request of a connection with the token.
fn answer_all(stream: TcpStream, config: Arc<ServerConfig>, answer: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    loop {
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let field = line.to_ascii_lowercase();
            if let Some(value) = field.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        stream.read_exact(&mut vec![0; length])?;
        let response = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        stream.get_mut().write_all(response.as_bytes())?;
        stream.get_mut().flush()?;
    }
}

fn call(folder: &Path) {
    let port = fs::read_to_string(folder.join(PORT)).expect("the port is known by now");
    let base = format!("https://localhost:{port}");
    let url = format!("{base}/{}/oauth2/v2.0/token", world::TENANT);
    let credential = || {
        let authority = Authority::new(&base).expect("it is a URL");
        ClientSecretCredential::new(world::TENANT, world::CLIENT, world::SECRET)
            .expect("the credential is well-formed")
            .authority(authority)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be had");
    let roots = roots(&folder.join(CERTIFICATE));
    let limited = agent(&folder.join(CERTIFICATE), Some(TIME_LIMIT));
    let agent = agent(&folder.join(CERTIFICATE), None);
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(roots)
        .no_proxy()
        .build()
        .expect("the configuration is usual");
    let on_ureq = azid_ureq::TokenProvider::new(credential());
    let on_tokio = runtime.block_on(async { azid_tokio::TokenProvider::new(credential()) });

    let cpu = |work: &mut dyn FnMut(usize), times| -> Duration {
        let start = ProcessTime::now();
        work(times);
        start.elapsed()
    };
    compare_by(
        "processor time of the client for a token over TLS on loopback, blocking",
        vec![
            contestant("ureq, encode and parse by hand", |times| {
                (0..times).for_each(|_| post(&agent, &url));
            }),
            contestant("azid-ureq", |times| {
                for _ in 0..times {
                    let token = on_ureq.get_token(&[world::SCOPE]);
                    on_ureq.invalidate(&token.expect("the server answers"));
                }
            }),
            contestant("ureq by hand, with a time limit", |times| {
                (0..times).for_each(|_| post(&limited, &url));
            }),
        ],
        cpu,
    );
    compare_by(
        "the same on tokio",
        vec![
            contestant("reqwest, encode and parse by hand", |times| {
                runtime.block_on(async {
                    for _ in 0..times {
                        let answer = client
                            .post(&url)
                            .header("content-type", "application/x-www-form-urlencoded")
                            .body(floor::form())
                            .timeout(TIME_LIMIT)
                            .send()
                            .await
                            .expect("the server answers");
                        let answer = answer.bytes().await.expect("it is short");
                        black_box(floor::parse(&answer));
                    }
                });
            }),
            contestant("azid-tokio", |times| {
                runtime.block_on(async {
                    for _ in 0..times {
                        let token = on_tokio.get_token(&[world::SCOPE]).await;
                        on_tokio.invalidate(&token.expect("the server answers"));
                    }
                });
            }),
        ],
        cpu,
    );
}

fn roots(certificate: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).expect("it is there"))
        .expect("it is a certificate");
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn post(agent: &ureq::Agent, url: &str) {
    let mut answer = agent
        .post(url)
        .content_type("application/x-www-form-urlencoded")
        .send(floor::form())
        .expect("the server answers");
    let answer = answer.body_mut().read_to_vec().expect("it is short");
    black_box(floor::parse(&answer));
}

fn agent(certificate: &Path, time_limit: Option<Duration>) -> ureq::Agent {
    use ureq::tls::{Certificate, RootCerts, TlsConfig};
    let pem = fs::read(certificate).expect("it is there");
    let root = Certificate::from_pem(&pem).expect("it is a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[root]))
        .unversioned_rustls_crypto_provider(provider)
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_global(time_limit)
        .build()
        .into()
}
