//! Proxies: who is asked through one, and what they see.

use std::io;
use std::time::Duration;

use azid_core::effect::{HttpFailure, Requirements, Roots, Tls};
use azid_native::Proxies;
use azid_ureq::Host;

use crate::probe::{get, host, plain, send};
use crate::server::{Server, Stream, closed_port, read_request};
use crate::trust::{Authority, in_own_process};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// A host whose every request goes through this proxy, unless something speaks against it.
fn through(proxy: impl Into<String>) -> Host {
    let proxy = proxy.into();
    host().proxies(Proxies::from_lookup(|name| {
        (name == "all_proxy").then(|| proxy.clone())
    }))
}

/// A proxy that connects everybody to one and the same server in clear: itself.
fn proxy() -> Server {
    Server::start(|request, stream| match request.starts_with("CONNECT ") {
        true => stream.write_all(b"HTTP/1.1 200 Connected\r\nvia: me\r\n\r\n"),
        false => stream.write_all(OK),
    })
}

#[test]
fn a_proxy_tunnels_and_its_tunnel_is_used_again() {
    let proxy = proxy();
    let host = through(proxy.url(""));
    for _ in 0..3 {
        let response = send(&host, &get("http://server.invalid/path")).expect("it is connected");
        assert_eq!(response.body.expose(), b"hi");
    }
    let requests = proxy.requests();
    assert_eq!((requests.len(), proxy.connections()), (4, 1));
    assert!(
        requests[0].starts_with("CONNECT server.invalid:80 HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
    assert!(
        requests[1].starts_with("GET /path HTTP/1.1\r\n"),
        "{}",
        requests[1]
    );
}

#[test]
fn a_proxys_password_goes_to_the_proxy_and_no_further() {
    let proxy = proxy();
    let host = through(format!("http://user:p%40ss@{}", proxy.address));
    send(&host, &get("http://server.invalid/")).expect("it is connected");
    let requests = proxy.requests();
    let sent = "proxy-authorization: Basic dXNlcjpwQHNz\r\n";
    assert!(requests[0].contains(sent), "{}", requests[0]);
    assert!(
        !requests[1].to_lowercase().contains("authorization"),
        "{}",
        requests[1]
    );
}

#[test]
fn what_is_near_is_asked_directly() {
    let (proxy, server) = (proxy(), Server::saying(OK));
    let host = through(proxy.url(""));
    send(&host, &get(server.url("/"))).expect("it is asked directly");
    let port = server.address.port();
    send(&host, &get(format!("http://localhost:{port}/"))).expect("it is asked directly");
    let requirements = Requirements {
        timeout: Duration::from_millis(50),
        ..plain()
    };
    let link_local = get("http://169.254.169.254/metadata").requirements(requirements);
    let _whatever_there_is_on_this_link = send(&host, &link_local);
    assert_eq!((proxy.connections(), server.requests().len()), (0, 2));
}

#[test]
fn a_request_that_must_go_directly_does_not_even_use_a_tunnel_that_is_open() {
    let proxy = proxy();
    let host = through(proxy.url(""));
    send(&host, &get("http://server.invalid/")).expect("it is connected");
    let directly = get("http://server.invalid/").requirements(Requirements {
        no_proxy: true,
        ..plain()
    });
    let failure = send(&host, &directly).expect_err("the name is only known to the proxy");
    assert!(matches!(failure, HttpFailure::Resolve(_)), "{failure}");
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn an_agent_of_the_users_own_does_not_use_its_proxy_for_what_is_near() {
    let (proxy, server) = (proxy(), Server::saying(OK));
    let agent = ureq::Agent::config_builder()
        .proxy(Some(
            ureq::Proxy::new(&proxy.url("")).expect("the URL is valid"),
        ))
        .build()
        .new_agent();
    let host = host().ureq_agent(agent);
    send(&host, &get(server.url("/"))).expect("it is asked directly");
    assert_eq!((proxy.connections(), server.connections()), (0, 1));
    send(&host, &get("http://server.invalid/")).expect("it is connected");
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn a_proxy_that_will_not_connect_is_no_connection() {
    let answers: [&'static [u8]; 4] = [
        b"HTTP/1.1 407 Who are you?\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://login.corp\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
    ];
    for answer in answers {
        let proxy = Server::saying(answer);
        let reply = send(&through(proxy.url("")), &get("http://server.invalid/"));
        let failure = reply.expect_err("the proxy does not connect");
        assert!(matches!(failure, HttpFailure::Proxy(_)), "{failure}");
        if answer.starts_with(b"HTTP/1.1 407") {
            assert!(failure.to_string().contains("407"), "{failure}");
        }
    }
    let endless = Server::start(|_, stream| {
        loop {
            stream.write_all(b"x")?;
        }
    });
    let reply = send(&through(endless.url("")), &get("http://server.invalid/"));
    assert!(matches!(reply, Err(HttpFailure::Proxy(_))), "{reply:?}");
}

#[test]
fn a_proxy_that_is_not_there_is_told_from_a_server_that_is_not() {
    let closed = format!("127.0.0.1:{}", closed_port());
    let cutting = Server::start(|_, _| Err(io::ErrorKind::ConnectionAborted.into()));
    let cutting = cutting.address.to_string();
    for proxy in [closed.as_str(), "proxy.invalid:3128", cutting.as_str()] {
        let host = through(format!("http://us3r:c4nary@{proxy}"));
        let failure = send(&host, &get("http://server.invalid/")).expect_err("no proxy");
        assert!(matches!(failure, HttpFailure::Proxy(_)), "{failure}");
        let shown = failure.to_string();
        assert!(shown.contains(&format!("http://{proxy}")), "{shown}");
        assert!(
            !shown.contains("c4nary") && !shown.contains("us3r"),
            "{shown}"
        );
    }
    let unusable = through("socks5://127.0.0.1:1");
    let failure = send(&unusable, &get("http://server.invalid/")).expect_err("no proxy");
    assert!(failure.to_string().contains("all_proxy"), "{failure}");
}

#[test]
fn a_server_behind_a_proxy_proves_its_own_name() {
    in_own_process(
        "proxies::a_server_behind_a_proxy_proves_its_own_name",
        |authority| {
            for (name, is_trusted) in [("login.invalid", true), ("other.invalid", false)] {
                let server = Server::start_secure(authority.vouches_for(name), |_, stream| {
                    stream.write_all(OK)
                });
                let address = server.address;
                let proxy = Server::start(move |request, stream| {
                    assert!(
                        request.starts_with("CONNECT login.invalid:443 "),
                        "{request}"
                    );
                    stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
                    relay(stream, address)
                });
                let request = get("https://login.invalid/").requirements(Requirements::default());
                let reply = send(&through(proxy.url("")), &request);
                assert_eq!(reply.is_ok(), is_trusted, "{reply:?}");
                assert_eq!(server.requests().len(), usize::from(is_trusted));
            }
        },
    );
}

#[test]
fn what_a_server_must_prove_it_must_prove_through_a_proxy_that_knows_only_the_url() {
    let private = Authority::new("private");
    let inside = "tokens.cluster.internal";
    for (vouching, is_trusted) in [(&private, true), (&Authority::new("other"), false)] {
        let server = Server::start_secure(vouching.vouches_for(inside), |_, stream| {
            stream.write_all(OK)
        });
        let address = server.address;
        let proxy = Server::start(move |request, stream| {
            assert!(
                request.starts_with("CONNECT login.invalid:443 "),
                "{request}"
            );
            stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
            relay(stream, address)
        });
        let request = get("https://login.invalid/").requirements(Requirements {
            tls: Tls {
                roots: Roots::Exclusive(private.pem()),
                server_name: Some(inside.to_owned()),
                ..Tls::default()
            },
            ..Requirements::default()
        });
        let reply = send(&through(proxy.url("")), &request);
        assert_eq!(reply.is_ok(), is_trusted, "{reply:?}");
        assert_eq!(server.requests().len(), usize::from(is_trusted));
    }
}

#[test]
fn a_proxy_may_itself_be_asked_over_tls() {
    in_own_process(
        "proxies::a_proxy_may_itself_be_asked_over_tls",
        |authority| {
            let proxy = Server::start_secure(authority.vouches_for("localhost"), |_, stream| {
                stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
                stream.flush()?;
                read_request(stream)?;
                stream.write_all(OK)
            });
            let host = through(format!("https://localhost:{}", proxy.address.port()));
            let response = send(&host, &get("http://server.invalid/")).expect("it is connected");
            assert_eq!(response.body.expose(), b"hi");
        },
    );
}

/// Carries bytes to and fro until either side leaves.
fn relay(client: &mut dyn Stream, server: std::net::SocketAddr) -> io::Result<()> {
    let mut from_client = client.socket().try_clone()?;
    let mut to_server = std::net::TcpStream::connect(server)?;
    let (mut from_server, mut to_client) = (to_server.try_clone()?, from_client.try_clone()?);
    std::thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    io::copy(&mut from_server, &mut to_client)?;
    Err(io::ErrorKind::UnexpectedEof.into())
}
