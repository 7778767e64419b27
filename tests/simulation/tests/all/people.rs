//! A person who signed in once, and whose refresh token each renewal uses up.

use std::time::Duration;

use azid_simulation::{Proof, Report, Scenario, TroubleKind, simulate};

use crate::{DAY, HOUR, MINUTE, seed};

const HOSTS: u64 = 8;

#[test]
fn one_sign_in_brings_the_tokens_of_every_resource_for_a_day() {
    let report = sound(&people(DAY).asking_for(2));
    // One in ten looks away until the code is of no use any more, and is asked again.
    assert!((HOSTS..2 * HOSTS).contains(&report.prompts), "{report}");
    assert!(report.tokens > HOSTS * 2 * 24, "{report}");
}

#[test]
fn an_outage_ends_no_sign_in() {
    let outage = 2 * HOUR..3 * HOUR;
    let scenario = people(5 * HOUR).asking_for(2);
    let calm = sound(&scenario);
    let report = sound(&scenario.trouble(outage.clone(), TroubleKind::Outage));
    assert!(report.errors > calm.errors, "{report}");
    assert!(report.prompts < 2 * HOSTS, "{report}");
    assert!(
        report.last_error < Some(outage.end + 2 * MINUTE),
        "{report}"
    );
}

#[test]
fn whose_refresh_tokens_are_revoked_is_asked_once_more_and_not_before_that() {
    let scenario = people(4 * HOUR).asking_for(2);
    let calm = sound(&scenario);
    let revoked = sound(&scenario.trouble(2 * HOUR..HOUR * 5 / 2, TroubleKind::Revocation));
    assert!((HOSTS..2 * HOSTS).contains(&calm.prompts), "{calm}");
    assert!(
        (2 * HOSTS..3 * HOSTS).contains(&revoked.prompts),
        "{revoked}"
    );
}

/// The server has taken the old refresh token back, and the new one never arrives.
#[test]
fn answers_that_are_lost_on_the_way_cost_sign_ins_and_no_promise() {
    let lost = people(6 * HOUR)
        .asking_for(2)
        .trouble(2 * HOUR..4 * HOUR, TroubleKind::Loss(0.3));
    let report = sound(&lost);
    assert!(report.prompts > 2 * HOSTS, "{report}");
    assert!(report.last_error < Some(5 * HOUR), "{report}");
}

fn people(span: Duration) -> Scenario {
    Scenario::new(HOSTS as usize, span, Proof::Person).asking_every(2 * MINUTE)
}

fn sound(scenario: &Scenario) -> Report {
    let report = simulate(scenario, seed());
    report.assert_sound();
    report
}
