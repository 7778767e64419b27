//! What the counts may be: `limits.txt`, and how they are shown.

use std::fmt::Write as _;

/// A subject with its counts, each for one time.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The subject.
    pub name: &'static str,
    /// What it is compared with, or nothing.
    pub floor: &'static str,
    /// Instructions.
    pub instructions: u64,
    /// Allocations.
    pub allocations: u64,
}

/// The table, a line for each subject.
pub fn table(counted: &[Counted]) -> String {
    let mut table = format!(
        "{:<26} {:>12} {:>9} {:>11}\n",
        "subject", "instructions", "× floor", "allocations"
    );
    for subject in counted {
        let ratio = ratio(subject, counted).map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let _ = writeln!(
            table,
            "{:<26} {:>12} {:>9} {:>11}",
            subject.name, subject.instructions, ratio, subject.allocations
        );
    }
    table
}

/// Which subjects are above their limits, in words; a limit of no subject is one too.
pub fn broken(counted: &[Counted]) -> Vec<String> {
    let mut broken = Vec::new();
    for line in LIMITS
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let mut columns = line.split('|').map(str::trim);
        let (name, most_allocations, most_ratio) = (
            columns.next().unwrap_or_default(),
            columns.next().and_then(|number| number.parse::<u64>().ok()),
            columns.next().and_then(|number| number.parse::<f64>().ok()),
        );
        let subject = counted.iter().find(|subject| subject.name == name);
        let (Some(subject), Some(most_allocations), Some(most_ratio)) =
            (subject, most_allocations, most_ratio)
        else {
            broken.push(format!("the line {line:?} is of no use"));
            continue;
        };
        if subject.allocations > most_allocations {
            broken.push(format!(
                "{name}: {} allocations, {most_allocations} are allowed",
                subject.allocations
            ));
        }
        match ratio(subject, counted) {
            Some(ratio) if ratio <= most_ratio => {}
            Some(ratio) => broken.push(format!(
                "{name}: {ratio:.2} times the instructions of {:?}, {most_ratio:.2} are allowed",
                subject.floor
            )),
            None => broken.push(format!("{name}: it has no floor")),
        }
    }
    broken
}

fn ratio(subject: &Counted, counted: &[Counted]) -> Option<f64> {
    let floor = counted.iter().find(|floor| floor.name == subject.floor)?;
    Some(subject.instructions as f64 / floor.instructions as f64)
}

const LIMITS: &str = include_str!("../limits.txt");
