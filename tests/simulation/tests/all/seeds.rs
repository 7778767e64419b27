//! A seed is all that it takes to see something again.

use azid_simulation::{Proof, Report, Scenario, simulate};

use crate::{DAY, seed};

#[test]
fn the_same_seed_gives_the_same_events_in_the_same_order() {
    for proof in [Proof::Secret, Proof::Certificate, Proof::ManagedIdentity] {
        let first = month(proof, seed());
        let second = month(proof, seed());
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.per_second, second.per_second);
    }
}

#[test]
fn another_seed_gives_other_events() {
    let [first, second] = [1, 2].map(|more| month(Proof::Secret, seed() + more));
    assert_ne!(first.trace, second.trace);
}

fn month(proof: Proof, seed: u64) -> Report {
    let month = Scenario::new(3, 30 * DAY, proof)
        .asking_every(DAY / 200)
        .with_ordinary_troubles(seed);
    let report = simulate(&month, seed);
    report.assert_sound();
    report
}
