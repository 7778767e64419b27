//! What an error means to a person who is, or was, signed in.

use super::failure::ServiceError;

impl ServiceError {
    /// Whether signing in anew may help where a refresh token, or a session, does not do.
    pub(crate) fn wants_sign_in(&self) -> bool {
        let is_final = self.suberror() == Some("message_only");
        (self.error() == "invalid_grant" && !is_final) || self.needs_interaction()
    }

    /// Whether it says of a refresh token that it is of no use any more, and not just that this
    /// request needs more than it.
    pub(crate) fn ends_refresh_token(&self) -> bool {
        const ASKS_FOR_MORE: [&str; 4] = [
            "additional_action",
            "basic_action",
            "consent_required",
            "message_only",
        ];
        let asks_for_more = self
            .suberror()
            .is_some_and(|it| ASKS_FOR_MORE.contains(&it));
        (self.error() == "invalid_grant" && !asks_for_more && self.claims().is_none())
            || [self.error(), self.suberror().unwrap_or_default()].contains(&"bad_token")
    }
}
