use super::*;
use crate::testing::Case;

impl DeviceCodeCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        Vec::new()
    }
}
