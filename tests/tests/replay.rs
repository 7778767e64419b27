//! A transcript shows no secret, survives being stored, and replays.

use azid_core::testing::{Case, cases};
use azid_core::{Fact, MemoryChange, Transcript};

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

#[test]
fn what_a_run_remembered_is_in_its_transcript_without_the_secrets_and_replays() {
    for mut case in cases() {
        case = case
            .remembers("account", Fact::RefreshToken("c4nary-1".into()))
            .remembers("endpoint", Fact::Answered)
            .remembers("chain", Fact::Winner(2))
            .remembers("region", Fact::Found("westeurope".into()));
        case.memory.apply(MemoryChange::Rejected("c4nary-2".into()));
        let transcript = recorded(&case);
        let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
        assert!(!stored.contains("c4nary"), "{stored}");
        assert!(stored.contains("westeurope"), "{stored}");
        let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
        assert_eq!(read, transcript, "{}", case.name);
        let credential = read
            .recorded_credential()
            .expect("registered credentials are data");
        assert_eq!(read.replay(credential), transcript, "{}", case.name);
    }
}

fn recorded(case: &Case) -> Transcript {
    *case.run().transcript.expect("cases record a transcript")
}
