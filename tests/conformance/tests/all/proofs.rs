//! Servers that prove who they are in a special way, over real sockets, to every driver.

use azid_core::effect::{HttpFailure, HttpReply, Refusal, Requirement, Roots, Thumbprint, Tls};
use rustls::version::{TLS12, TLS13};

use crate::drivers::DRIVERS;
use crate::own_process::in_own_process;
use crate::requests::{get, replies, reply};
use crate::tls_server::{Authority, Shows, TlsServer};

fn assert_served(reply: &HttpReply, driver: &str) {
    let body = reply.as_ref().map(|response| response.body.expose());
    assert_eq!(body, Ok(&b"hi"[..]), "{driver}");
}

/// The server failed to prove who it is.
fn assert_unproven(reply: &HttpReply, driver: &str) {
    assert!(
        matches!(reply, Err(HttpFailure::Tls(_))),
        "{driver}: {reply:?}"
    );
}

fn also_named(tls: Tls, name: &str) -> Tls {
    Tls {
        server_name: Some(name.to_owned()),
        ..tls
    }
}

#[test]
fn a_pinned_certificate_is_good_enough_whoever_made_it_and_whenever() {
    let shows = Shows::self_signed();
    for version in [&TLS12, &TLS13] {
        let server = TlsServer::start_with(&shows, &[version]);
        for (driver, drive) in DRIVERS {
            assert_served(&reply(drive, get(&server.url(), &shows.pin())), driver);
        }
    }
}

#[test]
fn a_server_with_another_certificate_than_the_pinned_one_receives_not_one_byte() {
    let pinned = Shows::self_signed().pin();
    for version in [&TLS12, &TLS13] {
        for (driver, drive) in DRIVERS {
            let server = TlsServer::start_with(&Shows::self_signed(), &[version]);
            let reply = reply(drive, get(&server.url(), &pinned));
            let is_told = matches!(reply, Err(HttpFailure::UnusableRoots(_)));
            assert!(is_told, "{driver}: {reply:?}");
            let shown = reply.expect_err("nobody is asked").to_string();
            assert!(shown.contains("not the pinned one"), "{driver}: {shown}");
            assert_eq!(server.received_until_the_end(), "", "{driver}");
            assert_eq!(server.connections(), 1, "{driver}");
        }
    }
}

#[test]
fn a_server_that_shows_the_pinned_certificate_without_its_key_receives_not_one_byte() {
    let shows = Shows::self_signed();
    for version in [&TLS12, &TLS13] {
        for (driver, drive) in DRIVERS {
            let server = TlsServer::start_with(&shows.without_its_key(), &[version]);
            assert_unproven(&reply(drive, get(&server.url(), &shows.pin())), driver);
            assert_eq!(server.received_until_the_end(), "", "{driver}");
        }
    }
}

#[test]
fn a_pin_counts_alone_even_where_a_root_vouches_for_the_server() {
    let authority = Authority::new("private");
    let pin = Shows::self_signed().pin().pin;
    let both = Tls {
        pin,
        ..authority.only()
    };
    for (driver, drive) in DRIVERS {
        let server = TlsServer::start(&authority.vouches_for("localhost"));
        assert_unproven(&reply(drive, get(&server.url(), &both)), driver);
        assert_eq!(server.received_until_the_end(), "", "{driver}");
    }
}

#[test]
fn exclusive_roots_count_instead_of_the_systems_and_not_beside_them() {
    let name = "proofs::exclusive_roots_count_instead_of_the_systems_and_not_beside_them";
    in_own_process(name, |roots| {
        let (public, private) = (Authority::new("public"), Authority::new("private"));
        std::fs::write(roots, public.pem()).expect("the folder can be written to");
        for (driver, drive) in DRIVERS {
            for (authority, other, is_public) in
                [(&public, &private, true), (&private, &public, false)]
            {
                let server = TlsServer::start(&authority.vouches_for("localhost"));
                let ask = |tls| reply(drive, get(&server.url(), &tls));
                assert_unproven(&ask(other.only()), driver);
                assert_eq!(server.received_until_the_end(), "", "{driver}");
                assert_served(&ask(authority.only()), driver);
                match is_public {
                    true => assert_served(&ask(Tls::default()), driver),
                    false => assert_unproven(&ask(Tls::default()), driver),
                }
            }
        }
    });
}

