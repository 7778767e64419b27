//! A transcript shows no secret, survives being stored, and replays.

use azid_core::Transcript;
use azid_core::testing::{Case, cases};

#[test]
fn recording_a_replay_gives_the_transcript_back() {
    for case in cases() {
        let transcript = recorded(&case);
        let credential = transcript
            .recorded_credential()
            .expect("registered credentials are data");
        assert_eq!(transcript.replay(credential), transcript, "{}", case.name);
    }
}

#[test]
fn a_transcript_survives_being_stored() {
    for case in cases() {
        let transcript = recorded(&case);
        let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
        let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
        assert_eq!(read, transcript, "{}", case.name);
    }
}

#[test]
fn another_credential_than_the_recorded_one_shows_as_a_difference() {
    let cases = cases();
    let first = recorded(&cases[0]);
    let other = cases
        .iter()
        .find(|case| recorded(case).credential != first.credential)
        .expect("there are several");
    assert_ne!(
        first.replay(other.credential.clone().into_credential()),
        first
    );
}

fn recorded(case: &Case) -> Transcript {
    *case.run().transcript.expect("cases record a transcript")
}
