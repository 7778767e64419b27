//! `azid emulate`: the emulator, until it is told to stop.

use std::path::PathBuf;

use azid_emulator::{Emulator, EmulatorServer, Keys, ServerOptions, demo};
use clap::Args;

use crate::environments::environments;
use crate::stop::Stop;
use crate::{Problem, output};

#[derive(Args)]
pub(crate) struct Options {
    /// The port of Entra, which is https; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The port of the metadata service, which is http; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    http_port: u16,
    /// Write the variables of every kind of host, job and application to this file, as a JSON
    /// object of objects, before serving.
    #[arg(long, value_name = "FILE")]
    environments: Option<PathBuf>,
    /// Let pages of any origin read every answer of the token endpoint. Entra does not.
    #[arg(long)]
    share_tokens_with_pages: bool,
}

/// The signals are caught before anybody can know that there is something to end.
pub(crate) fn run(options: &Options, stop: Stop) -> Result<(), Problem> {
    let server = start(options.http_port, options.port)?;
    if options.share_tokens_with_pages {
        server.with_emulator(|emulator| emulator.entra_mut().share_tokens_with_pages(true));
    }
    if let Some(file) = &options.environments {
        let all = serde_json::to_string_pretty(&environments(&server)).map_err(Problem::failed)?;
        output::private_file(file, &all)?;
    }
    for (name, value) in server.environment() {
        output::line(&format!("export {name}={}", quoted(value)))?;
    }
    if options.environments.is_none() {
        output::note(&format!(
            "for a program on a host of another kind, one of these blocks:\n\n{}",
            server.host_guide()
        ));
    }
    output::note(&format!(
        "serving {} and {}",
        server.https_origin(),
        server.http_origin()
    ));
    output::note("its secret is its own and worth nothing elsewhere; Ctrl-C ends it");
    stop.asked();
    Ok(())
}

/// An emulator of the demo's world, on these ports.
pub(crate) fn start(http_port: u16, https_port: u16) -> Result<EmulatorServer, Problem> {
    let keys = Keys::generate();
    let emulator = Emulator::new(demo::world(&keys), keys.entra.clone());
    let options = ServerOptions {
        http_port,
        https_port,
        ..ServerOptions::default()
    };
    EmulatorServer::start(emulator, options)
        .map_err(|error| Problem::failed(format!("the emulator does not start: {error}")))
}

/// A value that a shell takes as it is.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_sees_a_quoted_value_as_it_is() {
        assert_eq!(quoted("a b&$c%"), "'a b&$c%'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