#[test]
fn exclusive_roots_without_a_certificate_are_a_failure_and_nobody_is_asked() {
    let server = TlsServer::start(&Authority::new("any").vouches_for("localhost"));
    for (driver, drive) in DRIVERS {
        for text in ["", "garbage"] {
            let tls = Tls {
                roots: Roots::Exclusive(text.to_owned()),
                ..Tls::default()
            };
            let reply = reply(drive, get(&server.url(), &tls));
            assert_unproven(&reply, driver);
            let shown = reply.expect_err("it is unproven").to_string();
            assert!(shown.contains("holds no certificate"), "{driver}: {shown}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn another_server_name_is_sent_and_verified_while_the_url_says_whom_to_ask() {
    let authority = Authority::new("cluster");
    let inside = "tokens.cluster.internal";
    for (driver, drive) in DRIVERS {
        let server = TlsServer::start(&authority.vouches_for(inside));
        let tls = also_named(authority.only(), inside);
        assert_served(&reply(drive, get(&server.url(), &tls)), driver);
        assert_eq!(server.names(), [Some(inside.to_owned())], "{driver}");
        let asked = server.received();
        assert!(
            asked.starts_with("GET /a/path?and=query HTTP/1.1\r\n"),
            "{driver}: {asked}"
        );
        let hosts: Vec<_> = asked
            .lines()
            .filter_map(|line| {
                line.to_lowercase()
                    .strip_prefix("host: ")
                    .map(str::to_owned)
            })
            .collect();
        assert_eq!(hosts, [server.authority()], "{driver}: {asked}");
    }
}

#[test]
fn a_server_that_has_the_urls_name_but_not_the_required_one_receives_not_one_byte() {
    let authority = Authority::new("cluster");
    for (driver, drive) in DRIVERS {
        let server = TlsServer::start(&authority.vouches_for("localhost"));
        let tls = also_named(authority.only(), "tokens.cluster.internal");
        assert_unproven(&reply(drive, get(&server.url(), &tls)), driver);
        assert_eq!(server.received_until_the_end(), "", "{driver}");
    }
}

#[test]
fn the_required_name_is_never_whom_to_connect_to() {
    let authority = Authority::new("cluster");
    let server = TlsServer::start(&authority.vouches_for("localhost"));
    let elsewhere = server.url().replace("localhost", "nowhere.invalid");
    for (driver, drive) in DRIVERS {
        let tls = also_named(authority.only(), "localhost");
        let reply = reply(drive, get(&elsewhere, &tls));
        assert!(
            matches!(reply, Err(HttpFailure::Resolve(_))),
            "{driver}: {reply:?}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_server_name_that_cannot_be_one_is_a_failure_and_nobody_is_asked() {
    let authority = Authority::new("cluster");
    let server = TlsServer::start(&authority.vouches_for("localhost"));
    for (driver, drive) in DRIVERS {
        for name in ["", "two words", "127.0.0.1", "[::1]", "a.example:443"] {
            let tls = also_named(authority.only(), name);
            let reply = reply(drive, get(&server.url(), &tls));
            assert_unproven(&reply, driver);
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_connection_is_used_again_for_the_same_requirements_and_for_no_others() {
    let authority = Authority::new("private");
    let shows = authority.vouches_for("localhost");
    let ways = [
        shows.pin(),
        authority.only(),
        also_named(authority.only(), "localhost"),
    ];
    let strangers = [
        Shows::self_signed().pin(),
        Authority::new("other").only(),
        also_named(authority.only(), "other.example"),
        also_named(Authority::new("other").only(), "localhost"),
    ];
    for (driver, drive) in DRIVERS {
        let server = TlsServer::start(&shows);
        let of =
            |ways: &[Tls]| -> Vec<_> { ways.iter().map(|tls| get(&server.url(), tls)).collect() };
        let requests = [of(&ways), of(&strangers), of(&ways)].concat();
        let replies = replies(drive, requests);
        let (first, rest) = replies.split_at(ways.len());
        let (refused, last) = rest.split_at(strangers.len());
        first
            .iter()
            .chain(last)
            .for_each(|reply| assert_served(reply, driver));
        refused
            .iter()
            .for_each(|reply| assert_unproven(reply, driver));
        // Seven ways, seven connections: the first three are still good for the last three.
        assert_eq!(
            server.connections(),
            ways.len() + strangers.len(),
            "{driver}"
        );
    }
}

#[test]
fn no_driver_sends_in_clear_what_requires_a_proof() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("it is a socket");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let pin = Tls {
        pin: Some(Thumbprint([7; 20])),
        ..Tls::default()
    };
    for (tls, requirement) in [
        (pin, Requirement::TlsPin),
        (Authority::new("any").only(), Requirement::ExclusiveRoots),
        (
            also_named(Tls::default(), "a.example"),
            Requirement::ServerName,
        ),
    ] {
        for (driver, drive) in DRIVERS {
            let mut request = get(&url, &tls);
            request.requirements.plain_http = true;
            let refused = HttpFailure::Refused(Refusal::Requirement(requirement));
            assert_eq!(reply(drive, request), Err(refused), "{driver}");
        }
    }
    let asked = listener.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(asked, Err(std::io::ErrorKind::WouldBlock), "nobody came");
}
