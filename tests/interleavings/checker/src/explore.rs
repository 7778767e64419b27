//! A scenario, under many schedules.

use std::env;
use std::panic::Location;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// Runs a scenario under many schedules and says how many there were: half of them random step by
/// step, half of them with few preemptions at random places, which finds what needs a long
/// undisturbed stretch.
///
/// `AZID_SCHEDULES` says how many instead. A schedule that fails is printed, for `shuttle::replay`.
#[track_caller]
pub fn explore(scenario: impl Fn() + Copy + Send + Sync + 'static) {
    let most = env::var("AZID_SCHEDULES").ok();
    let most = most.map_or(SCHEDULES, |most| {
        most.parse().expect("a number of schedules")
    });
    let half = most.div_ceil(2);
    let run = Runner::new(RandomScheduler::new(half), config()).run(scenario)
        + Runner::new(PctScheduler::new(PREEMPTIONS, half), config()).run(scenario);
    println!("{run} schedules of {}", Location::caller());
}

const SCHEDULES: usize = 1000;
const PREEMPTIONS: usize = 4;

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 512 * 1024; // runs are not optimised
    config.silence_warnings = true; // statics of a schedule end with it, as they should
    config
}
