use super::*;
use crate::testing::Case;

impl UsernamePasswordCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        Vec::new()
    }
}
