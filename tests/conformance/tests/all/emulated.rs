//! Real sockets: the emulator serves, well and badly, and every driver sees the same.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azid_core::testing::START;
use azid_core::{
    Authority, ClientSecretCredential, Context, Credential, Environment, ManagedIdentityCredential,
    Platform, Seed, TokenRequest, WorkloadIdentityCredential,
};
use azid_emulator::{
    Clock, DropPoint, Emulator, EmulatorServer, Fault, HostKind, Keys, ServerOptions, demo,
};

use crate::clock::VirtualClock;
use crate::drivers::DRIVERS;
use crate::own_process::in_own_process;

/// What the server does, and a part of the transcript that shows it.
struct Scenario {
    name: &'static str,
    faults: Vec<(u32, Fault)>,
    shows: &'static str,
}

fn scenarios() -> Vec<Scenario> {
    let scenario = |name, times, fault, shows| Scenario {
        name,
        faults: vec![(times, fault)],
        shows,
    };
    let login = "<html>Sign in</html>";
    vec![
        Scenario {
            name: "nothing goes wrong",
            faults: Vec::new(),
            shows: r#""ending":{"token":"#,
        },
        Scenario {
            name: "a bit of everything, then a token",
            faults: vec![(1, Fault::status(503)), (1, Fault::Garbage)],
            shows: r#""ending":{"token":"#,
        },
        scenario("throttled", 1, Fault::throttle(7), r#""status":429"#),
        scenario("gone for a while", 3, Fault::status(410), r#""status":410"#),
        scenario(
            "gone for good",
            99,
            Fault::status(410),
            r#""ending":{"error":"#,
        ),
        scenario("garbage", 99, Fault::Garbage, r#""lost":"#),
        scenario(
            "dropped",
            99,
            Fault::Drop(DropPoint::BeforeReply),
            r#""lost":"#,
        ),
        scenario("cut off", 99, Fault::Drop(DropPoint::MidBody), r#""lost":"#),
        scenario(
            "dropped once",
            1,
            Fault::Drop(DropPoint::BeforeReply),
            r#""lost":"#,
        ),
        scenario(
            "redirected",
            99,
            Fault::Redirect("https://example.com/".to_owned()),
            r#""status":302"#,
        ),
        scenario("a page", 99, Fault::html(200, login), r#""status":200"#),
        scenario(
            "a page as an error",
            99,
            Fault::html(407, login),
            r#""status":407"#,
        ),
        scenario(
            "a huge body",
            99,
            Fault::HugeBody(2 << 20),
            r#""body-too-large":"#,
        ),
    ]
}

#[test]
fn every_driver_records_the_same_of_the_same_server() {
    in_own_process(
        "emulated::every_driver_records_the_same_of_the_same_server",
        |roots| {
            let world = Served::start(roots);
            for scenario in scenarios() {
                for credential in credentials(&world.server.https_origin()) {
                    let transcript = world.compare(&scenario, &credential, Context::DEADLINE);
                    let shown = transcript.contains(scenario.shows);
                    assert!(shown, "{}, {credential:?}: {transcript}", scenario.name);
                }
            }
        },
    );
}

#[test]
fn an_answer_that_trickles_in_forever_ends_every_driver_by_the_time_limit_of_its_request() {
    in_own_process(
        "emulated::an_answer_that_trickles_in_forever_ends_every_driver_by_the_time_limit_of_its_request",
        |roots| {
            // A byte comes well within the limit, the whole answer in more than a minute.
            let pause = Duration::from_millis(100);
            let world = Served::start(roots);
            let slow = Scenario {
                name: "a byte now and then",
                faults: vec![(99, Fault::SlowBody(pause))],
                shows: r#""failure":"timed-out""#,
            };
            for credential in credentials(&world.server.https_origin()) {
                let transcript = world.compare(&slow, &credential, pause * 6);
                let shown = transcript.contains(slow.shows);
                assert!(shown, "{credential:?}: {transcript}");
            }
        },
    );
}

#[test]
fn every_driver_names_the_same_reason_why_there_is_no_answer() {
    in_own_process(
        "emulated::every_driver_names_the_same_reason_why_there_is_no_answer",
        |roots| {
            let trusted = Served::start(roots);
            let other = serve(&trusted.keys);
            let untrusted = other.https_origin();
            let gone = serve(&trusted.keys).https_origin();
            let reasons = [
                (untrusted.as_str(), r#""failure":{"tls":null}"#),
                (gone.as_str(), r#""failure":{"connect":null}"#),
                ("https://login.invalid", r#""failure":{"resolve":null}"#),
            ];
            for (authority, reason) in reasons {
                let [secret, ..] = credentials(authority);
                let nothing = Arc::default();
                let transcript = transcript_of_all(|| (), &secret, &nothing, Context::DEADLINE);
                assert!(transcript.contains(reason), "{authority}: {transcript}");
            }
        },
    );
}

/// A server whose emulator starts anew for every run, on the same ports.
pub(crate) struct Served {
    pub(crate) server: EmulatorServer,
    pub(crate) keys: Keys,
}

impl Served {
    pub(crate) fn start(roots: &Path) -> Self {
        let keys = Keys::generate();
        let server = serve(&keys);
        std::fs::write(roots, server.ca_pem()).expect("the folder can be written to");
        Self { server, keys }
    }

    /// Puts a new emulator in the place of the one that is there.
    pub(crate) fn restart(&self) {
        self.server.with_emulator(|running| {
            *running = emulator(&self.keys);
            running.set_authority(&self.server.https_origin());
        });
    }

    /// The transcript that all drivers record of the scenario, within this time by their clock.
    fn compare(
        &self,
        scenario: &Scenario,
        credential: &Arc<dyn Credential>,
        deadline: Duration,
    ) -> String {
        let environment = environment(&self.server, credential.name());
        let prepare = || {
            self.restart();
            self.server.with_emulator(|running| {
                for (times, fault) in &scenario.faults {
                    running.inject("/token", *times, fault.clone());
                }
            });
        };
        transcript_of_all(prepare, credential, &environment, deadline)
    }
}

fn credentials(authority: &str) -> [Arc<dyn Credential>; 3] {
    let secret = ClientSecretCredential::new(demo::TENANT_ID, demo::CLIENT_ID, demo::CLIENT_SECRET);
    let authority = Authority::new(authority).expect("a server's origin is an authority");
    let secret = secret.expect("the demonstration's values are valid");
    [
        Arc::new(secret.authority(authority)),
        Arc::new(ManagedIdentityCredential::new()),
        Arc::new(WorkloadIdentityCredential::new()),
    ]
}

/// A server with an authority of its own, at the time when runs start.
fn serve(keys: &Keys) -> EmulatorServer {
    let start = u64::try_from(START / 1000).expect("it is after 1970");
    let options = ServerOptions {
        clock: Clock::new(move || start),
        ..ServerOptions::default()
    };
    EmulatorServer::start(emulator(keys), options).expect("ports are to be had")
}

fn emulator(keys: &Keys) -> Emulator {
    Emulator::new(demo::world(keys), keys.entra.clone())
}

/// The variables of a virtual machine for its identity, and those of Entra for all others.
fn environment(server: &EmulatorServer, credential: &str) -> Arc<Environment> {
    Arc::new(if credential == "ManagedIdentityCredential" {
        Environment::from_pairs(server.host_environment(HostKind::Imds))
    } else {
        Environment::from_pairs(server.environment().iter().cloned())
    })
}

/// Runs the credential on every driver, each in a world that was prepared anew, and answers the
/// transcript that they agree on.
fn transcript_of_all(
    prepare: impl Fn(),
    credential: &Arc<dyn Credential>,
    environment: &Arc<Environment>,
    deadline: Duration,
) -> String {
    let transcripts = DRIVERS.map(|(name, drive)| {
        prepare();
        let clock = VirtualClock::default();
        let request = TokenRequest::new([demo::SCOPE]);
        let context = Context::new(request, clock.now(), Seed::new([1; 32]))
            .with_environment(Arc::clone(environment))
            .with_platform(Platform::Linux)
            .with_deadline(deadline)
            .record_transcript();
        let outcome = drive(Arc::clone(credential), context, clock);
        let transcript = outcome.transcript.expect("the context asks for it");
        (
            name,
            serde_json::to_string(&transcript).expect("it is data"),
        )
    });
    let [(first, expected), others @ ..] = transcripts;
    for (name, transcript) in others {
        assert_eq!(transcript, expected, "{name} and {first}, {credential:?}");
    }
    expected
}
