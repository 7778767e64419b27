//! A fleet of hosts on one virtual clock, in a world that goes wrong by a seed.
#![doc = include_str!("../README.md")]

mod bounds;
mod caller;
mod directory;
mod flaw;
mod fleet;
mod flying;
mod host;
mod invariants;
mod judge;
mod proofs;
mod provider;
mod queue;
mod random;
mod report;
mod resource;
mod scenario;
mod services;
mod trace;
mod troubles;

use std::time::Duration;

pub use self::bounds::{Bounds, Peak};
pub use self::flaw::Flaw;
pub use self::invariants::{Invariant, Violation};
pub use self::report::Report;
pub use self::scenario::{Proof, Scenario, Trouble, TroubleKind};

/// What every secret of a simulation begins with, so that it is seen where it must not be.
pub use self::proofs::CANARY;

/// Simulates a scenario. The same seed gives the same events in the same order.
pub fn simulate(scenario: &Scenario, seed: u64) -> Report {
    simulate_and_tell(scenario, seed, |_| ())
}

/// The same, and tells at each event how far it is in the scenario's time.
pub fn simulate_and_tell(scenario: &Scenario, seed: u64, tell: impl FnMut(Duration)) -> Report {
    fleet::Fleet::new(scenario, seed).run(tell)
}
