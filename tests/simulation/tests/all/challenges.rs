//! Services that accept a token no longer which has not expired.

use azid_simulation::{Proof, Report, Scenario, TroubleKind, simulate};

use crate::{HOUR, MINUTE, SECOND, seed};

const HOSTS: u64 = 10;

#[test]
fn a_rejected_token_is_replaced_by_one_request_for_each_resource() {
    for proof in [Proof::Secret, Proof::Certificate, Proof::ManagedIdentity] {
        let calm = sound(&hosts(proof));
        let challenged = sound(&challenged(proof));
        // Some tokens are renewed just before anybody uses them again.
        let used = HOSTS * 2 - 4..=HOSTS * 2;
        assert!(used.contains(&challenged.challenges), "{challenged}");
        assert_eq!((challenged.errors, challenged.turned_away), (0, 0));
        let more = challenged.tokens - calm.tokens;
        // A token that is replaced early is renewed later, if it comes to that.
        assert!((HOSTS..=HOSTS * 2).contains(&more), "{calm}\n{challenged}");
    }
}

#[test]
fn those_who_ask_all_the_time_share_the_flight_that_meets_a_challenge() {
    let scenario = Scenario::new(4, 6 * MINUTE, Proof::Certificate)
        .asking_every(SECOND / 25)
        .trouble(3 * MINUTE..4 * MINUTE, TroubleKind::Challenges);
    let report = sound(&scenario);
    assert_eq!(report.tokens, 2 * 4, "{report}");
    assert!(report.challenges > 4, "several per host: {report}");
    assert_eq!((report.errors, report.turned_away), (0, 0));
}

#[test]
fn a_challenge_in_an_outage_is_met_when_that_is_over() {
    for proof in [Proof::Secret, Proof::Certificate] {
        let outage = HOUR..2 * HOUR;
        let report = sound(&challenged(proof).trouble(outage.clone(), TroubleKind::Outage));
        assert!(report.errors > HOSTS, "{report}");
        assert!(
            report.last_error < Some(outage.end + 4 * MINUTE),
            "{report}"
        );
    }
}

fn hosts(proof: Proof) -> Scenario {
    Scenario::new(HOSTS as usize, 3 * HOUR, proof)
        .asking_every(MINUTE)
        .asking_for(2)
}

/// An hour's tokens are young then, and have only just been renewed.
fn challenged(proof: Proof) -> Scenario {
    hosts(proof).trouble(HOUR..HOUR + 10 * MINUTE, TroubleKind::Challenges)
}

fn sound(scenario: &Scenario) -> Report {
    let report = simulate(scenario, seed());
    report.assert_sound();
    report
}
