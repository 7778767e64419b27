//! Every host of managed identities, as strict as the real ones, over real sockets and files.

use std::sync::Arc;

use azid_core::testing::START;
use azid_core::{
    Context, Environment, ErrorKind, ManagedIdentityCredential, ManagedIdentityId, Outcome,
    Platform, Seed, TokenRequest,
};
use azid_emulator::{Clock, Emulator, EmulatorServer, HostKind, Keys, ServerOptions, demo};

use crate::clock::VirtualClock;
use crate::drivers::{DRIVERS, Driver};

const HOSTS: [HostKind; 7] = [
    HostKind::Imds,
    HostKind::AppService,
    HostKind::AppService2017,
    HostKind::AzureMl,
    HostKind::CloudShell,
    HostKind::AzureArc,
    HostKind::ServiceFabric,
];

fn serve() -> EmulatorServer {
    let keys = Keys::generate();
    let start = u64::try_from(START / 1000).expect("it is after 1970");
    let options = ServerOptions {
        clock: Clock::new(move || start),
        ..ServerOptions::default()
    };
    let emulator = Emulator::new(demo::world(&keys), keys.entra);
    EmulatorServer::start(emulator, options).expect("ports are to be had")
}

fn run(server: &EmulatorServer, kind: HostKind, id: ManagedIdentityId, drive: Driver) -> Outcome {
    let keys = server.azure_arc_key_directory().display().to_string();
    let credential = ManagedIdentityCredential::with_id(id).expect("the demonstration's are valid");
    let credential = credential.azure_arc_token_directory(keys);
    let clock = VirtualClock::default();
    let request = TokenRequest::new([demo::SCOPE]);
    let context = Context::new(request, clock.now(), Seed::new([1; 32]))
        .with_environment(Environment::from_pairs(server.host_environment(kind)))
        .with_platform(Platform::Linux)
        .record_transcript();
    drive(Arc::new(credential), context, clock)
}

#[test]
fn every_driver_gets_a_token_from_every_host() {
    let server = serve();
    for kind in HOSTS {
        for (driver, drive) in DRIVERS {
            let outcome = run(&server, kind, ManagedIdentityId::SystemAssigned, drive);
            let transcript = outcome.transcript;
            let token = outcome.result;
            let token =
                token.unwrap_or_else(|error| panic!("{kind}, {driver}: {error}; {transcript:#?}"));
            assert!(
                token.expires_on().unix_milliseconds() > START,
                "{kind}, {driver}"
            );
        }
    }
}

#[test]
fn each_host_takes_the_ids_that_it_knows_and_no_others() {
    let server = serve();
    let client = || ManagedIdentityId::ClientId(demo::USER_ASSIGNED_CLIENT_ID.to_owned());
    let object = || ManagedIdentityId::ObjectId(demo::USER_ASSIGNED_OBJECT_ID.to_owned());
    let resource = || ManagedIdentityId::ResourceId(demo::USER_ASSIGNED_RESOURCE_ID.to_owned());
    let (_, drive) = DRIVERS[0];
    for (kind, taken) in [
        (HostKind::Imds, [true, true, true]),
        (HostKind::AppService, [true, true, true]),
        (HostKind::AppService2017, [true, false, false]),
        (HostKind::AzureMl, [true, false, false]),
        (HostKind::CloudShell, [false, false, false]),
        (HostKind::AzureArc, [true, true, true]),
        (HostKind::ServiceFabric, [false, false, false]),
    ] {
        for (id, taken) in [client(), object(), resource()].into_iter().zip(taken) {
            let shown = format!("{kind}, {id:?}");
            match run(&server, kind, id, drive).result {
                Ok(_) => assert!(taken, "{shown}"),
                Err(error) => {
                    assert!(!taken, "{shown}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Failed, "{shown}");
                }
            }
        }
    }
}

#[test]
fn an_impostor_in_the_place_of_service_fabric_hears_nothing() {
    let server = serve();
    server
        .impersonate_service_fabric()
        .expect("a certificate can be made");
    for (driver, drive) in DRIVERS {
        let system_assigned = ManagedIdentityId::SystemAssigned;
        let outcome = run(&server, HostKind::ServiceFabric, system_assigned, drive);
        let error = outcome.result.expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Failed, "{driver}: {error}");
        let heard = server.service_fabric_traffic().application_bytes;
        assert_eq!(heard, 0, "{driver}");
    }
}
