//! What the links of a chain answered, and how that looks as a table of plain text.

use std::fmt;
use std::time::Duration;

use super::{Error, ErrorKind};

/// What one link of a chain answered that gave no token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LinkError {
    /// The link's name. The error may name a credential that the link asked in its turn.
    pub link: &'static str,
    /// How long it took, in whole milliseconds.
    pub took: Duration,
    /// Why there is no token.
    pub error: Error,
}

impl LinkError {
    /// The names of what happened, without a word of the endpoint's.
    pub(crate) fn in_short(&self) -> String {
        let (kind, cause) = (self.error.kind().name(), self.error.cause().name());
        format!(
            "{}: {kind} after {} ms: {cause}",
            self.link,
            self.took.as_millis()
        )
    }
}

impl ErrorKind {
    /// The name, as transcripts have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
            Self::InteractionRequired => "interaction-required",
        }
    }
}

/// A line for each link, and below it what to do; the links of a link are indented below it.
pub(super) struct Table<'a>(pub(super) &'a [LinkError]);

struct Row {
    link: String,
    verdict: &'static str,
    took: String,
    cause: String,
    cure: Option<&'static str>,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = Vec::new();
        collect(self.0, 0, &mut rows);
        let width = |cell: fn(&Row) -> usize, least: usize| {
            rows.iter().map(cell).max().unwrap_or_default().max(least)
        };
        let link = width(|row| row.link.len(), "link".len());
        let verdict = width(|row| row.verdict.len(), "verdict".len());
        let took = width(|row| row.took.len(), "took".len());
        write!(
            f,
            "\n  {:link$}  {:verdict$}  {:>took$}  cause",
            "link", "verdict", "took"
        )?;
        for row in &rows {
            write!(
                f,
                "\n  {:link$}  {:verdict$}  {:>took$}  {}",
                row.link, row.verdict, row.took, row.cause
            )?;
            if let Some(cure) = row.cure {
                let indent = link + verdict + took + 8;
                write!(f, "\n{:indent$}what to do: {cure}", "")?;
            }
        }
        Ok(())
    }
}

fn collect(links: &[LinkError], depth: usize, rows: &mut Vec<Row>) {
    for LinkError { link, took, error } in links {
        let by = match error.credential() {
            "" => String::new(),
            credential if credential == *link => String::new(),
            credential => format!("{credential}: "),
        };
        rows.push(Row {
            link: format!("{}{link}", "  ".repeat(depth)),
            verdict: error.kind().name(),
            took: shown(*took),
            cause: in_one_line(&format!("{by}{}", error.seen())),
            cure: error.advice(),
        });
        collect(error.links(), depth + 1, rows);
    }
}

/// Seconds only where milliseconds would be hard to read.
fn shown(took: Duration) -> String {
    match took.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        milliseconds => {
            let tenths = (milliseconds + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

/// A path or a host's own words may hold anything.
fn in_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
