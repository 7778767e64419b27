//! Certificates and users' tokens, sent by every driver to a server that verifies all of them.

use std::path::Path;
use std::sync::Arc;

use azid_certificate::CertificateReader;
use azid_core::testing::START;
use azid_core::{
    AccessToken, Authority, CertificateProof, ClientCertificateCredential, ClientCredential,
    ClientSecret, Context, Credential, Error, ErrorKind, Invalid, OnBehalfOfCredential, Seed,
    TokenRequest,
};
use azid_emulator::demo;

use crate::clock::VirtualClock;
use crate::drivers::{DRIVERS, Driver};
use crate::emulated::Served;
use crate::own_process::in_own_process;

/// Runs a test with a server that refuses an assertion the second time, and with the path of a PEM
/// file that holds the application's certificate.
fn with_strict_server(name: &str, test: impl Fn(&Served, &Authority, &Path)) {
    in_own_process(name, |roots| {
        let world = Served::start(roots);
        world.server.with_emulator(|emulator| {
            emulator.set_authority(&world.server.https_origin());
            emulator.entra_mut().refuse_repeated_assertions(true);
        });
        let file = roots.with_extension("key.pem");
        std::fs::write(&file, world.keys.certificate.pem()).expect("the folder can be written to");
        let authority = Authority::new(world.server.https_origin()).expect("a server's origin");
        test(&world, &authority, &file);
        std::fs::remove_file(file).expect("it was written");
    });
}

fn certificate_in(file: &Path) -> CertificateProof {
    let path = file.to_str().expect("the name is text");
    CertificateProof::from_file(path, CertificateReader::new())
}

/// A run with random values of its own.
fn token(
    drive: Driver,
    credential: impl Credential + 'static,
    request: TokenRequest,
    seed: u8,
) -> Result<AccessToken, Error> {
    let clock = VirtualClock::default();
    let context = Context::new(request, clock.now(), Seed::new([seed; 32]));
    drive(Arc::new(credential), context, clock).result
}

#[test]
fn every_driver_gets_tokens_by_certificate_from_a_server_that_verifies_each_assertion() {
    let name = "service_principals::every_driver_gets_tokens_by_certificate_from_a_server_that_verifies_each_assertion";
    with_strict_server(name, |_, authority, file| {
        let of = |tenant: &str, client_id: &str, proof| -> Result<_, Invalid> {
            let credential = ClientCertificateCredential::new(tenant, client_id, proof)?;
            Ok(credential.authority(authority.clone()))
        };
        let proof = || certificate_in(file);
        let (tenant, client_id) = (demo::TENANT_ID, demo::CLIENT_ID);
        let by_name = demo::SUBJECT_NAME_CLIENT_ID;
        let ways = [
            ("PS256", of(tenant, client_id, proof())),
            ("RS256", of(tenant, client_id, proof().use_rs256())),
            ("AD FS", of("adfs", client_id, proof())),
            (
                "the chain",
                of(tenant, by_name, proof().send_certificate_chain()),
            ),
        ];
        for (place, (driver, drive)) in DRIVERS.into_iter().enumerate() {
            for (other, (way, credential)) in ways.iter().enumerate() {
                let seed = u8::try_from(place * ways.len() + other).expect("they are few");
                let credential = credential.clone().expect("valid");
                let result = token(drive, credential, TokenRequest::new([demo::SCOPE]), seed);
                assert!(result.is_ok(), "{driver}, {way}: {result:?}");
            }
            let (_, credential) = &ways[0];
            let credential = credential.clone().expect("valid");
            let seed = u8::try_from(place * ways.len()).expect("they are few");
            let again = token(drive, credential, TokenRequest::new([demo::SCOPE]), seed);
            assert!(again.is_err(), "{driver}: an id counts once");
            let alone = of(tenant, by_name, proof()).expect("valid");
            let refused = token(drive, alone, TokenRequest::new([demo::SCOPE]), 100);
            let refused = refused.expect_err("the chain is missing");
            let service = refused.service().expect("an error of the server's");
            assert_eq!(service.error(), "invalid_client", "{driver}");
        }
    });
}

#[test]
fn every_driver_acts_for_a_user_and_hands_on_what_the_server_wants_of_that_user() {
    let name = "service_principals::every_driver_acts_for_a_user_and_hands_on_what_the_server_wants_of_that_user";
    with_strict_server(name, |world, authority, file| {
        let user = world.server.with_emulator(|emulator| {
            let now = u64::try_from(START / 1000).expect("it is after 1970");
            let entra = emulator.entra_mut();
            entra.user_token(demo::USER_OBJECT_ID, demo::CLIENT_ID, now)
        });
        let user = user.expect("the demonstration has the user");
        let credential = |proof: ClientCredential| {
            let (tenant, client_id) = (demo::TENANT_ID, demo::CLIENT_ID);
            let made = OnBehalfOfCredential::new(tenant, client_id, proof, user.as_str());
            made.expect("valid").authority(authority.clone())
        };
        let guarded = format!("{}/.default", demo::GUARDED_RESOURCE);
        for (place, (driver, drive)) in DRIVERS.into_iter().enumerate() {
            let secret = || credential(ClientSecret::from(demo::CLIENT_SECRET).into());
            let by_certificate = credential(certificate_in(file).into());
            let seed = u8::try_from(place).expect("they are few");
            for credential in [secret(), by_certificate] {
                let result = token(drive, credential, TokenRequest::new([demo::SCOPE]), seed);
                assert!(result.is_ok(), "{driver}: {result:?}");
            }
            let refused = token(drive, secret(), TokenRequest::new([&guarded]), seed);
            let refused = refused.expect_err("a second factor is missing");
            assert_eq!(refused.kind(), ErrorKind::InteractionRequired, "{driver}");
            let service = refused.service().expect("an error of the server's");
            assert!(service.www_authenticate().is_some(), "{driver}");
            let claims = service.claims().expect("what is missing");
            let request = TokenRequest::new([&guarded]).claims(claims);
            assert!(token(drive, secret(), request, seed).is_ok(), "{driver}");
        }
    });
}
