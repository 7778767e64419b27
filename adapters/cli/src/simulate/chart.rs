//! The drawing of a simulation.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::ops::Range;
use std::time::Duration;

use azid_simulation::{Report, Scenario};

/// The busiest second of each column's time, as bars of eighths of a line.
pub(super) struct Chart {
    columns: Vec<u32>,
    span: Duration,
    trouble: Option<Range<Duration>>,
}

impl Chart {
    const LINES: u32 = 8;
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

    /// What the numbers at the left take.
    const MARGIN: usize = 8;

    pub(super) fn new(scenario: &Scenario, report: &Report) -> Self {
        let width = terminal_width().saturating_sub(Self::MARGIN).max(10);
        let mut columns = vec![0; width];
        for (second, count) in &report.per_second {
            let column = column(Duration::from_secs(*second), scenario.span, width);
            columns[column] = columns[column].max(*count);
        }
        Self {
            columns,
            span: scenario.span,
            trouble: scenario.troubles.first().map(|it| it.during.clone()),
        }
    }

    pub(super) fn text(&self, has_colours: bool) -> String {
        let most = self
            .columns
            .iter()
            .copied()
            .max()
            .unwrap_or_default()
            .max(1);
        let mut text = self.wrapped("requests in the busiest second");
        for line in (0..Self::LINES).rev() {
            let number = match line + 1 {
                Self::LINES => most.to_string(),
                _ => String::new(),
            };
            let _ = write!(text, "{number:>6} ");
            let eighths = |count: u32| {
                let all = (u64::from(count) * u64::from(Self::LINES) * 8).div_ceil(most.into());
                all.saturating_sub(u64::from(line) * 8).min(8) as usize
            };
            let bars = self
                .columns
                .iter()
                .map(|count| Self::EIGHTHS[eighths(*count)]);
            let bars: String = bars.collect();
            let bars = bars.trim_end();
            match has_colours && !bars.is_empty() {
                true => _ = writeln!(text, "\x1b[36m{bars}\x1b[0m"),
                false => _ = writeln!(text, "{bars}"),
            }
        }
        text + &self.axis()
    }

    /// Where the trouble is, and how long it all takes.
    fn axis(&self) -> String {
        let width = self.columns.len();
        let marked = self.trouble.as_ref().map_or(0..0, |during| {
            column(during.start, self.span, width)..column(during.end, self.span, width)
        });
        let mark = |at: usize| if marked.contains(&at) { '×' } else { '─' };
        let line: String = (0..width).map(mark).collect();
        let end = format!("{} h", self.span.as_secs() / 3600);
        let room = width.saturating_sub(end.len());
        let legend = "× is where things go wrong";
        let (begin, below) = match self.trouble {
            Some(_) if legend.chars().count() + 6 <= room => {
                (format!("0 h, {legend}"), String::new())
            }
            Some(_) => ("0 h".to_owned(), self.wrapped(legend)),
            None => ("0 h".to_owned(), String::new()),
        };
        format!("       {line}\n       {begin:room$}{end}\n{below}")
    }

    /// A text in lines that are no longer than the drawing's.
    fn wrapped(&self, text: &str) -> String {
        let most = self.columns.len() + Self::MARGIN - 1;
        let mut lines = String::new();
        let mut width = 0;
        for word in text.split(' ') {
            let longer = word.chars().count() + 1;
            match width {
                0 => width = longer - 1,
                _ if width + longer > most => {
                    lines.push('\n');
                    width = longer - 1;
                }
                _ => {
                    lines.push(' ');
                    width += longer;
                }
            }
            lines.push_str(word);
        }
        lines + "\n"
    }
}

fn column(at: Duration, span: Duration, width: usize) -> usize {
    let share = at.as_secs_f64() / span.as_secs_f64();
    ((share * width as f64) as usize).min(width - 1)
}

/// How many columns there are to draw in; 80 where nobody says.
fn terminal_width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
    let output = std::io::stdout();
    #[cfg(unix)]
    let seen = || rustix::termios::tcgetwinsize(&output).map_or(0, |size| size.ws_col.into());
    #[cfg(not(unix))]
    let seen = || 0;
    let seen = if output.is_terminal() { seen() } else { 0 };
    told.or((seen > 0).then_some(seen))
        .unwrap_or(80)
        .clamp(20, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_fills_its_column_and_the_trouble_is_marked() {
        let chart = Chart {
            columns: vec![0, 1, 16, 8],
            span: Duration::from_secs(4 * 3600),
            trouble: Some(Duration::from_secs(3600)..Duration::from_secs(2 * 3600)),
        };
        let text = chart.text(false);
        let lines: Vec<_> = text.lines().collect();
        let top = lines.iter().position(|line| *line == "    16   █");
        let top = top.expect("the busiest second");
        assert_eq!(lines[top + 7], "        ▄██");
        assert_eq!(lines[top + 8], "       ─×──");
        assert!(!text.contains('\x1b') && chart.text(true).contains('\x1b'));
    }
}
