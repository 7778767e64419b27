//! How much a host and a fleet may ask at most, worked out from what core promises.
//!
//! | bound | why |
//! |---|---|
//! | requests of a host in a calm hour | An hour's token is due 300 s before its end, and up to 300 s earlier at random: at the earliest 2,999 s after it was got, so three do not fit into an hour. A day's token is due at half its life, less 300 s. So much for each resource |
//! | requests of a host in any hour | A question starts one run at most, and a run has so many tries. A run that uses them all takes at least the sum of its pauses, less their random share, and one that meets both of the metadata service's rules has the tries and the pauses of both; one that a refusal ends earlier has one try, or two where the proof is read again. A token that a service does not accept any more costs a second run, for the claims. Whether a person has typed a code is asked every five seconds |
//! | a caller's wait | One run: no try begins later than the policy's budget, and the last may take its time limit; twice that where the proof is read again. Where a person is asked, a code's life more. Who wants another token waits for such a run, and for one each for all other resources, if runs do not bear company; who has claims to satisfy, for the run without. Before all that may come the rest of an early renewal, which asks nobody: who joined it when the token had expired asks again if it fails |
//! | requests of the fleet in a second after an outage | In an outage each question costs a run of all its tries. When it is over, each run ends with its next try. So the mean is no more than the outage's own. Independent runs, of which each sends two in a second at most, exceed it by no more than five standard deviations and one run |

use std::time::Duration;

use crate::{Proof, Scenario, TroubleKind};

/// How often it is asked whether a person has typed a code.
const POLL_SECONDS: f64 = 5.0;

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
        let resources = scenario.resources;
        Self {
            calm_hour: match scenario.proof {
                Proof::Secret | Proof::Chain | Proof::Person => 2 * resources,
                Proof::Certificate | Proof::ManagedIdentity => resources,
            },
            any_hour: any_hour(scenario),
            wait: wait(scenario),
            after_outage: after_outage(scenario),
        }
    }
}

fn any_hour(scenario: &Scenario) -> usize {
    let tries = Tries::of(scenario.proof);
    let hour = 3600.0;
    let runs_each = if is_challenged(scenario) { 2.0 } else { 1.0 };
    let questions = runs_each * (hour / (scenario.asks_every.as_secs_f64() / 2.0) + 1.0);
    let exhausted = |most: f64, shortest: Duration| {
        let runs = hour / shortest.as_secs_f64() + 1.0;
        most * questions.min(runs * scenario.resources as f64)
    };
    let (most, shortest) = tries.of_all_rules;
    let exhausted = exhausted(tries.most, tries.shortest).max(exhausted(most, shortest));
    let polls = match scenario.proof {
        Proof::Person => hour / POLL_SECONDS,
        _ => 0.0,
    };
    (exhausted.max(tries.refused * questions) + polls) as usize
}

fn wait(scenario: &Scenario) -> Duration {
    let run = Duration::from_secs(2 * 90 + 1);
    let others = scenario.resources as u32;
    let for_claims = u32::from(is_challenged(scenario));
    let early = run;
    early
        + match scenario.proof {
            Proof::Secret | Proof::Certificate | Proof::ManagedIdentity => run * (1 + for_claims),
            Proof::Chain => run * (others + for_claims),
            Proof::Person => (run + Duration::from_secs(90 + 900)) * (others + for_claims),
        }
}

fn after_outage(scenario: &Scenario) -> Option<Peak> {
    let outages = scenario.troubles.iter();
    let from = outages
        .filter(|it| it.kind == TroubleKind::Outage)
        .map(|it| it.during.end)
        .max()?;
    let tries = Tries::of(scenario.proof);
    let run = scenario
        .asks_every
        .max(tries.shortest / scenario.resources as u32);
    let polls = match scenario.proof {
        Proof::Person => 1.0 / POLL_SECONDS,
        _ => 0.0,
    };
    let mean = scenario.hosts as f64 * (tries.most / run.as_secs_f64() + polls);
    let per_second = (mean + 5.0 * (2.0 * mean).sqrt() + 2.0).ceil() as usize;
    Some(Peak { from, per_second })
}

fn is_challenged(scenario: &Scenario) -> bool {
    let mut troubles = scenario.troubles.iter();
    troubles.any(|it| it.kind == TroubleKind::Challenges)
}

impl Tries {
    fn of(proof: Proof) -> Self {
        let entra = Duration::from_millis((800 + 1600 + 3200) * 3 / 4);
        match proof {
            Proof::Secret | Proof::Certificate => Self {
                most: 4.0,
                shortest: entra,
                of_all_rules: (4.0, entra),
                refused: 2.0,
            },
            Proof::ManagedIdentity => Self {
                most: 6.0,
                shortest: Duration::from_millis(800 + 1600 + 3200 + 6400 + 12_800),
                of_all_rules: (10.0, Duration::from_millis(24_800 + 75_000)),
                refused: 1.0,
            },
            // A probe, and then what the metadata service's rules for a chain allow.
            Proof::Chain => Self {
                most: 7.0,
                shortest: Duration::from_millis(800 + 1600),
                of_all_rules: (11.0, Duration::from_millis(24_800 + 75_000)),
                refused: 2.0,
            },
            // A refresh, and then a code.
            Proof::Person => Self {
                most: 8.0,
                shortest: entra,
                of_all_rules: (8.0, entra),
                refused: 3.0,
            },
        }
    }
}
