//! The command azid: tokens at the prompt, and an emulator of Microsoft Entra.
//!
//! Standard output is for what was asked for, and for nothing else; the rest goes to standard
//! error.

mod browser;
mod cells;
mod credential;
mod demo;
mod doctor;
mod emulate;
mod environments;
mod login;
mod output;
mod replay;
mod rows;
mod runtime;
mod simulate;
mod stop;
mod table;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use stop::Stop;

const EXIT_CODES: &str = "\
Exit codes:
  0    there is what was asked for
  1    there was a failure, or the time ran out
  2    a flag, or a variable of the environment, is not valid
  3    the credential is unavailable: not configured, not installed, not there
  4    a person is needed, or did not do their part: nobody signed in in time,
       or somebody said no
  141  nobody reads standard output any more
  130  Ctrl-C; 143 SIGTERM, 129 SIGHUP, 131 SIGQUIT: tools that ran are ended too";

#[derive(Parser)]
#[command(
    name = "azid",
    version,
    about = "Microsoft Entra tokens at the prompt.",
    after_help = EXIT_CODES
)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Get a token with each credential through each adapter, from an emulator of Entra.
    Demo,
    /// The part of the demo that runs as a process of its own.
    #[command(hide = true)]
    DemoCells,
    /// Say what the default chain would do here, try each of its links, and say what to do.
    ///
    /// It ends as the chain would: with 0 where that has a token, with 3 where no link can be tried.
    Doctor(doctor::Options),
    /// Serve an emulator of Entra and of the metadata service until Ctrl-C.
    ///
    /// It first prints the variables that point programs at it, as a shell reads them. Being ended is
    /// what it waits for: it exits with 0 then.
    Emulate(emulate::Options),
    /// Sign in, and say who did and for how long: a check, since nothing of it is kept.
    ///
    /// It takes a browser where one is likely to be seen, and a device code elsewhere, as over ssh.
    Login(Box<login::Options>),
    /// Run the credential of a transcript on its recorded answers, and say where the run differs.
    ///
    /// It asks nobody anything and needs no secret. A transcript is what `azid token --transcript`
    /// writes.
    #[command(after_help = replay::EXIT_CODES)]
    Replay(Box<replay::Options>),
    /// Draw the requests of a fleet of hosts in a world that goes wrong, and say which promises held.
    Simulate(simulate::Options),
    /// Print a token.
    ///
    /// Standard output holds the token and nothing else; pages and codes for a person to sign in with
    /// are on standard error.
    Token(Box<token::Options>),
}

/// How the process ends, beside 0.
#[derive(Clone, Copy)]
enum Exit {
    /// There was a failure.
    Failed = 1,
    /// The command line, or a variable, is not valid.
    Usage = 2,
    /// The credential cannot be tried here.
    Unavailable = 3,
    /// Somebody has to sign in, did not do so in time, or said no.
    Person = 4,
}

/// What to say on standard error, and how to end.
struct Problem {
    exit: u8,
    /// Nothing where that is clear.
    message: String,
}

impl Problem {
    fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let exit = exit as u8;
        Self { exit, message }
    }

    fn failed(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// Nobody reads standard output any more, so nobody is told either.
    fn unread() -> Self {
        Self::signal(13) // SIGPIPE
    }

    /// The end by a signal of this number, as a shell reports it.
    fn signal(number: u8) -> Self {
        Self {
            exit: 128 + number,
            message: String::new(),
        }
    }
}

fn main() -> ExitCode {
    let command = Command::parse();
    let ended = Stop::new().and_then(|stop| run(command.what, stop));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            if !problem.message.is_empty() {
                output::note(&format!("azid: {}", problem.message));
            }
            ExitCode::from(problem.exit)
        }
    }
}

fn run(what: What, stop: Stop) -> Result<(), Problem> {
    match what {
        What::Demo => demo::run(stop),
        What::DemoCells => stop.during(cells::run),
        What::Doctor(options) => stop.during(move || doctor::run(&options)),
        What::Emulate(options) => emulate::run(&options, stop),
        What::Login(options) => stop.during(|| login::run(*options)),
        What::Replay(options) => stop.during(move || replay::run(*options)),
        What::Simulate(options) => stop.during(move || simulate::run(&options)),
        What::Token(options) => stop.during(|| token::run(*options)),
    }
}
