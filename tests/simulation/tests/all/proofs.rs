//! Secrets and certificates change under way, and show themselves to nobody.

use azid_simulation::{CANARY, Proof, Scenario, TroubleKind, simulate};

use crate::fleets::brought_tokens;
use crate::{DAY, HOUR, seed};

#[test]
fn a_rotation_with_an_overlap_is_noticed_by_nobody() {
    for proof in [Proof::Secret, Proof::Certificate] {
        let scenario = Scenario::new(20, 4 * DAY, proof)
            .asking_every(HOUR / 6)
            .trouble(DAY..DAY + 6 * HOUR, TroubleKind::Rotation)
            .trouble(2 * DAY..2 * DAY + 6 * HOUR, TroubleKind::Rotation);
        let report = simulate(&scenario, seed());
        report.assert_sound();
        assert_eq!(report.errors, 0);
        assert!(brought_tokens(&report), "{report}");
    }
}

#[test]
fn no_secret_is_in_what_callers_are_told() {
    let scenario = Scenario::new(20, 30 * DAY, Proof::Secret)
        .asking_every(HOUR / 4)
        .trouble(DAY..DAY + 2 * HOUR, TroubleKind::Outage)
        .trouble(2 * DAY..2 * DAY + 2 * HOUR, TroubleKind::Storm(1.0))
        .with_ordinary_troubles(seed());
    let report = simulate(&scenario, seed());
    report.assert_sound();
    assert!(report.said.len() > 2, "{report}");
    for text in &report.said {
        assert!(!text.contains(CANARY) && !text.contains("eyJ"), "{text}");
    }
}
