//! A year of one host, in which something goes wrong each week.

use azid_simulation::{Proof, Report, Scenario, simulate};

use crate::{DAY, MINUTE, seed};

#[test]
fn a_year_by_client_secret_takes_some_26_tokens_a_day() {
    let report = year(Proof::Secret);
    assert!((9_000..10_600).contains(&report.tokens), "{report}");
    assert!(report.requests < report.tokens * 21 / 20, "{report}");
}

#[test]
fn a_year_by_certificate_takes_two_tokens_a_day() {
    let report = year(Proof::Certificate);
    assert!((720..800).contains(&report.tokens), "{report}");
}

#[test]
fn a_year_by_managed_identity_takes_two_tokens_a_day() {
    let report = year(Proof::ManagedIdentity);
    assert!((720..800).contains(&report.tokens), "{report}");
}

fn year(proof: Proof) -> Report {
    let seed = seed();
    let year = Scenario::new(1, 365 * DAY, proof)
        .asking_every(5 * MINUTE)
        .with_ordinary_troubles(seed);
    let report = simulate(&year, seed);
    report.assert_sound();
    // Tokens are renewed early enough for all but the longest troubles to go by unseen.
    assert!(report.errors * 1000 < report.questions, "{report}");
    report
}
