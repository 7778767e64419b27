//! `azid simulate`: its drawing, its verdict, and the seed that gives the same again.

#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

use crate::support::{Ended, azid};

const SMALL: [&str; 7] = [
    "simulate", "--hosts", "20", "--hours", "3", "--every", "300",
];

#[test]
fn a_seed_gives_the_same_output_again_and_another_seed_another() {
    let first = simulated(&["--seed", "7"]);
    assert_eq!(first.output, simulated(&["--seed", "7"]).output);
    assert_ne!(first.output, simulated(&["--seed", "8"]).output);
    let drawn = simulated(&[]);
    let (_, seed) = drawn.output.trim_end().rsplit_once(' ').expect("a seed");
    assert_eq!(drawn.output, simulated(&["--seed", seed]).output);
}

#[test]
fn every_world_is_drawn_with_what_holds_in_it() {
    for (by, faults) in [
        ("secret", ["outage", "throttling", "storm"]),
        ("certificate", ["rotation", "challenges", "delay"]),
        ("managed-identity", ["metadata-restarts", "loss", "clocks"]),
        ("chain", ["metadata-outage", "restarts", "none"]),
        ("device-code", ["revocation", "none", "none"]),
    ] {
        let faults = faults.iter().flat_map(|fault| ["--faults", fault]);
        let world: Vec<_> = ["--seed", "3", "--resources", "2", "--by", by]
            .into_iter()
            .chain(faults)
            .collect();
        let ended = simulated(&world);
        assert!(ended.output.contains('█'), "{by}: {}", ended.output);
        let holds = ended.output.matches("\nholds   ").count();
        assert_eq!(holds, 11, "{by}: {}", ended.output);
    }
}

#[test]
fn a_world_that_there_is_not_is_wrong_usage() {
    for (option, value, known) in [
        ("--faults", "magic", "metadata-restarts"),
        ("--by", "magic", "managed-identity"),
        ("--resources", "5", "1..=4"),
        ("--hosts", "0", "1..=100000"),
        ("--hours", "8761", "1..=8760"),
        ("--seed", "first", "invalid digit"),
    ] {
        let ended = azid(&["simulate", option, value], &[]);
        assert_eq!((ended.code, &*ended.output), (2, ""), "{}", ended.errors);
        let names_both = ended.errors.contains(option) && ended.errors.contains(known);
        assert!(names_both, "{}", ended.errors);
    }
}

#[test]
fn the_drawing_fits_into_the_columns_that_there_are() {
    for (columns, fits) in [
        ("20", 20),
        ("32", 32),
        ("46", 46),
        ("200", 200),
        ("7", 20),
        ("wide", 80),
    ] {
        let variables = [("COLUMNS".to_owned(), columns.to_owned())];
        let ended = azid(&[&SMALL[..], &["--seed", "7"]].concat(), &variables);
        let drawing: Vec<_> = ended
            .output
            .split("\n\n")
            .next()
            .expect("it")
            .lines()
            .collect();
        assert_eq!(drawing.len(), 1 + 8 + 2, "{}", ended.output);
        let widest = drawing.iter().map(|line| line.chars().count()).max();
        // The axis leaves one column free.
        assert_eq!(widest, Some(fits - 1), "{}", ended.output);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_a_drawing_in_colour_and_may_decline_it() {
    let on_terminal = |variables: &[(&str, &str)]| {
        let mut script = Command::new("/usr/bin/script");
        script
            .args(["--quiet", "--return", "--command"])
            .arg(format!(
                "{} {} --seed 7",
                env!("CARGO_BIN_EXE_azid"),
                SMALL.join(" ")
            ))
            .arg("/dev/null")
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        let ended = script.output().expect("it is part of every Linux");
        assert_eq!(ended.status.code(), Some(0));
        String::from_utf8(ended.stdout)
            .expect("text")
            .replace("\r\n", "\n")
    };
    let xterm = ("TERM", "xterm");
    let coloured = on_terminal(&[xterm]);
    assert!(coloured.contains("\x1b[36m"), "{coloured}");
    let plain = simulated(&["--seed", "7"]).output;
    assert!(!plain.contains('\x1b'), "no colours in a pipe");
    for declined in [
        [xterm, ("NO_COLOR", "1")],
        [("TERM", "dumb"), ("NO_COLOR", "")],
    ] {
        assert_eq!(on_terminal(&declined), plain);
    }
}

/// The output for a small fleet in which every promise held.
fn simulated(more: &[&str]) -> Ended {
    let ended = azid(&[&SMALL[..], more].concat(), &[]);
    assert_eq!((ended.code, &*ended.errors), (0, ""), "{}", ended.output);
    ended
}
