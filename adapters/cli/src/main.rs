//! The command azid: tokens at the prompt, and an emulator of Microsoft Entra.
//!
//! Standard output is for what was asked for, and for nothing else; the rest goes to standard
//! error.

mod cells;
mod credential;
mod demo;
mod doctor;
mod emulate;
mod environments;
mod login;
mod output;
mod rows;
mod runtime;
mod simulate;
mod table;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "azid", about = "Microsoft Entra tokens at the prompt.")]
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
    /// Say what the default chain would do here, try each of its links, and say what to do. Ends
    /// with 0 where the chain has a token, with 1 where it fails, with 3 where it has no link that
    /// can be tried.
    Doctor(doctor::Options),
    /// Serve an emulator of Entra and of the metadata service until Ctrl-C, having printed the
    /// variables that point programs at it.
    Emulate(emulate::Options),
    /// Sign in, and say who did and for how long: a check, since nothing of it is kept.
    Login(login::Options),
    /// Draw the requests of a fleet of hosts in a world that goes wrong, and say which promises held.
    Simulate(simulate::Options),
    /// Print a token.
    Token(Box<token::Options>),
}

/// How the process ends, beside 0.
#[derive(Clone, Copy)]
enum Exit {
    /// There was a failure.
    Failed = 1,
    /// The command line is not valid.
    Usage = 2,
    /// The credential cannot be tried here.
    Unavailable = 3,
}

/// What to say on standard error, and how to end.
struct Problem {
    exit: Exit,
    message: String,
}

impl Problem {
    fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        Self { exit, message }
    }

    fn failed(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Failed, message)
    }
}

fn main() -> ExitCode {
    let ended = match Command::parse().what {
        What::Demo => demo::run(),
        What::DemoCells => cells::run(),
        What::Doctor(options) => doctor::run(&options),
        What::Emulate(options) => emulate::run(&options),
        What::Login(options) => login::run(options),
        What::Simulate(options) => simulate::run(&options),
        What::Token(options) => token::run(*options),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            output::note(&format!("azid: {}", problem.message));
            ExitCode::from(problem.exit as u8)
        }
    }
}
