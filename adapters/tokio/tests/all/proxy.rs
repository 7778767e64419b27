//! Proxies of the environment are used, save for what must not be asked through one.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use azid_core::effect::{HttpFailure, HttpRequest, Requirements, Roots, Tls};
use azid_tokio::{Proxies, TokioHost};
use tokio::io::copy_bidirectional;
use tokio_rustls::TlsAcceptor;

use crate::fetch::{fetch, request, requirements};
use crate::process::{in_its_own_process, private_certificate, trusted_certificate};
use crate::server::Server;

/// A proxy that takes every host for this machine, and counts what it is asked.
struct Proxy {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let asked = Arc::new(AtomicUsize::new(0));
        thread::spawn({
            let asked = asked.clone();
            move || {
                for client in listener.incoming().flatten() {
                    asked.fetch_add(1, Ordering::SeqCst);
                    thread::spawn(|| tunnel(client));
                }
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn tunnel(mut client: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let port = head
        .strip_prefix("CONNECT login.example:")
        .and_then(|rest| rest.split(' ').next()?.parse::<u16>().ok());
    let Some(port) = port else {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    };
    let server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut upwards, mut server_writer) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut upwards, &mut server_writer);
        server_writer.shutdown(Shutdown::Both)
    });
    io::copy(&mut &server, &mut client).map(drop)
}

#[test]
fn a_server_is_asked_through_the_proxy_that_the_environment_names() {
    let proxy = Proxy::start();
    let name = "proxy::a_server_is_asked_through_the_proxy_that_the_environment_names";
    let was_elsewhere = in_its_own_process(name, &[("HTTPS_PROXY", &proxy.url)], async {
        let server = Server::tls(trusted_certificate("login.example")).await;
        let host = Arc::new(TokioHost::new());
        let url = format!("https://login.example:{}/", server.address.port());
        for _ in 0..3 {
            let answer = fetch(&host, request(&url)).await.expect("an answer");
            assert_eq!(answer.status, 200);
        }
        assert_eq!(server.connections(), 1, "the tunnel is used again");
    });
    assert_eq!(proxy.asked(), usize::from(was_elsewhere));
}

#[test]
fn what_is_on_this_machine_or_link_or_must_go_directly_does() {
    let proxy = Proxy::start();
    let name = "proxy::what_is_on_this_machine_or_link_or_must_go_directly_does";
    in_its_own_process(name, &[("ALL_PROXY", &proxy.url)], async {
        let server = Server::plain().await;
        let host = Arc::new(TokioHost::new());
        let answer = fetch(&host, request(&server.url("/")))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 200);
        // Nobody may be there, or the metadata service itself: only the proxy must not be asked.
        let brief = Requirements {
            timeout: Duration::from_millis(200),
            ..requirements()
        };
        let link_local = request("http://169.254.169.254/").requirements(brief.clone());
        let _ = fetch(&host, link_local).await;
        let directly = Requirements {
            no_proxy: true,
            ..brief
        };
        let no_proxy = request("http://no-such-host.invalid/").requirements(directly);
        fetch(&host, no_proxy)
            .await
            .expect_err("there is no such host");
    });
    assert_eq!(proxy.asked(), 0);
}

fn through(proxy: &str) -> Arc<TokioHost> {
    let proxies = Proxies::from_lookup(|name| (name == "all_proxy").then(|| proxy.to_owned()));
    Arc::new(TokioHost::new().proxies(proxies))
}

fn requiring(url: &str, tls: Tls) -> HttpRequest {
    request(url).requirements(Requirements {
        tls,
        ..Requirements::default()
    })
}

