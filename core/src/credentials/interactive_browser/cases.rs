use super::*;
use crate::testing::Case;

impl InteractiveBrowserCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        Vec::new()
    }
}
