//! Hosts that find out by themselves whether they are virtual machines or have a secret.

use std::time::Duration;

use azid_simulation::{Proof, Report, Scenario, TroubleKind, simulate};

use crate::{DAY, HOUR, MINUTE, seed};

const HOSTS: u64 = 16;

/// Of those that are no machines each asks the metadata service once, and that is in vain.
#[test]
fn a_chain_searches_once_and_then_asks_its_winner_alone() {
    let report = sound(&chains(2 * DAY).asking_for(2));
    assert_eq!(report.errors, 0, "{report}");
    let in_vain = report.requests - report.tokens;
    // A machine's probe has an answer, without a token.
    assert!((HOSTS..HOSTS + 3).contains(&in_vain), "{report}");
}

#[test]
fn a_metadata_service_that_is_gone_for_an_hour_is_missed_by_no_host_with_a_token() {
    // Half of a day's life after the first tokens, so that all machines want to renew theirs.
    let gone = 11 * HOUR..14 * HOUR;
    let scenario = chains(DAY).trouble(gone, TroubleKind::MetadataOutage);
    let report = sound(&scenario);
    assert_eq!(report.errors, 0, "{report}");
    assert!(report.requests > report.tokens + HOSTS, "{report}");
}

#[test]
fn machines_that_restart_without_their_metadata_service_have_tokens_when_it_is_back() {
    let gone = 2 * HOUR..3 * HOUR;
    let scenario = chains(4 * HOUR)
        .trouble(gone.clone(), TroubleKind::MetadataOutage)
        .trouble(gone.clone(), TroubleKind::Restarts);
    let report = sound(&scenario);
    let last = report
        .last_error
        .expect("machines had no token for a while");
    assert!(
        last > gone.start && last < gone.end + 2 * MINUTE,
        "{report}"
    );
}

/// An outage of Entra is no reason to look for somebody else who might have tokens.
#[test]
fn a_link_that_won_and_fails_is_followed_by_no_other() {
    let scenario = chains(4 * HOUR).trouble(HOUR / 2..3 * HOUR, TroubleKind::Outage);
    let report = sound(&scenario);
    assert!(report.errors > 0, "{report}");
}

fn chains(span: Duration) -> Scenario {
    Scenario::new(HOSTS as usize, span, Proof::Chain).asking_every(3 * MINUTE)
}

fn sound(scenario: &Scenario) -> Report {
    let report = simulate(scenario, seed());
    report.assert_sound();
    report
}
