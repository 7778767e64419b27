//! Standard output, standard error, and files that are their owner's alone.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write as _};
use std::path::Path;
use std::process;

use crate::{Problem, stop};

/// Prints a line, at once.
pub(crate) fn line(line: &str) -> Result<(), Problem> {
    text(&format!("{line}\n"))
}

/// Prints a text, at once.
pub(crate) fn text(text: &str) -> Result<(), Problem> {
    stop::hold();
    let mut output = io::stdout().lock();
    write!(output, "{text}")
        .and_then(|()| output.flush())
        .map_err(|error| match error.kind() {
            // As after `| head -1`: other tools are ended there by SIGPIPE.
            io::ErrorKind::BrokenPipe => Problem::unread(),
            _ => Problem::failed(format!("standard output: {error}")),
        })
}

/// Whether a stream is a terminal on which a line can be drawn anew.
pub(crate) fn is_live(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env::var_os("TERM").is_none_or(|it| it != "dumb")
}

/// Whether standard output may have colours.
pub(crate) fn has_colours() -> bool {
    let is_declined = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    is_live(&io::stdout()) && !is_declined
}

/// Draws a line on standard error anew, where that is a terminal.
pub(crate) fn redraw(line: &str) {
    stop::hold();
    redraw_now(line);
}

/// The same while the process ends.
pub(crate) fn redraw_now(line: &str) {
    let mut errors = io::stderr().lock();
    let _ = write!(errors, "\r\x1b[K{line}").and_then(|()| errors.flush());
}

/// Says something on standard error. Nobody can be told that this did not work.
pub(crate) fn note(note: &str) {
    stop::hold();
    let _ = writeln!(io::stderr().lock(), "{note}");
}

/// Writes a line or more to a file that only its owner can read, and that is there as a whole or
/// not at all: whatever was there stays until then.
pub(crate) fn private_file(path: &Path, text: &str) -> Result<(), Problem> {
    let write = || -> io::Result<()> {
        match fs::metadata(path) {
            // A pipe or a device is written to, and not replaced.
            Ok(there) if !there.is_file() => {
                let mut file = OpenOptions::new().write(true).open(path)?;
                writeln!(file, "{text}")
            }
            Ok(_) => replace(&fs::canonicalize(path)?, text), // and not the link to it
            Err(_) => replace(path, text),
        }
    };
    write().map_err(|error| Problem::failed(format!("the file {}: {error}", path.display())))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", process::id()));
    let beside = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    let written = writeln!(file, "{text}")
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
