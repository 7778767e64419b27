//! Who sees when a program, with all that it has started, is gone.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The reading end of a pipe with a name. A script that says `exec 9>"$WITNESS"; echo >&9` is seen
/// to have started, and every process that it starts holds the pipe open until it is gone.
pub(crate) struct Witness {
    directory: PathBuf,
    seen: Receiver<Seen>,
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Start,
    End,
}

impl Witness {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("azid-witness-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("a new directory");
        let pipe = directory.join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("there is mkfifo").success());
        let (tell, seen) = channel();
        let file = pipe.clone();
        thread::spawn(move || {
            let mut pipe = File::open(file).expect("it is there"); // waits for who writes
            let mut byte = [0];
            while let Ok(1) = pipe.read(&mut byte) {
                let _ = tell.send(Seen::Start);
            }
            let _ = tell.send(Seen::End);
        });
        Self { directory, seen }
    }

    pub(crate) fn pipe(&self) -> PathBuf {
        self.directory.join("pipe")
    }

    pub(crate) fn path(&self) -> &str {
        let pipe: &Path = &self.directory;
        pipe.to_str()
            .expect("the temporary directory has a plain name")
    }

    pub(crate) fn sees_a_start(&self) {
        assert_eq!(self.seen.recv_timeout(PATIENCE), Ok(Seen::Start));
    }

    pub(crate) fn sees_the_end_of_all(&self) {
        while self.seen.recv_timeout(PATIENCE).expect("a process is left") != Seen::End {}
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Far more than a kill takes.
const PATIENCE: Duration = Duration::from_secs(20);
