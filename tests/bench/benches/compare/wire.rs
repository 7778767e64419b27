//! What a token costs a client that has it sent over a kept TLS connection: processor time, and
//! instructions and allocations.
//!
//! The server is a process of its own, and so is the client, whose `SSL_CERT_FILE` must be set
//! before it starts.

use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, SystemTime};

use azid_bench::count::{TIMES, Work, one_counted_subject};
use azid_bench::floor::{self, Token};
use azid_bench::{callgrind, world};
use azid_core::{Authority, ClientSecretCredential};
use cpu_time::ProcessTime;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio::runtime::Runtime;

use crate::rounds::{compare_by, contestant};

const SERVE: &str = "serve";
const CALL: &str = "call";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const PORT: &str = "port";

/// What azid's requests have, too.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// And so have they a limit on the answer.
const MOST: usize = 1024 * 1024;

/// Who gets tokens, by name.
const BLOCKING: [&str; 3] = ["ureq", "azid-ureq", "ureq, with a time limit"];
const ON_TOKIO: [&str; 3] = ["reqwest", "hyper", "azid-tokio"];

/// Starts the server, and clients one after the other.
pub fn cost_of_a_token() {
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
    let client = |who: &str| {
        let mut client = Command::new(&program);
        client
            .args([CALL.as_ref(), folder.as_os_str(), who.as_ref()])
            .env("SSL_CERT_FILE", folder.join(CERTIFICATE))
            .env("NO_PROXY", "localhost");
        client
    };
    let is_done = client("all").status().is_ok_and(|status| status.success());
    println!("\nthe same, counted\n  {:<34} instructions allocations", "");
    for who in BLOCKING.into_iter().chain(ON_TOKIO) {
        match callgrind::count(&client(who), "one_counted_subject").as_deref() {
            Ok([total]) => {
                let (instructions, allocations) = (total.instructions, total.allocations);
                let each = |total: u64| total / TIMES as u64;
                println!(
                    "  {who:<34} {:>12} {:>11}",
                    each(instructions),
                    each(allocations)
                );
            }
            other => println!("  {who:<34} {other:?}"),
        }
    }
    server.kill().expect("it runs until then");
    server.wait().expect("it is a child");
    fs::remove_dir_all(&folder).expect("the folder is ours");
    assert!(is_done);
}

