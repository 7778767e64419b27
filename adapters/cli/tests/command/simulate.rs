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
    let drawn = simulated(&["--by", "chain", "--faults", "storm", "--faults", "loss"]);
    let again = drawn.output.lines().last().expect("the command for that");
    let again: Vec<_> = again.split(' ').collect();
    assert_eq!(again[..2], ["azid", "simulate"]);
    assert_eq!(azid(&again[1..], &[]).output, drawn.output);
}

#[test]
fn what_was_not_put_to_the_test_is_not_said_to_hold() {
    let verdicts = |world: &[&str]| {
        let ended = simulated(&[&["--seed", "5"], world].concat());
        let untested = |line: &&str| line.ends_with(" (not put to the test)");
        let lines = ended.output.lines().filter(untested);
        lines.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    // Nothing goes wrong, and nobody is ever asked for anything.
    let calm = verdicts(&["--faults", "none"]);
    let days = verdicts(&["--by", "certificate", "--faults", "outage"]);
    let person = verdicts(&["--by", "device-code", "--resources", "2"]);
    for (world, invariant, is_tested) in [
        (&calm, "Nobody is asked to sign in", false),
        (&calm, "After an outage", false),
        (&calm, "once a link of its chain", false),
        (&calm, "gets an error while the host holds", false),
        (&calm, "Every caller is answered", true),
        (&calm, "in any hour", true),
        (&days, "a token that has expired", false),
        (&days, "gets an error while the host holds", false),
        (&person, "Nobody is asked to sign in", true),
        (&person, "After the outage", true),
        (&person, "a token that has expired", true),
    ] {
        assert_eq!(
            !world.contains(invariant),
            is_tested,
            "{invariant}: {world}"
        );
    }
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
        let untested = ended.output.matches(" (not put to the test)\n").count();
        assert_eq!(holds + untested, 12, "{by}: {}", ended.output);
        assert!(holds >= 3, "{by}: {}", ended.output);
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
        let said = drawing.join(" ");
        assert!(
            said.starts_with("requests in the busiest second "),
            "{said}"
        );
        assert!(said.contains("× is where things go wrong"), "{said}");
        let lines = if fits < 46 { 12..=15 } else { 11..=11 };
        assert!(lines.contains(&drawing.len()), "{}", ended.output);
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
