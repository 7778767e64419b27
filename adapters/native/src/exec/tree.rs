//! A program and all that it has started.

use std::io;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

/// A running program. Dropping it kills it, with all processes that it has started, and waits
/// until it is gone; after it has ended by itself, dropping it does nothing.
#[derive(Debug)]
pub(super) struct Tree {
    child: Child,
    has_ended: bool,
}

impl Tree {
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn()?;
        Ok(Self {
            child,
            has_ended: false,
        })
    }

    pub(super) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    pub(super) fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// How it ended, if it has.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.has_ended = status.is_some();
        Ok(status)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if self.has_ended {
            return; // and its number may be another process's by now
        }
        // Until it is waited for, its number is its own, and its group's.
        if let Some(mut killer) = killer(self.child.id()) {
            let quiet = killer.stdin(Stdio::null()).stdout(Stdio::null());
            let _ = quiet.stderr(Stdio::null()).status();
        }
        let _ = self.child.kill(); // should there be no such command
        let _ = self.child.wait();
    }
}

/// The system's own command that kills a whole tree: the standard library kills single processes
/// only, and a system call would be unsafe code, or three more crates for all who get tokens.
#[cfg(unix)]
fn killer(id: u32) -> Option<Command> {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("kill -9 -{id}")); // built in, and there wherever tools are scripts
    Some(shell)
}

#[cfg(windows)]
fn killer(id: u32) -> Option<Command> {
    let root = std::path::PathBuf::from(std::env::var_os("SystemRoot")?);
    let mut taskkill = Command::new(root.join(r"System32\taskkill.exe"));
    taskkill.args(["/T", "/F", "/PID"]).arg(id.to_string());
    Some(taskkill)
}

#[cfg(not(any(unix, windows)))]
fn killer(_: u32) -> Option<Command> {
    None
}
