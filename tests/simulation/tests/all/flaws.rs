//! Each invariant breaks when hosts are made to do what it forbids, and holds when they are not.

use azid_simulation::Flaw::{self, *};
use azid_simulation::Invariant::{self, *};
use azid_simulation::{Proof, Report, Scenario, TroubleKind, Violation, simulate};

use crate::{HOUR, MINUTE, SECOND, seed};

/// What breaks when hosts have a flaw, and in which world.
type Break = (Invariant, Flaw, fn() -> Scenario);

const BREAKS: [Break; 14] = [
    (NoErrorBesideAToken, ForgetsTokens, outage),
    (NoErrorBesideAToken, TellsOfFailedRefreshes, outage),
    (NoWaitBesideAToken, WaitsForRefreshes, calm),
    (NoExpiredToken, KeepsExpiredTokens, outage),
    (NoRejectedToken, IgnoresRejections, challenges),
    (EveryCallerIsAnswered, LosesCallers, outage),
    (CalmHour, ForgetsTokens, outage),
    (AnyHour, TriesAgainAtOnce, storm),
    (OneFlightForAKey, FliesAlone, outage),
    (OneFlightInALane, IgnoresLanes, people),
    (OnePrompt, IgnoresLanes, people),
    (OnePrompt, ForgetsWhatItLearned, people),
    (WinnerAlone, ForgetsWhatItLearned, chains),
    (NoHerd, ActsInStep, outage),
];

#[test]
fn every_invariant_breaks_when_hosts_have_the_flaw_that_it_is_about() {
    for (invariant, flaw, world) in BREAKS {
        let report = simulate(&world().flawed(flaw), seed());
        assert!(breaks(&report, invariant), "{flaw:?}: {report}");
    }
    for invariant in Invariant::ALL {
        assert!(BREAKS.iter().any(|(it, _, _)| *it == invariant));
    }
}

/// Each of those who wait gets a good token at last.
#[test]
fn whoever_waits_for_a_renewal_is_noticed_though_nothing_else_is_amiss() {
    let report = simulate(&calm().flawed(WaitsForRefreshes), seed());
    let broken = |it: &Violation| it.invariant == NoWaitBesideAToken;
    assert!(report.violations.iter().all(broken), "{report}");
}

#[test]
fn hosts_without_a_flaw_break_none_in_the_same_scenarios() {
    for world in [calm, outage, storm, challenges, people, chains] {
        simulate(&world(), seed()).assert_sound();
    }
}

#[test]
#[should_panic(expected = "AZID_SIMULATION_SEED=7")]
fn whoever_breaks_one_is_told_the_seed() {
    simulate(&outage().flawed(ForgetsTokens), 7).assert_sound();
}

fn calm() -> Scenario {
    Scenario::new(10, 2 * HOUR, Proof::Secret)
}

fn outage() -> Scenario {
    long(TroubleKind::Outage)
}

/// Answers that come quickly let a host ask most.
fn storm() -> Scenario {
    long(TroubleKind::Storm(1.0))
}

fn challenges() -> Scenario {
    Scenario::new(10, HOUR / 2, Proof::Secret)
        .asking_every(MINUTE)
        .trouble(10 * MINUTE..20 * MINUTE, TroubleKind::Challenges)
}

/// Who asks often wants both tokens while the person still types.
fn people() -> Scenario {
    Scenario::new(5, HOUR / 2, Proof::Person)
        .asking_every(10 * SECOND)
        .asking_for(2)
}

fn chains() -> Scenario {
    Scenario::new(10, 2 * HOUR, Proof::Chain).asking_every(MINUTE)
}

/// From before the first tokens are renewed.
fn long(kind: TroubleKind) -> Scenario {
    Scenario::new(40, 3 * HOUR, Proof::Secret)
        .asking_every(MINUTE)
        .trouble(HOUR / 2..2 * HOUR, kind)
}

fn breaks(report: &Report, invariant: Invariant) -> bool {
    let mut violations = report.violations.iter();
    violations.any(|violation| violation.invariant == invariant)
}
