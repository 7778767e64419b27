//! Standard output.

use std::io::{self, Write as _};

use crate::Problem;

/// Prints a line, at once.
pub(crate) fn line(text: &str) -> Result<(), Problem> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")
        .and_then(|()| output.flush())
        .map_err(|error| Problem::failed(format!("standard output: {error}")))
}
