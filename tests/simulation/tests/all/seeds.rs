//! A seed is all that it takes to see something again.

use std::env;
use std::panic;
use std::process::Command;

use azid_simulation::{Flaw, Proof, Report, Scenario, TroubleKind, simulate};

use crate::{DAY, HOUR, MINUTE, VARIABLE, seed};

#[test]
fn the_same_seed_gives_the_same_events_in_the_same_order() {
    for proof in Proof::ALL {
        let first = fortnight(proof, seed());
        let second = fortnight(proof, seed());
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.per_second, second.per_second);
    }
}

#[test]
fn another_seed_gives_other_events() {
    let [first, second] = [0, 1].map(|more| fortnight(Proof::Secret, seed().wrapping_add(more)));
    assert_ne!(first.trace, second.trace);
}

/// A test that fails says `AZID_SIMULATION_SEED=…`, whichever assertion it is; whoever sets that sees the same failure at the
/// same moment, in a process of its own.
#[test]
fn the_seed_that_a_failure_prints_reproduces_it_in_another_process() {
    const FAILS: &str = "seeds::the_seed_that_a_failure_prints_reproduces_it_in_another_process";
    const INNER: &str = "AZID_SIMULATION_REPRODUCES";
    let broken = Scenario::new(10, HOUR, Proof::Secret)
        .asking_every(MINUTE)
        .trouble(HOUR / 2..HOUR, TroubleKind::Outage)
        .flawed(Flaw::ForgetsTokens);
    if env::var_os(INNER).is_some() {
        let report = simulate(&broken, seed());
        println!("trace {}", report.trace);
        assert_ne!(report.seed, 90_127);
        return report.assert_sound();
    }
    let report = simulate(&broken, 90_125);
    let failed = panic::catch_unwind(|| report.assert_sound()).expect_err("it is not sound");
    let said = failed.downcast_ref::<String>().expect("a message");
    let (_, printed) = said.rsplit_once(&format!("{VARIABLE}=")).expect("a seed");
    let again = |seed: &str| {
        let mut test = Command::new(env::current_exe().expect("this program"));
        test.args([FAILS, "--exact"])
            .env(INNER, "yes")
            .env(VARIABLE, seed);
        let ended = test.output().expect("it runs again");
        assert!(!ended.status.success());
        let said = [ended.stdout, ended.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    };
    let same = again(printed);
    assert!(
        same.contains(&format!("trace {}\n", report.trace)),
        "{same}"
    );
    assert!(same.contains(said), "{same}\nis not\n{said}");
    let other = again("90126");
    assert!(
        !other.contains(&report.violations[0].to_string()),
        "{other}"
    );
    let bare = again("90127");
    assert!(bare.contains(&format!("{VARIABLE}=90127")), "{bare}");
}

fn fortnight(proof: Proof, seed: u64) -> Report {
    let fortnight = Scenario::new(2, 14 * DAY, proof)
        .asking_every(DAY / 150)
        .asking_for(2)
        .with_ordinary_troubles(seed);
    let report = simulate(&fortnight, seed);
    report.assert_sound();
    report
}
