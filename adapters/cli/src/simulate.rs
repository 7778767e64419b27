//! `azid simulate`: a fleet of hosts in a world that goes wrong, drawn as requests over time.

mod chart;
mod progress;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azid_simulation::{Invariant, Proof, Scenario, TroubleKind, simulate_and_tell};
use clap::{Args, ValueEnum};

use crate::{Problem, output};
use chart::Chart;
use progress::Progress;

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

/// A seed short enough to be typed again.
fn some_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| u64::from(since.subsec_nanos()) % 1_000_000)
}
