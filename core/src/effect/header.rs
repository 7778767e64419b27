//! What a header field can hold, by one rule for all hosts: HTTP libraries differ in what they let
//! pass of everything else.

use std::fmt;

use http::HeaderValue;

/// A value that no header field can hold as it is: something in it is no visible ASCII, or there
/// is white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnfitHeaderValue;

impl fmt::Display for UnfitHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it holds characters that a header field cannot")
    }
}

impl std::error::Error for UnfitHeaderValue {}

/// A secret value of a header field: visible ASCII, with spaces inside at most.
pub(crate) fn secret_value(text: &str) -> Result<HeaderValue, UnfitHeaderValue> {
    let is_fit = fits_header(text);
    let mut value = HeaderValue::from_str(text)
        .ok()
        .filter(|_| is_fit)
        .ok_or(UnfitHeaderValue)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a text can be the value of a header field as it is.
pub(crate) fn fits_header(text: &str) -> bool {
    let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    text.trim() == text && text.bytes().all(is_visible)
}

/// Whether a text is one word of visible ASCII, as a token is behind its scheme.
pub(crate) fn is_word(text: &str) -> bool {
    // Without a way out of the loop many bytes are looked at in one instruction.
    let beyond_first = text.bytes().map(|byte| byte.wrapping_sub(b'!'));
    beyond_first.fold(0, u8::max) <= b'~' - b'!'
}
