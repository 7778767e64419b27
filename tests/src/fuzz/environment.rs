//! Variables of a process.

use std::collections::BTreeMap;

use azid_core::effect::Refusal;
use azid_core::testing::{Case, World};
use azid_core::{
    DefaultAzureCredential, Environment, EnvironmentCredential, ManagedIdentityCredential,
    WorkloadIdentityCredential,
};

use super::input::{can_be_printed, hides_what_is_plain, is_hidden, squeezed};
use crate::promises::{replays, stays_in_bounds};
use crate::watch::watch;

/// Whatever the variables hold, everything that reads them ends in an error that can be printed
/// when the host refuses all that is asked, and asks nobody whom they do not name.
///
/// The input is a line for each variable: its number among the known ones, and its value.
/// Returns whether all transcripts were compared with their replays: one is not where a variable is
/// hidden that should be plain or looks as if it were, or a secret hides a part of what is plain, or
/// the name of a person has less than four bytes.
pub fn environment_map(data: &[u8]) -> bool {
    let names: Vec<_> = Environment::known_names().collect();
    let variables = data.split(|byte| *byte == b'\n').filter_map(|line| {
        let (number, value) = line.split_first()?;
        let name = names[usize::from(*number) % names.len()];
        Some((name, String::from_utf8_lossy(value).into_owned()))
    });
    let variables: BTreeMap<_, _> = variables.collect();
    let mut are_compared = true;
    for case in [
        Case::new("default", DefaultAzureCredential::new()),
        Case::new("environment", EnvironmentCredential::new()),
        Case::new("managed identity", ManagedIdentityCredential::new()),
        Case::new("workload identity", WorkloadIdentityCredential::new()),
    ] {
        let mut case = case;
        case.environment = variables.clone().into_iter().collect();
        let mut world = World::new([]);
        let seen = watch(&case, &mut world, |_, step, world| {
            step.refuse(Refusal::NoSuchEffect, world.now())
        });
        let error = seen.outcome.result.as_ref();
        can_be_printed(error.expect_err("everything was refused"));
        stays_in_bounds(&case, &seen, &world);
        let transcript = seen.transcript();
        let mut variables = variables.iter();
        let is_unknown = |(name, value): (&&str, &String)| {
            is_hidden(name, value, transcript) || is_short(name, value) || is_placeholder(value)
        };
        let is_known = !variables.any(is_unknown) && !hides_what_is_plain(transcript);
        if is_known {
            replays(transcript);
        }
        are_compared &= is_known;
    }
    are_compared
}

/// Whether it has what a recording puts in the place of a secret.
fn is_placeholder(value: &str) -> bool {
    value.to_ascii_lowercase().contains("redacted-")
}

/// Whether it is a name that is too short to be looked for in the URL that it is a part of.
fn is_short(name: &str, value: &str) -> bool {
    name == "AZURE_USERNAME" && squeezed(value).len() < 4
}
