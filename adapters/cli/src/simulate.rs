//! `azid simulate`: a fleet of hosts in a world that goes wrong, drawn as requests over time.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use azid_simulation::{Invariant, Proof, Report, Scenario, TroubleKind, simulate_and_tell};
use clap::{Args, ValueEnum};

use crate::{Problem, output};

#[derive(Args)]
pub(crate) struct Options {
    /// How many hosts there are.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    hosts: u32,
    /// How many hours it goes on.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=8760))]
    hours: u32,
    /// What goes wrong for the second quarter of that time; may be given more than once.
    #[arg(long, value_name = "FAULT", default_value = "outage")]
    faults: Vec<Faults>,
    /// By what the hosts get their tokens.
    #[arg(long, default_value = "secret")]
    by: By,
    /// For how many resources they have tokens.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4))]
    resources: u32,
    /// How many seconds lie between two questions of a host's callers.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    every: u32,
    /// The number from which all chance is drawn: the same gives the same again.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Faults {
    /// Nothing.
    None,
    /// Nobody answers.
    Outage,
    /// One in fifty hosts is answered each second; the others are to come back after 30 s.
    Throttling,
    /// Four of five requests get a 5xx.
    Storm,
    /// Half of the connections end before the answer.
    Loss,
    /// Answers take up to 45 s.
    Delay,
    /// Clocks jump by up to an hour.
    Clocks,
    /// Every program is started anew.
    Restarts,
    /// Every metadata service is started anew.
    MetadataRestarts,
    /// Every metadata service is away.
    MetadataOutage,
    /// Services accept no token any more that was issued before a moment.
    Challenges,
    /// Every refresh token is revoked.
    Revocation,
    /// The secret or certificate changes.
    Rotation,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// A client secret.
    Secret,
    /// A certificate.
    Certificate,
    /// The managed identity of a virtual machine.
    ManagedIdentity,
    /// A chain: the managed identity, which every other host has, and else a secret.
    Chain,
    /// A person who types a code, once on each host.
    DeviceCode,
}

pub(crate) fn run(options: &Options) -> Result<(), Problem> {
    let seed = options.seed.unwrap_or_else(some_seed);
    let scenario = scenario(options);
    let mut progress = Progress::of(scenario.span);
    let report = simulate_and_tell(&scenario, seed, |at| progress.is_at(at));
    progress.end();
    let text = Chart::new(&scenario, &report).text(output::has_colours());
    output::text(&text)?;
    output::line(&format!("\n{}\n", report.summary()))?;
    for invariant in Invariant::ALL {
        let broken = report
            .violations
            .iter()
            .find(|it| it.invariant == invariant);
        let sentence = invariant.sentence(&report.bounds);
        output::line(&match broken {
            Some(violation) => format!("BROKEN  {sentence}\n        {violation}"),
            None if report.occasions.contains_key(&invariant) => format!("holds   {sentence}"),
            None => format!("–       {sentence} (not put to the test)"),
        })?;
    }
    output::line(&format!("\nthe same again:\n{}", options.command(seed)))?;
    if report.violations.is_empty() {
        return Ok(());
    }
    Err(Problem::failed("an invariant does not hold"))
}

impl Options {
    /// The command that gives the same again.
    fn command(&self, seed: u64) -> String {
        let Self {
            hosts,
            hours,
            resources,
            every,
            ..
        } = self;
        let faults = self.faults.iter().map(name);
        let faults: String = faults.map(|it| format!(" --faults {it}")).collect();
        format!(
            "azid simulate --hosts {hosts} --hours {hours} --by {} --resources {resources} \
             --every {every}{faults} --seed {seed}",
            name(&self.by)
        )
    }
}

/// A value as the command line has it.
fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |it| it.get_name().to_owned())
}

/// How far a simulation is, on standard error where that is a terminal and it takes a while.
struct Progress {
    span: Duration,
    is_live: bool,
    start: Instant,
    percent: u128,
}

impl Progress {
    /// A simulation that is over sooner is not worth a word.
    const PATIENCE: Duration = Duration::from_secs(3);

    fn of(span: Duration) -> Self {
        Self {
            span,
            is_live: output::is_live(&io::stderr()),
            start: Instant::now(),
            percent: 0,
        }
    }

    fn is_at(&mut self, at: Duration) {
        let percent = at.as_millis() * 100 / self.span.as_millis().max(1);
        if self.is_live && percent > self.percent {
            self.percent = percent;
            let taken = self.start.elapsed();
            if taken >= Self::PATIENCE {
                output::redraw(&format!("{percent} % in {} s", taken.as_secs()));
            }
        }
    }

    fn end(&self) {
        if self.is_live && self.start.elapsed() >= Self::PATIENCE {
            output::redraw("");
        }
    }
}

fn scenario(options: &Options) -> Scenario {
    let span = Duration::from_secs(3600) * options.hours;
    let proof = match options.by {
        By::Secret => Proof::Secret,
        By::Certificate => Proof::Certificate,
        By::ManagedIdentity => Proof::ManagedIdentity,
        By::Chain => Proof::Chain,
        By::DeviceCode => Proof::Person,
    };
    let every = Duration::from_secs(options.every.into());
    let scenario = Scenario::new(options.hosts as usize, span, proof)
        .asking_every(every)
        .asking_for(options.resources as usize);
    let kinds = options
        .faults
        .iter()
        .filter_map(|fault| fault.kind(options.hosts));
    kinds.fold(scenario, |scenario, kind| {
        scenario.trouble(span / 4..span / 2, kind)
    })
}

impl Faults {
    fn kind(self, hosts: u32) -> Option<TroubleKind> {
        Some(match self {
            Self::None => return None,
            Self::Outage => TroubleKind::Outage,
            Self::Throttling => TroubleKind::Throttling {
                per_second: hosts.div_ceil(50),
                retry_after: Some(Duration::from_secs(30)),
            },
            Self::Storm => TroubleKind::Storm(0.8),
            Self::Loss => TroubleKind::Loss(0.5),
            Self::Delay => TroubleKind::Delay(Duration::from_secs(45)),
            Self::Clocks => TroubleKind::ClockJumps(Duration::from_secs(3600)),
            Self::Restarts => TroubleKind::Restarts,
            Self::MetadataRestarts => TroubleKind::MetadataRestarts,
            Self::MetadataOutage => TroubleKind::MetadataOutage,
            Self::Challenges => TroubleKind::Challenges,
            Self::Revocation => TroubleKind::Revocation,
            Self::Rotation => TroubleKind::Rotation,
        })
    }
}

/// The busiest second of each column's time, as bars of eighths of a line.
struct Chart {
    columns: Vec<u32>,
    span: Duration,
    trouble: Option<Range<Duration>>,
}

impl Chart {
    const LINES: u32 = 8;
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

    /// What the numbers at the left take.
    const MARGIN: usize = 8;

    fn new(scenario: &Scenario, report: &Report) -> Self {
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

    fn text(&self, has_colours: bool) -> String {
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

/// A seed short enough to be typed again.
fn some_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| u64::from(since.subsec_nanos()) % 1_000_000)
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
