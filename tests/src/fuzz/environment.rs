//! Variables of a process.

use azid_core::effect::Refusal;
use azid_core::testing::{Case, World};
use azid_core::{
    DefaultAzureCredential, Environment, EnvironmentCredential, Exposure,
    ManagedIdentityCredential, WorkloadIdentityCredential,
};

use super::input::{can_be_printed, may_be_hidden};
use crate::promises::{replays, stays_in_bounds};
use crate::watch::watch;

/// Whatever the variables hold, everything that reads them ends in an error that can be printed
/// when the host refuses all that is asked, and asks nobody whom they do not name.
///
/// The input is a line for each variable: its number among the known ones, and its value.
pub fn environment_map(data: &[u8]) {
    let names: Vec<_> = Environment::known_names().collect();
    let variables = data.split(|byte| *byte == b'\n').filter_map(|line| {
        let (number, value) = line.split_first()?;
        let name = names[usize::from(*number) % names.len()];
        Some((name, String::from_utf8_lossy(value).into_owned()))
    });
    let variables: Vec<_> = variables.collect();
    for case in [
        Case::new("default", DefaultAzureCredential::new()),
        Case::new("environment", EnvironmentCredential::new()),
        Case::new("managed identity", ManagedIdentityCredential::new()),
        Case::new("workload identity", WorkloadIdentityCredential::new()),
    ] {
        let mut case = case;
        case.environment.clone_from(&variables);
        let mut world = World::new([]);
        let seen = watch(&case, &mut world, |_, step, world| {
            step.refuse(Refusal::NoSuchEffect, world.now())
        });
        let error = seen.outcome.result.as_ref();
        can_be_printed(error.expect_err("everything was refused"));
        stays_in_bounds(&case, &seen, &world);
        // A secret that is by chance a part of what is plain hides that part in the transcript, and a
        // replay knows nothing of it.
        let is_told = |(name, value): &(&str, String)| {
            may_be_hidden(value) || (is_secret(name) && seen.log.contains(value.trim()))
        };
        if !variables.iter().any(is_told) {
            replays(seen.transcript());
        }
    }
}

fn is_secret(name: &str) -> bool {
    let exposure = Environment::exposure(name);
    matches!(exposure, Some(Exposure::Secret | Exposure::Certificates))
}
