//! Years, fleets, and proofs that what they are held to can be broken.

mod flaws;
mod fleets;
mod proofs;
mod seeds;
mod years;

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The seed of the day's simulations: the one in the environment, or always the same.
fn seed() -> u64 {
    std::env::var("AZID_SIMULATION_SEED").map_or(1, |seed| {
        seed.parse()
            .expect("AZID_SIMULATION_SEED is a whole number")
    })
}
