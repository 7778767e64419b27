//! Transcripts that somebody else wrote.

use azid_core::Transcript;

use super::input::may_be_hidden;

/// Whatever a transcript holds, it replays or is refused, and the recording of its replay is one
/// that replays as itself.
pub fn transcript(data: &[u8]) {
    let Ok(read) = serde_json::from_slice::<Transcript>(data) else {
        return;
    };
    let is_hidden = read.environment.values().any(|value| may_be_hidden(value));
    let Some(credential) = read.recorded_credential() else {
        return;
    };
    let replayed = read.replay(credential);
    let again = replayed.recorded_credential();
    let again = again.expect("what was replayed is data");
    let again = replayed.replay(again);
    assert!(is_hidden || again == replayed, "{replayed:#?}\n{again:#?}");
}