#[tokio::test]
async fn what_a_server_must_prove_it_must_prove_through_a_proxy_too() {
    let proxy = Proxy::start();
    let (certificate, root) = private_certificate("login.example");
    let server = Server::tls(certificate).await;
    let url = format!("https://login.example:{}/", server.address.port());
    let host = through(&proxy.url);
    let (_, other) = private_certificate("login.example");
    let only = |pem: String| Tls {
        roots: Roots::Exclusive(pem),
        ..Tls::default()
    };
    let failure = fetch(&host, requiring(&url, only(other))).await.err();
    assert!(matches!(failure, Some(HttpFailure::Tls(_))), "{failure:?}");
    assert_eq!(server.requests(), 0);
    let answer = fetch(&host, requiring(&url, only(root))).await;
    assert_eq!(answer.expect("an answer").status, 200);
    assert_eq!((proxy.asked(), server.requests()), (2, 1));
}

#[tokio::test]
async fn a_server_proves_itself_under_another_name_through_a_proxy_too() {
    let proxy = Proxy::start();
    let (certificate, root) = private_certificate("inside.example");
    let server = Server::tls(certificate).await;
    let url = format!("https://login.example:{}/", server.address.port());
    let host = through(&proxy.url);
    let named = |name: &str| Tls {
        server_name: Some(name.to_owned()),
        roots: Roots::Exclusive(root.clone()),
        ..Tls::default()
    };
    let failure = fetch(&host, requiring(&url, named("other.example"))).await;
    let failure = failure.expect_err("it is not that one");
    assert!(matches!(failure, HttpFailure::Tls(_)), "{failure:?}");
    assert_eq!(server.requests(), 0);
    let answer = fetch(&host, requiring(&url, named("inside.example"))).await;
    assert_eq!(answer.expect("an answer").status, 200);
}

/// The way to a proxy by TLS.
async fn over_tls(proxy: &Proxy, acceptor: TlsAcceptor) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
    let listener = listener.await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let address = proxy.url.replace("http://", "");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, address) = (acceptor.clone(), address.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await?;
                let mut proxy = tokio::net::TcpStream::connect(address).await?;
                copy_bidirectional(&mut client, &mut proxy).await
            });
        }
    });
    format!("https://localhost:{port}")
}

#[test]
fn a_proxy_spoken_to_by_tls_proves_itself_as_usual_whatever_the_server_must_prove() {
    let name =
        "proxy::a_proxy_spoken_to_by_tls_proves_itself_as_usual_whatever_the_server_must_prove";
    in_its_own_process(name, &[], async {
        let proxy = Proxy::start();
        let over_tls = over_tls(&proxy, trusted_certificate("localhost")).await;
        let (certificate, root) = private_certificate("login.example");
        let server = Server::tls(certificate).await;
        let url = format!("https://login.example:{}/", server.address.port());
        let host = through(&over_tls);
        let failure = fetch(&host, request(&url)).await;
        let failure = failure.expect_err("nobody trusts the server's root");
        assert!(matches!(failure, HttpFailure::Tls(_)), "{failure:?}");
        let private = Tls {
            roots: Roots::Exclusive(root),
            ..Tls::default()
        };
        let answer = fetch(&host, requiring(&url, private)).await;
        assert_eq!(answer.expect("an answer").status, 200);
        assert_eq!(proxy.asked(), 2);
    });
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_from_a_server_that_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    for proxy in [closed.as_str(), "proxy.invalid:3128"] {
        for url in ["https://server.invalid/", "http://server.invalid/"] {
            let host = through(&format!("http://us3r:c4nary@{proxy}"));
            let failure = fetch(&host, request(url)).await.expect_err("no proxy");
            assert!(matches!(failure, HttpFailure::Proxy(_)), "{failure}");
            let shown = failure.to_string();
            assert!(shown.contains(&format!("http://{proxy}")), "{shown}");
            assert!(
                !shown.contains("c4nary") && !shown.contains("us3r"),
                "{shown}"
            );
        }
    }
    let unusable = through("socks5://127.0.0.1:1");
    let failure = fetch(&unusable, request("https://server.invalid/")).await;
    let failure = failure.expect_err("it is no proxy that can be used");
    assert!(matches!(failure, HttpFailure::Unsendable(_)), "{failure}");
}
