//! `azid replay`: the recorded credential on the recorded answers.
//!
//! file ─► transcript ─► run ─► the same transcript, or where it differs

mod difference;
mod stand_in;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azid_core::{Environment, Transcript};
use clap::Args;

use crate::credential::Choice;
use crate::{Exit, Problem, output};
use difference::Difference;
use stand_in::StandIn;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    the run is the recorded one, or the diagram is printed
  1    the run differs: standard output says where
  2    the file cannot be read, is no transcript of this version, or was
       recorded from a credential that only its program can make";

/// The longest transcript that is read, in bytes: a run of a thousand steps has a few megabytes.
const LONGEST: u64 = 64 * 1024 * 1024;

#[derive(Args)]
pub(crate) struct Options {
    /// The transcript, as `azid token --transcript` writes it; `-` is standard input.
    file: PathBuf,
    /// Print it as a sequence diagram in the language of Mermaid, and run nothing.
    #[arg(long)]
    diagram: bool,
    /// A certificate in a file is read by code, so a transcript does not hold the credential that it
    /// belongs to; the variables that it holds and these flags do.
    #[command(
        flatten,
        next_help_heading = "Where a certificate in a file was used: its flags"
    )]
    choice: Choice,
}

pub(crate) fn run(options: Options) -> Result<(), Problem> {
    let name = options.file.display();
    let transcript = read(&options.file)
        .map_err(|why| Problem::new(Exit::Usage, format!("the file {name}: {why}")))?;
    if options.diagram {
        return output::text(&transcript.diagram());
    }
    let credential = match transcript.recorded_credential() {
        Some(credential) => credential,
        None => {
            let environment = Environment::from_pairs(transcript.environment.clone());
            let reader = Arc::new(StandIn::of(&transcript));
            let choice = options.choice;
            let made = choice.again(&transcript.credential, &environment, reader);
            made.ok_or_else(|| {
                let why = "only the program that made this credential can replay it";
                Problem::new(Exit::Usage, format!("the file {name}: {why}"))
            })?
            .map_err(|problem| Problem::new(Exit::Usage, problem.message))?
        }
    };
    let replayed = transcript.replay(credential);
    match Difference::between(&transcript, &replayed) {
        None => output::line(&format!(
            "{}: the run is the recorded one, in {}",
            difference::printable(&transcript.credential),
            match transcript.exchanges.len() {
                1 => "1 exchange".to_owned(),
                count => format!("{count} exchanges"),
            }
        )),
        Some(difference) => {
            output::text(&difference.shown(output::has_colours()))?;
            let place = difference.place;
            Err(Problem::failed(format!("the run differs {place}")))
        }
    }
}

fn read(path: &Path) -> Result<Transcript, String> {
    let bytes = bytes(path).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    // Some editors put a byte order mark at the beginning.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // What is wrong is said with its place, and what stands there may be anything.
    serde_json::from_slice(text).map_err(|error| {
        format!(
            "no transcript: {}",
            difference::printable(&error.to_string())
        )
    })
}

/// The content of a file or of standard input, or one byte too many.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let input = io::stdin().lock();
        input.take(LONGEST + 1).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    // Nobody may ever write to a pipe.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other(
            "it is no regular file (- is standard input)",
        ));
    }
    let file = File::open(path)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
