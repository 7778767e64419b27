//! Tools on the PATH that are not what they should be.

use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use azid_emulator::demo;

use crate::support::azid;

const TOOLS: [&str; 3] = ["az", "pwsh", "azd"];

/// A directory of one test's own, with tools that start, start another process, and hang. All of
/// them hold a pipe open until they are gone.
pub(crate) struct HungTools {
    directory: PathBuf,
    seen: Receiver<bool>,
}

impl HungTools {
    pub(crate) fn new(name: &str, tools: &[&str]) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&directory); // of an earlier run
        fs::create_dir(&directory).expect("a new directory");
        let pipe = directory.join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("there is mkfifo").success());
        for tool in tools {
            let tool = directory.join(tool);
            let script = format!(
                "#!/bin/sh\nexec 9>'{}'\nsleep 1000 &\necho >&9\nsleep 1000\n",
                pipe.display()
            );
            fs::write(&tool, script).expect("a file");
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).expect("its own file");
        }
        let (tell, seen) = channel();
        thread::spawn(move || {
            let mut pipe = File::open(pipe).expect("it is there"); // waits for who writes
            let mut byte = [0];
            while let Ok(1) = pipe.read(&mut byte) {
                let _ = tell.send(true);
            }
            let _ = tell.send(false);
        });
        Self { directory, seen }
    }

    /// The variable that lets the command find them, and what they are made of.
    pub(crate) fn path(&self) -> (String, String) {
        let path = format!("{}:/usr/bin:/bin", self.directory.display());
        ("PATH".to_owned(), path)
    }

    /// Waits until one runs.
    pub(crate) fn start(&self) {
        assert_eq!(self.seen.recv_timeout(PATIENCE), Ok(true));
    }

    /// Waits until all that they have started is gone.
    pub(crate) fn are_gone(&self) {
        while self.seen.recv_timeout(PATIENCE).expect("a process is left") {}
    }
}

/// Far more than a kill takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_doctor_gives_up_tools_that_hang_all_at_the_same_time() {
    let tools = HungTools::new("doctor-hangs", &TOOLS);
    let start = Instant::now();
    let ended = azid(&["doctor", "--json", "--timeout", "2"], &[tools.path()]);
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "one after another"
    );
    let found: serde_json::Value = serde_json::from_str(&ended.output).expect("one JSON object");
    let links = found["links"].as_array().expect("an array");
    let hung = links.iter().filter(|link| {
        let took = link["milliseconds"].as_u64().expect("a number");
        link["verdict"] != "token" && (2000..5000).contains(&took)
    });
    assert_eq!(hung.count(), 3, "{found:#}");
    tools.are_gone();
}

#[test]
fn when_time_runs_out_the_link_that_took_it_is_named() {
    let tools = HungTools::new("token-hangs", &TOOLS);
    for (credential, took) in [
        ("developer-tools", "time ran out: AzureCliCredential took "),
        (
            "azure-cli",
            "AzureCliCredential had no token within the 2 s",
        ),
    ] {
        let arguments = ["token", "--scope", demo::SCOPE, "--timeout", "2"];
        let ended = azid(
            &[&arguments[..], &["--credential", credential]].concat(),
            &[tools.path()],
        );
        assert_eq!((ended.code, &*ended.output), (1, ""), "{}", ended.errors);
        assert!(ended.errors.contains(took), "{}", ended.errors);
    }
}
