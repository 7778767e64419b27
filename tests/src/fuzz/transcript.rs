//! Transcripts that somebody else wrote.

use azid_core::Transcript;

use super::input::{hides_what_is_plain, is_hidden};

/// Whatever a transcript holds, it replays or is refused, and the recording of its replay is one
/// that replays as itself.
///
/// Returns whether that recording was compared with its replay: it is not where a variable is
/// hidden in it that was plain in the transcript, or a secret hides a part of what is plain.
pub fn transcript(data: &[u8]) -> bool {
    let Ok(read) = serde_json::from_slice::<Transcript>(data) else {
        return false;
    };
    let Some(credential) = read.recorded_credential() else {
        return false;
    };
    let replayed = read.replay(credential);
    let again = replayed.recorded_credential();
    let again = replayed.replay(again.expect("what was replayed is data"));
    let mut variables = read.environment.iter();
    let is_hidden = variables.any(|(name, value)| is_hidden(name, value, &replayed));
    if is_hidden || hides_what_is_plain(&replayed) {
        return false;
    }
    assert_eq!(again, replayed);
    true
}
