//! What holds for every run of every credential, whatever it is answered.

use std::time::Duration;

use azid_core::Transcript;
use azid_core::testing::{Case, World};

use crate::destinations::Destinations;
use crate::watch::Seen;

/// Panics unless a run kept every promise: a token that is returned is good, requests go where they
/// were configured to, waits are bounded, and the transcript replays.
///
/// # Panics
///
/// A promise was broken.
pub fn keeps_every_promise(case: &Case, seen: &Seen, world: &World) {
    stays_in_bounds(case, seen, world);
    replays(seen.transcript());
}

/// The promises but the last one.
///
/// # Panics
///
/// A promise was broken.
pub fn stays_in_bounds(case: &Case, seen: &Seen, world: &World) {
    if let Ok(token) = &seen.outcome.result {
        assert!(token.expires_on() > world.now().timestamp(), "{token:?}");
        assert!(!token.expose().is_empty());
    }
    let destinations = Destinations::of(case);
    seen.requests.iter().for_each(|it| destinations.check(it));
    seen.pages.iter().for_each(|it| destinations.check_page(it));
    for (wait, longest) in seen.waits.iter().zip(&seen.longest_waits) {
        assert!(wait <= longest, "a wait of {wait:?} instead of {longest:?}");
    }
    for wait in &seen.polls {
        // An endpoint may say how seldom it wants to be asked, within the time of the run.
        let is_in_time = *wait >= Duration::from_secs(1) || world.elapsed() >= seen.deadline;
        assert!(is_in_time && *wait <= seen.deadline, "{wait:?}");
    }
    assert!(world.elapsed() <= seen.deadline, "{:?}", world.elapsed());
}

/// Panics unless a transcript survives being stored, and the recording of its replay is the
/// transcript again.
///
/// # Panics
///
/// A promise was broken.
pub fn replays(transcript: &Transcript) {
    let stored = serde_json::to_string(transcript).expect("a transcript serialises");
    let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
    assert_eq!(&read, transcript);
    let credential = read
        .recorded_credential()
        .expect("registered credentials are data");
    assert_eq!(&read.replay(credential), transcript);
}