/// Plays the part of one of the programs, if that is what the arguments ask for.
pub fn play(words: &[&str]) -> bool {
    match words {
        [SERVE, folder] => serve(Path::new(folder)),
        [CALL, folder, "all"] => call_all(Path::new(folder)),
        [CALL, folder, who] => {
            let mut work = contestant_of(who, Path::new(folder));
            work(TIMES);
            one_counted_subject(&mut *work);
        }
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

fn call_all(folder: &Path) {
    let cpu = |work: &mut dyn FnMut(usize), times| -> Duration {
        let start = ProcessTime::now();
        work(times);
        start.elapsed()
    };
    let title = "processor time of the client for a token over TLS on loopback";
    for (where_, names) in [("blocking", BLOCKING), ("on tokio", ON_TOKIO)] {
        let contestants = names.map(|who| contestant(who, contestant_of(who, folder)));
        compare_by(&format!("{title}, {where_}"), contestants.into(), cpu);
    }
}

fn contestant_of(who: &str, folder: &Path) -> Work {
    let port = fs::read_to_string(folder.join(PORT)).expect("the port is known by now");
    let base = format!("https://localhost:{port}");
    let url = format!("{base}/{}/oauth2/v2.0/token", world::TENANT);
    let credential = ClientSecretCredential::new(world::TENANT, world::CLIENT, world::SECRET)
        .expect("the credential is well-formed")
        .authority(Authority::new(&base).expect("it is a URL"));
    match who {
        "ureq" => by_ureq(agent(folder, None), url),
        "ureq, with a time limit" => by_ureq(agent(folder, Some(TIME_LIMIT)), url),
        "azid-ureq" => {
            let provider = azid_ureq::TokenProvider::new(credential);
            Box::new(move |times| {
                for _ in 0..times {
                    let token = provider.get_token(&[world::SCOPE]);
                    provider.invalidate(&token.expect("the server answers"));
                }
            })
        }
        "reqwest" => by_reqwest(folder, url),
        "hyper" => by_hyper(folder, url),
        "azid-tokio" => {
            let runtime = runtime();
            let provider = runtime.block_on(async { azid_tokio::TokenProvider::new(credential) });
            Box::new(move |times| {
                runtime.block_on(async {
                    for _ in 0..times {
                        let token = provider.get_token(&[world::SCOPE]).await;
                        provider.invalidate(&token.expect("the server answers"));
                    }
                });
            })
        }
        _ => panic!("there is no contestant {who:?}"),
    }
}

/// What those who do it by hand do with an answer: the token and the moment when it expires go into
/// a cache.
#[derive(Default)]
struct Kept(RwLock<HashMap<String, Arc<Token>>>);

impl Kept {
    fn keep(&self, answer: &[u8], sent: SystemTime) {
        let answer = floor::parse(answer);
        let token = Token {
            secret: answer.access_token,
            expires_on: sent + Duration::from_secs(answer.expires_in),
        };
        let mut kept = self.0.write().expect("no writer panics");
        black_box(kept.insert(world::SCOPE.to_owned(), Arc::new(token)));
    }
}

fn by_ureq(agent: ureq::Agent, url: String) -> Work {
    let kept = Kept::default();
    Box::new(move |times| {
        for _ in 0..times {
            let sent = SystemTime::now();
            let mut answer = agent
                .post(&url)
                .content_type("application/x-www-form-urlencoded")
                .send(floor::form())
                .expect("the server answers");
            let answer = answer.body_mut().with_config().limit(MOST as u64);
            kept.keep(&answer.read_to_vec().expect("it is short"), sent);
        }
    })
}

fn by_reqwest(folder: &Path, url: String) -> Work {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(roots(folder))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("by-hand/1.0")
        .no_proxy()
        .build()
        .expect("the configuration is usual");
    let (runtime, kept) = (runtime(), Kept::default());
    let get = async move || {
        let sent = SystemTime::now();
        let mut answer = client
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(floor::form())
            .timeout(TIME_LIMIT)
            .send()
            .await
            .expect("the server answers");
        assert!(answer.status().is_success());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.expect("it comes to its end") {
            assert!(chunk.len() <= MOST - body.len());
            body.extend_from_slice(&chunk);
        }
        kept.keep(&body, sent);
    };
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                get().await;
            }
        });
    })
}

/// The same without what reqwest puts on top of hyper.
fn by_hyper(folder: &Path, url: String) -> Work {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(roots(folder))
        .https_only()
        .enable_http1()
        .build();
    let client = legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(connector);
    let (runtime, kept) = (runtime(), Kept::default());
    let get = async move || {
        let sent = SystemTime::now();
        let request = Request::post(&*url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .header("user-agent", "by-hand/1.0")
            .body(Full::new(Bytes::from(floor::form())))
            .expect("the parts are well-formed");
        let body = async {
            let answer = client.request(request).await.expect("the server answers");
            assert!(answer.status().is_success());
            read(answer.into_body()).await
        };
        let body = tokio::time::timeout(TIME_LIMIT, body).await;
        kept.keep(&body.expect("it comes in time"), sent);
    };
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                get().await;
            }
        });
    })
}

async fn read(mut body: Incoming) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let chunk = frame.expect("it comes to its end").into_data();
        let chunk = chunk.expect("there are no fields after it");
        assert!(chunk.len() <= MOST - whole.len());
        whole.extend_from_slice(&chunk);
    }
    whole
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be had")
}

fn roots(folder: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join(CERTIFICATE)).expect("it is there"))
        .expect("it is a certificate");
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn agent(folder: &Path, time_limit: Option<Duration>) -> ureq::Agent {
    use ureq::tls::{Certificate, RootCerts, TlsConfig};
    let pem = fs::read(folder.join(CERTIFICATE)).expect("it is there");
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
