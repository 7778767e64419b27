//! Many hosts that meet the same trouble at the same time.

use std::time::Duration;

use azid_simulation::{Invariant, Proof, Report, Scenario, TroubleKind, simulate};

use crate::{DAY, HOUR, MINUTE, SECOND, seed};

#[test]
fn an_outage_of_an_hour_is_followed_by_no_herd() {
    // It begins just before the tokens are renewed, so nearly every host is without one at its end.
    let outage = 48 * MINUTE..108 * MINUTE;
    let end = outage.end;
    let scenario =
        Scenario::new(1_000, 3 * HOUR, Proof::Secret).trouble(outage.clone(), TroubleKind::Outage);
    let report = sound(&scenario);
    // A run that began in the outage may fail a little later, when its last try is lost.
    assert!(report.last_error < Some(end + 90 * SECOND));
    assert!(report.peak(end).1 <= most(&report, outage), "{report}");
    // All have their tokens from the same minutes, yet do not renew them in the same second.
    assert!(report.peak(end + 10 * MINUTE).1 <= 20, "{report}");
}

#[test]
fn an_outage_that_ends_before_the_tokens_do_is_noticed_by_nobody() {
    let outage = 20 * MINUTE..24 * MINUTE;
    let scenario = Scenario::new(200, 2 * HOUR, Proof::Secret).trouble(outage, TroubleKind::Outage);
    assert_eq!(sound(&scenario).errors, 0);
}

#[test]
fn answers_that_take_long_hold_up_nobody_who_has_a_token() {
    let scenario = Scenario::new(50, 3 * HOUR, Proof::Secret)
        .asking_every(10 * SECOND)
        .trouble(HOUR / 2..3 * HOUR, TroubleKind::Delay(MINUTE / 2));
    let report = sound(&scenario);
    assert_eq!(report.errors, 0, "{report}");
    assert!(
        report.occasions[&Invariant::NoWaitBesideAToken] > 100,
        "{report}"
    );
}

#[test]
fn ten_thousand_hosts_that_restart_together_all_get_a_token_from_a_throttling_endpoint() {
    let report = sound(&restart(None));
    assert_eq!(report.tokens, 10_000);
    assert!(report.all_served < Some(2 * MINUTE), "{report}");
    // Four tries each, and four more for the few whose callers had to ask again.
    assert!(report.requests < 5 * 10_000, "{report}");
}

/// Those who are told to come back after 30 s do so evenly over the quarter of that which follows.
#[test]
fn ten_thousand_hosts_that_are_told_when_to_come_back_do_not_come_back_together() {
    let report = sound(&restart(Some(30 * SECOND)));
    assert_eq!(report.tokens, 10_000);
    assert!(report.all_served < Some(3 * MINUTE), "{report}");
    let (second, most) = report.peak(5 * SECOND);
    assert!((30..=38).contains(&second), "{report}");
    assert!((1_000..1_700).contains(&most), "{report}");
    assert!(report.requests < 3 * 10_000, "{report}");
}

#[test]
fn callers_who_ask_each_second_do_not_make_the_end_of_an_outage_worse_than_the_outage() {
    let scenario = Scenario::new(1_000, 3 * MINUTE, Proof::Secret)
        .asking_every(SECOND)
        .trouble(Duration::ZERO..MINUTE, TroubleKind::Storm(1.0));
    let report = sound(&scenario);
    let during = most(&report, 10 * SECOND..MINUTE);
    assert!(report.peak(MINUTE).1 <= during, "{report}");
    assert!(during < 1_000, "{report}");
}

/// A run that met refused connections has still all tries for the 410 after them.
#[test]
fn programs_that_start_while_the_metadata_service_restarts_have_their_tokens_within_minutes() {
    let scenario = Scenario::new(500, 10 * MINUTE, Proof::ManagedIdentity)
        .trouble(Duration::ZERO..MINUTE, TroubleKind::MetadataRestarts);
    let report = sound(&scenario);
    assert_eq!(report.tokens, 500);
    assert_eq!(report.errors, 0, "{report}");
    assert!(report.all_served < Some(3 * MINUTE), "{report}");
}

#[test]
fn clocks_that_jump_by_up_to_an_hour_cost_requests_but_no_token() {
    for proof in [Proof::Secret, Proof::ManagedIdentity] {
        let scenario = Scenario::new(100, DAY, proof)
            .asking_every(3 * MINUTE)
            .trouble(4 * HOUR..6 * HOUR, TroubleKind::ClockJumps(HOUR));
        let report = sound(&scenario);
        assert_eq!(report.errors, 0);
        assert!(brought_tokens(&report), "{report}");
    }
}

#[test]
fn a_month_of_ordinary_troubles_breaks_no_promise_to_any_host() {
    for proof in Proof::ALL {
        let month = Scenario::new(4, 30 * DAY, proof)
            .asking_every(15 * MINUTE)
            .asking_for(2);
        sound(&month.with_ordinary_troubles(seed()));
    }
}

/// All hosts start within a second, and 500 of them are answered in each.
fn restart(retry_after: Option<Duration>) -> Scenario {
    let throttling = TroubleKind::Throttling {
        per_second: 500,
        retry_after,
    };
    Scenario::new(10_000, 5 * MINUTE, Proof::Secret)
        .starting_within(SECOND)
        .trouble(Duration::ZERO..HOUR, throttling)
}

fn sound(scenario: &Scenario) -> Report {
    let report = simulate(scenario, seed());
    report.assert_sound();
    report
}

/// Whether each request brought a token, save one that was on its way at the end.
pub(crate) fn brought_tokens(report: &Report) -> bool {
    report.requests - report.tokens <= 1
}

fn most(report: &Report, during: std::ops::Range<Duration>) -> u32 {
    let seconds = during.start.as_secs()..during.end.as_secs();
    let counts = report.per_second.range(seconds).map(|(_, count)| *count);
    counts.max().unwrap_or_default()
}
