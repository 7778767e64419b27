//! Each invariant breaks when hosts are made to do what it forbids, and holds when they are not.

use azid_simulation::{Flaw, Invariant, Proof, Report, Scenario, TroubleKind, simulate};

use crate::{HOUR, MINUTE, seed};

#[test]
fn every_invariant_breaks_when_hosts_have_the_flaw_that_it_is_about() {
    use Invariant::*;
    let flaws = [
        (NoErrorBesideAToken, Flaw::ForgetsTokens),
        (NoErrorBesideAToken, Flaw::TellsOfFailedRefreshes),
        (NoExpiredToken, Flaw::KeepsExpiredTokens),
        (EveryCallerIsAnswered, Flaw::LosesCallers),
        (CalmHour, Flaw::ForgetsTokens),
        (AnyHour, Flaw::TriesAgainAtOnce),
        (OneRequestAtATime, Flaw::FliesAlone),
        (NoHerd, Flaw::ActsInStep),
    ];
    for (invariant, flaw) in flaws {
        // Answers that come quickly let a host ask most.
        let kind = match invariant {
            AnyHour => TroubleKind::Storm(1.0),
            _ => TroubleKind::Outage,
        };
        let report = simulate(&long(kind).flawed(flaw), seed());
        assert!(breaks(&report, invariant), "{flaw:?}: {report}");
    }
    for invariant in Invariant::ALL {
        assert!(flaws.iter().any(|(it, _)| *it == invariant));
    }
}

#[test]
fn hosts_without_a_flaw_break_none_in_the_same_scenarios() {
    for kind in [TroubleKind::Storm(1.0), TroubleKind::Outage] {
        simulate(&long(kind), seed()).assert_sound();
    }
}

#[test]
#[should_panic(expected = "AZID_SIMULATION_SEED=7")]
fn whoever_breaks_one_is_told_the_seed() {
    simulate(&long(TroubleKind::Outage).flawed(Flaw::ForgetsTokens), 7).assert_sound();
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
