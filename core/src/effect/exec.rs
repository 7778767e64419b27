//! The effect `Exec`: one run of a program, without a shell.

use std::fmt;
use std::time::Duration;

use super::failure::{Detail, Refusal, can_be_refused};
use super::program::candidates;
use super::{Effect, effect_step, sealed::Sealed};
use crate::context::Platform;
use crate::environment::Environment;
use crate::secret::SecretBytes;
use crate::transcript::Recording;
use serde::{Deserialize, Serialize};

/// Running one program.
#[derive(Debug)]
pub enum Exec {}

/// Which program to run, and how.
///
/// The host runs the first of the files that is there and can be started, and looks nowhere else;
/// passes the arguments as they are, without a shell; closes standard input; and kills the process,
/// with all that it has started, when the time limit passes, when it prints too much, and when the
/// run is dropped.
///
/// On Windows a `.cmd` or `.bat` file is run by `cmd.exe`, whatever the host does: its arguments
/// are to be made of letters, digits, spaces and `_.:/-+=` alone, which mean nothing to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecRequest {
    /// The program's name, as it is known to people: `az`.
    pub program: String,
    /// The files that it may be, by absolute paths, in the order in which to try them.
    pub candidates: Vec<String>,
    /// The arguments. Never a secret: other processes can read them.
    pub arguments: Vec<String>,
    /// Variables to set beside those the process inherits.
    pub environment: Vec<(String, String)>,
    /// The directory to run in, where it is not the host's choice of a safe one.
    pub directory: Option<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// How many bytes to keep of either output at most. More on standard output is
    /// [`ExecFailure::OutputTooLarge`]; of standard error the rest is dropped.
    pub max_output: usize,
}

impl ExecRequest {
    /// A run of a program without arguments, for 30 seconds and 1 MiB of output at most. It is to
    /// be [looked for](Self::search) yet.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            candidates: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            timeout: Duration::from_secs(30),
            max_output: 1024 * 1024,
        }
    }

    /// Looks for a program of this name, after those that were looked for before: in the absolute
    /// directories of `PATH`, and on Windows by the extensions of `PATHEXT`. Nothing is asked of
    /// the file system yet.
    pub fn search(mut self, name: &str, environment: &Environment, platform: Platform) -> Self {
        self.candidates
            .extend(candidates(name, environment, platform));
        self
    }

    /// Passes these arguments.
    pub fn arguments<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }
}

/// How a program ended and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecOutput {
    /// The exit code; none if a signal ended the process.
    pub exit_code: Option<i32>,
    /// What it printed to standard output: tokens, so secret.
    pub stdout: SecretBytes,
    /// What it printed to standard error.
    pub stderr: SecretBytes,
}

/// How running a program can go wrong before it ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExecFailure {
    /// None of the files is there.
    NotFound,
    /// This process may not run it.
    PermissionDenied,
    /// A file is there that the system cannot start: it is no program, or one for another kind of
    /// machine, or the interpreter that its first line names is missing.
    NotStartable,
    /// It was killed when its time was up.
    TimedOut,
    /// It was killed because it printed more than the request allows.
    OutputTooLarge {
        /// How many bytes were allowed.
        limit: usize,
    },
    /// Anything else, in the host's words.
    Other(Detail),
    /// The host did not try.
    Refused(Refusal),
}

impl fmt::Display for ExecFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("the program is not on the PATH"),
            Self::PermissionDenied => f.write_str("this process may not run the program"),
            Self::NotStartable => f.write_str(
                "the file on the PATH is no program that this system can start, or its interpreter is missing",
            ),
            Self::TimedOut => f.write_str("the program was killed when its time was up"),
            Self::OutputTooLarge { limit } => {
                write!(
                    f,
                    "the program printed more than {limit} bytes and was killed"
                )
            }
            Self::Other(detail) => detail.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

can_be_refused!(ExecFailure, Other);

impl Sealed for Exec {}

impl Effect for Exec {
    type Request = ExecRequest;
    type Output = ExecOutput;
    type Failure = ExecFailure;
    const NAME: &'static str = "exec";
    effect_step!(Exec);

    fn time_limit(request: &ExecRequest) -> Option<Duration> {
        Some(request.timeout)
    }

    fn limit_time(request: &mut ExecRequest, at_most: Duration) {
        request.timeout = request.timeout.min(at_most);
    }

    fn bounded(
        request: &ExecRequest,
        reply: Result<ExecOutput, ExecFailure>,
    ) -> Result<ExecOutput, ExecFailure> {
        let limit = request.max_output;
        match reply {
            Ok(output) if output.stdout.len().max(output.stderr.len()) > limit => {
                Err(ExecFailure::OutputTooLarge { limit })
            }
            reply => reply,
        }
    }

    fn record(
        request: &ExecRequest,
        reply: &Result<ExecOutput, ExecFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.exec(request, reply);
    }
}
