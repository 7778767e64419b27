use super::*;
use crate::testing::Case;

impl AuthorizationCodeCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        Vec::new()
    }
}
