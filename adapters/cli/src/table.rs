//! A table that fills as its cells come in: drawn anew in place on a terminal, line by line
//! elsewhere.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
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
    rows: Vec<&'static str>,
    columns: [String; 3],
    cells: Vec<[Cell; 3]>,
    live: bool,
    colour: bool,
}

// Together no more than the 80 columns of a terminal: a line that wraps could not be redrawn.
const FIRST_WIDTH: usize = 19;
const WIDTH: usize = 19;

impl Table {
    pub(crate) fn new(rows: Vec<&'static str>, columns: [String; 3]) -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let live = io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|it| it != "dumb");
        Self {
            cells: vec![[Cell::Open; 3]; rows.len()],
            rows,
            columns,
            live,
            colour: live && !is_set("NO_COLOR"),
        }
    }

    /// Draws the empty table.
    pub(crate) fn begin(&self) -> Result<(), Problem> {
        let mut heading = format!("{:FIRST_WIDTH$}", "");
        for column in &self.columns {
            let _ = write!(heading, "{column:WIDTH$}");
        }
        output::line(heading.trim_end())?;
        if self.live {
            output::line(&self.body())
        } else {
            Ok(())
        }
    }

    /// Fills a cell, and shows that.
    pub(crate) fn set(&mut self, row: usize, column: usize, cell: Cell) -> Result<(), Problem> {
        self.cells[row][column] = cell;
        if self.live {
            let up = self.rows.len();
            return output::line(&format!("\x1b[{up}A\r{}", self.body()));
        }
        if column + 1 == self.columns.len() {
            return output::line(&self.line(row));
        }
        Ok(())
    }

    fn body(&self) -> String {
        let lines: Vec<_> = (0..self.rows.len()).map(|row| self.line(row)).collect();
        lines.join("\n")
    }

    fn line(&self, row: usize) -> String {
        let mut line = format!("{:FIRST_WIDTH$}", self.rows[row]);
        for cell in &self.cells[row] {
            let (mark, colour, text) = match cell {
                Cell::Open => ("·", "2", String::new()),
                Cell::Failed => ("✗", "31", "failed".to_owned()),
                Cell::Token { took, lifetime } => {
                    let took = took.as_millis();
                    ("✓", "32", format!("{took:>4} ms, {}", rounded(*lifetime)))
                }
            };
            let width = WIDTH - 2;
            let _ = match self.colour {
                true => write!(line, "\x1b[{colour}m{mark}\x1b[0m {text:width$}"),
                false => write!(line, "{mark} {text:width$}"),
            };
        }
        line.trim_end().to_owned()
    }
}

fn rounded(lifetime: Duration) -> String {
    match lifetime.as_secs() / 60 {
        minutes @ 0..60 => format!("{minutes} min"),
        minutes => format!("{} h", minutes / 60),
    }
}
