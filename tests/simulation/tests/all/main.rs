//! Years, fleets, and proofs that what they are held to can be broken.

mod chains;
mod challenges;
mod flaws;
mod fleets;
mod people;
mod proofs;
mod resources;
mod seeds;
mod years;

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where the seed is that a test which failed has printed.
const VARIABLE: &str = "AZID_SIMULATION_SEED";

/// The seed of the day's simulations: the one in the environment, or always the same.
#[expect(
    clippy::print_stdout,
    reason = "what a test has printed is shown if it fails, at whatever assertion"
)]
fn seed() -> u64 {
    let seed = std::env::var(VARIABLE).map_or(1, |seed| {
        seed.parse()
            .unwrap_or_else(|_| panic!("{VARIABLE} is a whole number"))
    });
    println!("to see it again: {VARIABLE}={seed}");
    seed
}
