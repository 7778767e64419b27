//! `azid token`: one run, and its token on standard output.

use std::path::{Path, PathBuf};
use std::time::Duration;

use azid_core::{AccessToken, Cause, Error, ErrorKind, TokenRequest, Transcript, What};
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
    /// How many seconds it may take in all.
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
    let credential = options.credential.credential(&environment)?;
    let order = Order {
        record: options.transcript.is_some(),
        deadline: options.timeout.map(Duration::from_secs),
        ..Order::new(request, environment)
    };
    let outcome = options.runtime.drive(credential, order)?;
    let written = match (options.transcript, outcome.transcript) {
        (Some(file), Some(transcript)) => write_transcript(&file, &transcript),
        _ => Ok(()),
    };
    let token = outcome.result.map_err(|error| {
        if let Err(problem) = &written {
            output::note(&format!("azid: {}", problem.message));
        }
        problem(error)
    })?;
    written?;
    output::line(&shown(&token, options.output))
}

/// An error, and how the process ends with it.
pub(crate) fn problem(error: Error) -> Problem {
    Problem::new(exit(&error), error)
}

fn exit(error: &Error) -> Exit {
    match (error.kind(), error.cause()) {
        (_, Cause::Invalid(invalid)) if matches!(invalid.what(), What::Scopes | What::Claims) => {
            Exit::Usage // only flags say these
        }
        (ErrorKind::Unavailable, _) => Exit::Unavailable,
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

/// Nothing in a transcript is secret, but tenants, applications and hosts are nobody else's
/// business either.
fn write_transcript(path: &Path, transcript: &Transcript) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(transcript).map_err(Problem::failed)?;
    output::private_file(path, &text)
}
