//! How much a host and a fleet may ask at most, worked out from what core promises.
//!
//! | bound | why |
//! |---|---|
//! | requests of a host in a calm hour | An hour's token is due 300 s before its end, and up to 300 s earlier at random: at the earliest 2,999 s after it was got, so three do not fit into an hour. A day's token is due at half its life, less 300 s |
//! | requests of a host in any hour | A question starts one run at most, and a run has so many tries. A run that uses them all takes at least the sum of its pauses, less their random share, and one that meets both of the metadata service's rules has the tries and the pauses of both; one that a refusal ends earlier has one try, or two where the proof is read again |
//! | a caller's wait | One run: no try begins later than the policy's budget, and the last may take its time limit; twice that where the proof is read again |
//! | requests of the fleet in a second after an outage | In an outage each question costs a run of all its tries. When it is over, each run ends with its next try. So the mean is no more than the outage's own. Independent runs, of which each sends two in a second at most, exceed it by no more than five standard deviations and one run |

use std::time::Duration;

use crate::{Proof, Scenario, TroubleKind};

/// What a fleet must not exceed.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Requests that a host sends in an hour in which nothing went wrong for it.
    pub calm_hour: usize,
    /// Requests that a host sends in any hour.
    pub any_hour: usize,
    /// How long a caller waits.
    pub wait: Duration,
    /// Requests of the whole fleet in any second after the end of the last outage.
    pub after_outage: Option<Peak>,
}

/// A bound on requests in a second.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// From when on it holds.
    pub from: Duration,
    /// How many requests.
    pub per_second: usize,
}

/// The retries of one run.
struct Tries {
    most: f64,
    shortest: Duration,
    /// The same for a run whose answers fall under one rule after the other, until all are used up.
    of_all_rules: (f64, Duration),
    refused: f64,
}

impl Bounds {
    /// The bounds of a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let tries = Tries::of(scenario.proof);
        let hour = 3600.0;
        let questions = hour / (scenario.asks_every.as_secs_f64() / 2.0) + 1.0;
        let exhausted = |most: f64, shortest: Duration| {
            let runs = hour / shortest.as_secs_f64() + 1.0;
            most * questions.min(runs)
        };
        let (most, shortest) = tries.of_all_rules;
        let exhausted = exhausted(tries.most, tries.shortest).max(exhausted(most, shortest));
        Self {
            calm_hour: match scenario.proof {
                Proof::Secret => 2,
                Proof::Certificate | Proof::ManagedIdentity => 1,
            },
            any_hour: exhausted.max(tries.refused * questions) as usize,
            wait: Duration::from_secs(2 * 90 + 1),
            after_outage: after_outage(scenario, &tries),
        }
    }
}

fn after_outage(scenario: &Scenario, tries: &Tries) -> Option<Peak> {
    let outages = scenario.troubles.iter();
    let from = outages
        .filter(|it| it.kind == TroubleKind::Outage)
        .map(|it| it.during.end)
        .max()?;
    let run = scenario.asks_every.max(tries.shortest).as_secs_f64();
    let mean = scenario.hosts as f64 * tries.most / run;
    let per_second = (mean + 5.0 * (2.0 * mean).sqrt() + 2.0).ceil() as usize;
    Some(Peak { from, per_second })
}

impl Tries {
    fn of(proof: Proof) -> Self {
        match proof {
            Proof::Secret | Proof::Certificate => Self {
                most: 4.0,
                shortest: Duration::from_millis((800 + 1600 + 3200) * 3 / 4),
                of_all_rules: (4.0, Duration::from_millis((800 + 1600 + 3200) * 3 / 4)),
                refused: 2.0,
            },
            Proof::ManagedIdentity => Self {
                most: 6.0,
                shortest: Duration::from_millis(800 + 1600 + 3200 + 6400 + 12_800),
                of_all_rules: (10.0, Duration::from_millis(24_800 + 75_000)),
                refused: 1.0,
            },
        }
    }
}
