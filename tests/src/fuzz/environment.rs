//! Variables of a process.

use std::borrow::Cow;
use std::cell::LazyCell;

use azid_core::effect::Refusal;
use azid_core::testing::{Case, World};
use azid_core::{
    DefaultAzureCredential, Environment, EnvironmentCredential, Exposure,
    ManagedIdentityCredential, WorkloadIdentityCredential,
};
use percent_encoding::percent_decode_str;

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
        let told = LazyCell::new(|| letters_in(&seen.log));
        let is_told = |(name, value): &(&str, String)| {
            let is_escaped = value.contains(['&', '\\']);
            is_escaped
                || may_be_hidden(value)
                || (is_secret(name) && told.contains(&letters_in(value)))
        };
        if !variables.iter().any(is_told) {
            replays(seen.transcript());
        }
    }
}

/// What a text says, however it is written there: without blanks, signs and what `Debug` escapes, and
/// in small letters.
fn letters_in(text: &str) -> String {
    let mut text = text.to_owned();
    while let Cow::Owned(decoded) = percent_decode_str(&text).decode_utf8_lossy() {
        if decoded == text {
            break;
        }
        text = decoded;
    }
    let mut letters = String::new();
    for (place, part) in text.split('\\').enumerate() {
        let escape = match part.strip_prefix("u{").and_then(|code| code.find('}')) {
            _ if place == 0 => 0,
            Some(end) => end + "u{}".len(),
            None => part.chars().next().map_or(0, char::len_utf8),
        };
        letters.extend(part[escape..].chars().flat_map(char::to_lowercase));
    }
    letters.retain(char::is_alphanumeric);
    letters
}

fn is_secret(name: &str) -> bool {
    let exposure = Environment::exposure(name);
    matches!(exposure, Some(Exposure::Secret | Exposure::Certificates))
}
