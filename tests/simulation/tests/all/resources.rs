//! Hosts with tokens for several resources.

use std::time::Duration;

use azid_simulation::{Proof, Report, Scenario, TroubleKind, simulate};

use crate::{DAY, HOUR, MINUTE, seed};

#[test]
fn each_resource_has_a_token_of_its_own_and_a_renewal_of_its_own() {
    for proof in Proof::ALL {
        let [one, four] = [1, 4].map(|resources| {
            let day = Scenario::new(4, DAY, proof).asking_every(4 * MINUTE / resources as u32);
            simulate(&day.asking_for(resources), seed())
        });
        one.assert_sound();
        four.assert_sound();
        let fair = one.tokens * 3..=one.tokens * 5;
        assert!(fair.contains(&four.tokens), "{proof:?}\n{one}\n{four}");
    }
}

#[test]
fn resources_that_are_asked_for_at_once_fly_side_by_side() {
    let start = Scenario::new(50, 2 * MINUTE, Proof::Secret)
        .asking_every(MINUTE / 60)
        .trouble(Duration::ZERO..MINUTE, TroubleKind::Delay(MINUTE / 3));
    let [one, four] = [1, 4].map(|resources| sound(&start.clone().asking_for(resources)));
    assert!(four.all_served <= one.all_served.map(|it| it + MINUTE / 3));
    assert_eq!(four.tokens, 4 * one.tokens, "{one}\n{four}");
}

#[test]
fn an_outage_is_followed_by_no_herd_of_all_resources_either() {
    let outage = 48 * MINUTE..108 * MINUTE;
    for proof in [Proof::Secret, Proof::Chain, Proof::Person] {
        let scenario = Scenario::new(30, 5 * HOUR / 2, proof)
            .asking_for(3)
            .trouble(outage.clone(), TroubleKind::Outage);
        let report = sound(&scenario);
        assert!(
            report
                .last_error
                .is_none_or(|it| it < outage.end + HOUR / 2),
            "{report}"
        );
    }
}

fn sound(scenario: &Scenario) -> Report {
    let report = simulate(scenario, seed());
    report.assert_sound();
    report
}
