//! A table that fills row by row: a row is drawn anew in place on a terminal as its cells come in,
//! and printed when it is full elsewhere.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use crate::{Problem, output};

/// What a cell shows.
#[derive(Clone, Copy)]
pub(crate) enum Cell {
    Open,
    Token { took: Duration, lifetime: Duration },
    Failed,
}

pub(crate) struct Table {
    live: bool,
    colour: bool,
}

/// A row that is being filled.
pub(crate) struct Row<'a> {
    table: &'a Table,
    name: &'static str,
    cells: [Cell; 3],
    filled: usize,
}

// Together no more than the 80 columns of a terminal: a line that wraps could not be redrawn.
const FIRST_WIDTH: usize = 20;
const WIDTH: usize = 19;

impl Table {
    /// Prints the heading.
    pub(crate) fn begin(columns: [String; 3]) -> Result<Self, Problem> {
        let mut heading = format!("{:FIRST_WIDTH$}", "");
        for column in &columns {
            let _ = write!(heading, "{column:WIDTH$}");
        }
        output::line(heading.trim_end())?;
        Ok(Self {
            live: output::is_live(&io::stdout()),
            colour: output::has_colours(),
        })
    }

    /// Begins a row.
    pub(crate) fn row(&self, name: &'static str) -> Result<Row<'_>, Problem> {
        let row = Row {
            table: self,
            name,
            cells: [Cell::Open; 3],
            filled: 0,
        };
        if self.live {
            output::text(&row.line())?;
        }
        Ok(row)
    }
}

impl Row<'_> {
    /// Fills the next cell, and shows that.
    pub(crate) fn fill(&mut self, cell: Cell) -> Result<(), Problem> {
        self.cells[self.filled] = cell;
        self.filled += 1;
        if self.table.live {
            output::text(&format!("\r{}", self.line()))?;
        }
        if self.filled < self.cells.len() {
            return Ok(());
        }
        output::line(&match self.table.live {
            true => String::new(),
            false => self.line(),
        })
    }

    fn line(&self) -> String {
        let mut line = format!("{:FIRST_WIDTH$}", self.name);
        for cell in &self.cells {
            let (mark, colour, text) = match cell {
                Cell::Open => ("·", "2", String::new()),
                Cell::Failed => ("✗", "31", "failed".to_owned()),
                Cell::Token { took, lifetime } => {
                    let took = took.as_millis();
                    ("✓", "32", format!("{took:>4} ms, {}", rounded(*lifetime)))
                }
            };
            let width = WIDTH - 2;
            let _ = match self.table.colour {
                true => write!(line, "\x1b[{colour}m{mark}\x1b[0m {text:width$}"),
                false => write!(line, "{mark} {text:width$}"),
            };
        }
        line.trim_end().to_owned()
    }
}

/// A lifetime, as precise as it matters.
pub(crate) fn rounded(lifetime: Duration) -> String {
    match lifetime.as_secs().div_ceil(60) {
        minutes @ 0..60 => format!("{minutes} min"),
        minutes => format!("{} h", minutes / 60),
    }
}
