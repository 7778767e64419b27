//! The password in the two forms that the encryption schemes want.

use azid_core::{Invalid, Secret};
use zeroize::Zeroizing;

use crate::refuse;

/// A password as UTF-8, for PBES2, and as PKCS#12's own schemes take it.
pub(crate) struct Password {
    text: Option<Secret>,
    utf_16: Zeroizing<Vec<u8>>,
}

impl Password {
    /// The one that was given, which must not be empty.
    pub(crate) fn given(password: Option<&Secret>) -> Result<Self, Invalid> {
        match password {
            Some(text) if !text.is_empty() => Ok(Self::of(text)),
            _ => Err(refuse(MISSING)),
        }
    }

    /// Those to try on a PKCS#12 file: the one that was given, or both ways to write none.
    pub(crate) fn candidates(password: Option<&Secret>) -> Vec<Self> {
        match password {
            Some(text) if !text.is_empty() => vec![Self::of(text)],
            _ => [&[0, 0][..], &[]]
                .map(|utf_16| Self {
                    text: None,
                    utf_16: Zeroizing::new(utf_16.to_vec()),
                })
                .into(),
        }
    }

    pub(crate) fn utf_8(&self) -> &[u8] {
        self.text
            .as_ref()
            .map_or(&[], |text| text.expose().as_bytes())
    }

    /// UTF-16, big-endian, with a terminating zero (RFC 7292 appendix B.1).
    pub(crate) fn utf_16(&self) -> &[u8] {
        &self.utf_16
    }

    /// What to say when it does not open the content.
    pub(crate) fn refusal(&self) -> Invalid {
        refuse(if self.text.is_some() { WRONG } else { MISSING })
    }

    fn of(text: &Secret) -> Self {
        let mut utf_16 = Zeroizing::new(Vec::with_capacity(2 * text.expose().len() + 2));
        for unit in text.expose().encode_utf16().chain([0]) {
            utf_16.extend_from_slice(&unit.to_be_bytes());
        }
        Self {
            text: Some(text.clone()),
            utf_16,
        }
    }
}

const MISSING: &str = "it is encrypted and no password was given; give the one that it was \
    exported with";
const WRONG: &str = "the password does not open it; give the one that it was exported with";
