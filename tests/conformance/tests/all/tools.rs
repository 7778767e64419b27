//! Developer tools as processes: every driver finds them, hears them out, and leaves none behind.

use std::fs::{self, File};
use std::future::{Future, poll_fn};
use std::io::Read as _;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use azid_async::Host as _;
use azid_core::effect::{ExecFailure, ExecRequest};
use azid_core::{
    AzureCliCredential, Cause, Context, Credential, Environment, Error, ErrorKind, Identity, Next,
    Now, Run, Seed, Step, TokenRequest, ToolProblem, exec,
};

use crate::clock::VirtualClock;
use crate::drivers::{DRIVERS, async_std_host, tokio_host, tokio_runtime};

const SCOPE: &str = "https://vault.azure.net/.default";

/// A machine on whose path the `az` of this folder is, behind one that is not there.
fn with_az(folder: &str) -> Environment {
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/tools");
    let path = format!(".:/nowhere:{tools}/{folder}:/usr/bin:/bin");
    Environment::from_pairs([("PATH", path)])
}

/// What each driver makes of a credential on such a machine.
fn on_every_driver(
    folder: &str,
    credential: AzureCliCredential,
) -> Vec<(&'static str, Result<String, Error>)> {
    let each = DRIVERS.iter().map(|(name, drive)| {
        let clock = VirtualClock::default();
        let request = TokenRequest::new([SCOPE]);
        let context = Context::new(request, clock.now(), Seed::new([1; 32]))
            .with_environment(with_az(folder))
            .with_platform(azid_native::platform());
        let outcome = drive(Arc::new(credential.clone()), context, clock);
        let shown = outcome.result.map(|token| token.expose().to_owned());
        (*name, shown)
    });
    each.collect()
}

#[test]
fn a_tool_is_found_on_the_path_and_asked_as_it_is_to_be() {
    let credential = AzureCliCredential::new().tenant("contoso.com");
    let credential = credential.expect("a tenant");
    for (driver, result) in on_every_driver("logged-in", credential) {
        let token = result.unwrap_or_else(|error| panic!("{driver}: {error}"));
        let (_, seen) = token.split_once('|').expect("the process comes first");
        let expected = "https://vault.azure.net,--tenant,contoso.com|/|true";
        assert_eq!(seen, expected, "{driver}");
    }
}

#[test]
fn a_tool_that_is_not_there_or_has_nobody_logged_in_is_unavailable_and_says_what_to_run() {
    let cases = [
        ("nowhere", ToolProblem::NotInstalled, "install it"),
        ("logged-out", ToolProblem::LoggedOut, "run `az login`"),
    ];
    for (folder, problem, advice) in cases {
        for (driver, result) in on_every_driver(folder, AzureCliCredential::new()) {
            let error = result.expect_err(driver);
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{driver}");
            let Cause::Tool(tool) = error.cause() else {
                panic!("{driver}: {error}");
            };
            assert_eq!(*tool.problem(), problem, "{driver}");
            assert!(error.to_string().contains(advice), "{driver}: {error}");
        }
    }
}

#[test]
fn a_tool_that_takes_too_long_is_ended() {
    let brief = AzureCliCredential::new().process_timeout(Duration::from_millis(200));
    for (driver, result) in on_every_driver("endless", brief) {
        let error = result.expect_err(driver);
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{driver}");
        let timed_out = Cause::Exec {
            program: "az".to_owned(),
            failure: ExecFailure::TimedOut,
        };
        assert_eq!(*error.cause(), timed_out, "{driver}");
    }
}

#[test]
fn a_token_is_kept_so_that_the_tool_is_not_run_again() {
    let scope = &[SCOPE];
    let provider = azid_ureq::TokenProvider::builder(AzureCliCredential::new());
    let host = azid_ureq::Host::new().environment(with_az("logged-in"));
    let provider = provider.host(host).build();
    let first = provider.get_token(scope).expect("a token");
    let again = provider.get_token(scope).expect("a token");
    assert_eq!(first.expose(), again.expose(), "of the same process");
}

