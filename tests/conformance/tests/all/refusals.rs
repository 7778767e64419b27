//! A requirement that a driver cannot honour is refused by its name, whoever the driver is.

use std::sync::Arc;

use azid_core::effect::{
    HttpFailure, HttpRequest, Refusal, Requirement, Requirements, Roots, Thumbprint, Tls,
};
use azid_core::{
    AccessToken, Cause, Context, Credential, Identity, Next, Seed, TokenRequest, done, http,
};

use crate::clock::VirtualClock;
use crate::drivers::DRIVERS;

/// Asks a server that is to prove who it is in a special way.
#[derive(Debug)]
struct Demanding(Tls);

impl Credential for Demanding {
    fn name(&self) -> &'static str {
        "Demanding"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).finish()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        let requirements = Requirements {
            tls: self.0.clone(),
            ..Requirements::default()
        };
        let url = "https://localhost:9/".parse().expect("it is a URL");
        let request = HttpRequest::get(url).requirements(requirements);
        http(request, |reply, cx| match reply {
            Ok(_) => done(AccessToken::new("weaker", cx.now().timestamp())),
            Err(failure) => cx.unavailable(Cause::Http(failure)),
        })
    }
}

#[test]
fn every_driver_refuses_by_name_what_it_cannot_honour() {
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
    let demands = [
        (pin, Requirement::TlsPin),
        (roots, Requirement::ExclusiveRoots),
        (server_name, Requirement::ServerName),
    ];
    for (tls, requirement) in demands {
        for (driver, drive) in DRIVERS {
            let clock = VirtualClock::default();
            let context = Context::new(TokenRequest::new(["any"]), clock.now(), Seed::new([1; 32]));
            let outcome = drive(Arc::new(Demanding(tls.clone())), context, clock);
            let error = outcome.result.expect_err("nobody honours it");
            let refusal = Refusal::Requirement(requirement);
            let expected = Cause::Http(HttpFailure::Refused(refusal));
            assert_eq!(error.cause(), &expected, "{driver}");
        }
    }
}
