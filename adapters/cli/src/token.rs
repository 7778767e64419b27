//! `azid token`: one run, and its token on standard output.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use azid_core::{AccessToken, Cause, Error, ErrorKind, Fault, TokenRequest, Transcript};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::credential::Choice;
use crate::runtime::{Order, Runtime};
use crate::{Exit, Problem, output};

#[derive(Args)]
pub(crate) struct Options {
    #[arg(
        help = "What the token is for, such as https://vault.azure.net/.default",
        long = "scope", required = true, value_name = "SCOPE", num_args = 1..)]
    scopes: Vec<String>,
    #[command(flatten)]
    credential: Choice,
    /// The adapter that gets it.
    #[arg(long, value_enum, default_value_t = Runtime::Ureq)]
    runtime: Runtime,
    /// What to print: the token, a JSON object with it, or the header that carries it.
    #[arg(long, value_enum, default_value_t = Output::Token, value_name = "token|json|header")]
    output: Output,
    /// Write what was asked and answered to this file, without the secrets.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// The JSON of a claims challenge.
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
    /// How many seconds it may take in all; when they run out, the message says what took them.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Ask for a token that takes part in continuous access evaluation.
    #[arg(long)]
    cae: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Token,
    Json,
    Header,
}

pub(crate) fn run(options: Options) -> Result<(), Problem> {
    let mut request = TokenRequest::new(options.scopes);
    if let Some(claims) = options.claims {
        request = request.claims(claims);
    }
    if options.cae {
        request = request.enable_cae();
    }
    let environment = azid_native::environment();
    let credential = match (
        options.credential.credential(&environment),
        &options.transcript,
    ) {
        (Err(problem), Some(file)) => return Err(not_run(problem, file)),
        (credential, _) => credential?,
    };
    let order = Order {
        record: options.transcript.is_some(),
        deadline: options.timeout.map(Duration::from_secs),
        ..Order::new(request, environment)
    };
    let patience = Patience::of(&order);
    let outcome = options.runtime.drive(credential, order)?;
    let write = || match (options.transcript, outcome.transcript) {
        (Some(file), Some(transcript)) => write_transcript(&file, &transcript),
        _ => Ok(()),
    };
    match outcome.result {
        // Neither is lost to the other, which nobody may read.
        Ok(token) => {
            let printed = output::line(&shown(&token, options.output));
            write().and(printed)
        }
        Err(error) => {
            if let Err(problem) = write() {
                output::note(&format!("azid: {}", problem.message));
            }
            Err(patience.problem(error))
        }
    }
}

/// How long a run may take, and whether somebody was asked in it.
pub(crate) struct Patience {
    start: Instant,
    deadline: Option<Duration>,
    has_asked: Arc<AtomicBool>,
}

impl Patience {
    /// From now on.
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            start: Instant::now(),
            deadline: order.deadline,
            has_asked: Arc::clone(&order.has_asked),
        }
    }

    /// An error, and how the process ends with it.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        let Some(allowed) = self.deadline.filter(|it| self.start.elapsed() >= *it) else {
            return Problem::new(exit(&error), error);
        };
        let allowed = allowed.as_secs();
        let is_persons =
            matches!(error.cause(), Cause::OutOfTime) || matches!(exit(&error), Exit::Person);
        if self.has_asked.load(Ordering::Acquire) && is_persons {
            let why = format!(
                "time ran out: nobody signed in within the {allowed} s that --timeout allows"
            );
            return Problem::new(Exit::Person, why);
        }
        let slowest = error.links().iter().max_by_key(|link| link.took);
        let who = match slowest {
            Some(link) => format!("{} took {:.1} s of", link.link, link.took.as_secs_f64()),
            None => format!("{} had no token within", error.credential()),
        };
        Problem::failed(format!(
            "time ran out: {who} the {allowed} s that --timeout allows\n{error}"
        ))
    }
}

/// How the process ends with an error.
pub(crate) fn exit(error: &Error) -> Exit {
    match (error.kind(), error.cause()) {
        (_, Cause::Invalid(_)) => Exit::Usage,
        (_, Cause::OutOfTime) => Exit::Failed,
        (ErrorKind::Unavailable, _) => Exit::Unavailable,
        (ErrorKind::InteractionRequired, _) => Exit::Person,
        _ if error.fault() == Fault::User => Exit::Person,
        _ => Exit::Failed,
    }
}

fn shown(token: &AccessToken, output: Output) -> String {
    match output {
        Output::Token => token.expose().to_owned(),
        Output::Header => format!("Authorization: {} {}", token.kind(), token.expose()),
        Output::Json => json!({
            "access_token": token.expose(),
            "expires_on": token.expires_on().unix_seconds(),
            "token_type": token.kind(),
            "source": token.came_from(),
        })
        .to_string(),
    }
}

/// A problem before the run that was to be recorded; the file may be there from an earlier one.
fn not_run(problem: Problem, transcript: &Path) -> Problem {
    let Problem { exit, message } = problem;
    let file = transcript.display();
    let message = format!("{message}\nNothing was run, and no transcript written to {file}.");
    Problem { exit, message }
}

/// Nothing in a transcript is secret, but tenants, applications and hosts are nobody else's
/// business either.
fn write_transcript(path: &Path, transcript: &Transcript) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(transcript).map_err(Problem::failed)?;
    output::private_file(path, &text)
}

#[cfg(test)]
mod tests {
    use azid_core::effect::AuthorizeFailure;
    use azid_core::{Cause, Error, ErrorKind, SignInFault};

    use super::exit;

    fn code(kind: ErrorKind, cause: impl Into<Cause>) -> u8 {
        exit(&Error::of(kind, "Credential", cause)) as u8
    }

    #[test]
    fn all_ways_in_which_a_person_does_not_act_have_one_exit_code() {
        let person = |fault| Cause::SignIn {
            fault,
            service: None,
        };
        let failed = ErrorKind::Failed;
        assert_eq!(code(failed, person(SignInFault::CodeExpired)), 4);
        assert_eq!(code(failed, person(SignInFault::Declined)), 4);
        assert_eq!(code(failed, AuthorizeFailure::TimedOut), 4);
        assert_eq!(code(failed, AuthorizeFailure::Cancelled), 4);
        assert_eq!(code(failed, person(SignInFault::OtherNonce)), 1);
        assert_eq!(code(ErrorKind::Unavailable, Cause::OutOfTime), 1);
        assert_eq!(code(ErrorKind::Unavailable, Cause::NoLink), 3);
    }
}