#[test]
fn nothing_is_left_of_a_tool_when_the_run_is_dropped() {
    let clock = VirtualClock::default();
    let (request, witness) = lasting();
    let performing = tokio_host(&clock).perform(first_step(&request));
    tokio_runtime().block_on(until_it_starts(performing, &witness));
    witness.sees_the_end_of_all();

    let (request, witness) = lasting();
    let performing = async_std_host(&clock).perform(first_step(&request));
    async_std::task::block_on(until_it_starts(performing, &witness));
    witness.sees_the_end_of_all();
}

#[test]
fn nothing_is_left_of_a_tool_when_the_provider_is_dropped() {
    let (request, witness) = lasting();
    let provider = azid_tokio::TokenProvider::new(Runs(request));
    tokio_runtime().block_on(async {
        let gets = provider.get_token(&[SCOPE]);
        until_it_starts(gets, &witness).await;
    });
    drop(provider);
    witness.sees_the_end_of_all();

    let (request, witness) = lasting();
    let provider = azid_async_std::TokenProvider::new(Runs(request));
    async_std::task::block_on(async {
        let gets = provider.get_token(&[SCOPE]);
        until_it_starts(gets, &witness).await;
    });
    drop(provider);
    witness.sees_the_end_of_all();
}

/// Polls a future until the program that it runs has started, and drops it.
async fn until_it_starts(running: impl Future, witness: &Witness) {
    let mut running = pin!(running);
    poll_fn(|cx| {
        assert!(running.as_mut().poll(cx).is_pending(), "it lasts");
        Poll::Ready(())
    })
    .await;
    witness.sees_a_start();
}

fn first_step(request: &ExecRequest) -> Step {
    let now = Now::wall(0);
    let context = Context::new(TokenRequest::new([SCOPE]), now, Seed::new([1; 32]));
    Run::start(Arc::new(Runs(request.clone())), context)
}

/// A credential that runs a program and has no token.
#[derive(Debug)]
struct Runs(ExecRequest);

impl Credential for Runs {
    fn name(&self) -> &'static str {
        "Runs"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        exec(self.0.clone(), |_, cx| {
            cx.failed(Cause::Unsupported("it only runs"))
        })
    }
}

/// A program that lasts, with another that it starts, and who sees when both are gone: both hold
/// open the pipe that the witness reads.
fn lasting() -> (ExecRequest, Witness) {
    let witness = Witness::new();
    let script = r#"exec 9>"$1"; echo >&9; sleep 1000 & sleep 1000"#;
    let pipe = witness.directory.join("pipe");
    let mut request = ExecRequest::new("sh");
    request.candidates = vec!["/bin/sh".to_owned()];
    let pipe = pipe.to_str().expect("a plain name");
    (request.arguments(["-c", script, "sh", pipe]), witness)
}

struct Witness {
    directory: PathBuf,
    seen: Receiver<bool>,
}

impl Witness {
    fn new() -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("azid-tool-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).expect("a new directory");
        let file = directory.join("pipe");
        let made = Command::new("mkfifo").arg(&file).status();
        assert!(made.expect("there is mkfifo").success());
        let (tell, seen) = channel();
        thread::spawn(move || {
            let mut pipe = File::open(file).expect("it is there");
            let mut byte = [0];
            while let Ok(1) = pipe.read(&mut byte) {
                let _ = tell.send(true);
            }
            let _ = tell.send(false);
        });
        Self { directory, seen }
    }

    fn sees_a_start(&self) {
        assert_eq!(self.seen.recv_timeout(PATIENCE), Ok(true));
    }

    fn sees_the_end_of_all(&self) {
        assert_eq!(self.seen.recv_timeout(PATIENCE), Ok(false));
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Far more than a kill takes.
const PATIENCE: Duration = Duration::from_secs(20);
