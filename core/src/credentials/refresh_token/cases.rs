use super::*;
use crate::testing::Case;

impl RefreshTokenCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        Vec::new()
    }
}
