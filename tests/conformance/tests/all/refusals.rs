//! A client of the user's own is given only what it can honour; all else is refused by its name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use azid_async::Flight;
use azid_core::effect::{
    HttpFailure, HttpReply, HttpRequest, HttpResponse, Refusal, Requirement, Roots, Thumbprint, Tls,
};
use azid_core::{Context, Credential, Outcome, Run};
use azid_tokio::HttpClient;

use crate::clock::VirtualClock;
use crate::drivers::{async_std_host, tokio_host, tokio_runtime, ureq_host};
use crate::requests::{get, reply};

fn demands() -> [(Tls, Requirement); 3] {
    let pin = Tls {
        pin: Some(Thumbprint([7; 20])),
        ..Tls::default()
    };
    let roots = Tls {
        roots: Roots::Exclusive("PEM".to_owned()),
        ..Tls::default()
    };
    let server_name = Tls {
        server_name: Some("other.example".to_owned()),
        ..Tls::default()
    };
    [
        (pin, Requirement::TlsPin),
        (roots, Requirement::ExclusiveRoots),
        (server_name, Requirement::ServerName),
    ]
}

/// Counts what reaches it, and has never heard of special proofs.
static REACHED: AtomicUsize = AtomicUsize::new(0);

struct Plain;

impl HttpClient for Plain {
    async fn send(&self, _: HttpRequest) -> HttpReply {
        REACHED.fetch_add(1, Ordering::SeqCst);
        Ok(HttpResponse::new(200, Vec::new()))
    }
}

/// Knows how to pin a certificate, and nothing else of the kind.
struct Pins;

impl HttpClient for Pins {
    async fn send(&self, _: HttpRequest) -> HttpReply {
        Ok(HttpResponse::new(200, Vec::new()))
    }

    fn honours(&self, requirement: Requirement) -> bool {
        requirement == Requirement::TlsPin
    }
}

fn by_tokio(
    client: impl HttpClient,
    credential: Arc<dyn Credential>,
    context: Context,
    clock: &VirtualClock,
) -> Outcome {
    let host = Arc::new(tokio_host(clock).http_client(client));
    tokio_runtime().block_on(Flight::new(host, Run::start(credential, context)))
}

fn by_async_std(
    client: impl HttpClient,
    credential: Arc<dyn Credential>,
    context: Context,
    clock: &VirtualClock,
) -> Outcome {
    let host = Arc::new(async_std_host(clock).http_client(client));
    async_std::task::block_on(Flight::new(host, Run::start(credential, context)))
}

#[test]
fn a_client_that_says_nothing_is_given_no_request_that_requires_a_special_proof() {
    for (tls, requirement) in demands() {
        let refused = HttpFailure::Refused(Refusal::Requirement(requirement));
        let refused = Err(refused);
        let request = || get("https://localhost:9/", &tls);
        let ureq = reply(
            |credential, context, clock| {
                let host = ureq_host(&clock).ureq_agent(ureq::Agent::new_with_defaults());
                azid_ureq::drive(&host, credential, context)
            },
            request(),
        );
        assert_eq!(ureq, refused);
        let tokio = reply(
            |one, two, clock| by_tokio(Plain, one, two, &clock),
            request(),
        );
        assert_eq!(tokio, refused);
        let async_std = reply(
            |one, two, clock| by_async_std(Plain, one, two, &clock),
            request(),
        );
        assert_eq!(async_std, refused);
    }
    assert_eq!(REACHED.load(Ordering::SeqCst), 0);
}

#[test]
fn a_client_is_given_what_it_says_that_it_honours_and_no_more() {
    for (tls, requirement) in demands() {
        let request = || get("https://localhost:9/", &tls);
        let expected = match requirement {
            Requirement::TlsPin => Ok(HttpResponse::new(200, Vec::new())),
            _ => Err(HttpFailure::Refused(Refusal::Requirement(requirement))),
        };
        let tokio = reply(
            |one, two, clock| by_tokio(Pins, one, two, &clock),
            request(),
        );
        assert_eq!(tokio, expected);
        let async_std = reply(
            |one, two, clock| by_async_std(Pins, one, two, &clock),
            request(),
        );
        assert_eq!(async_std, expected);
    }
}

#[test]
fn a_client_that_honours_one_of_two_requirements_is_given_no_request_with_both() {
    let [(pin, _), (roots, _), _] = demands();
    let both = Tls {
        roots: roots.roots,
        ..pin
    };
    let request = || get("https://localhost:9/", &both);
    let refused = HttpFailure::Refused(Refusal::Requirement(Requirement::ExclusiveRoots));
    let tokio = reply(
        |one, two, clock| by_tokio(Pins, one, two, &clock),
        request(),
    );
    assert_eq!(tokio, Err(refused));
}
