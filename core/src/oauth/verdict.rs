//! What an error means to a person who is, or was, signed in.

use super::failure::ServiceError;

/// Entra's codes for what is amiss with a request, and not with the refresh token that came with
/// it: this resource, this tenant, or a policy for one of them wants something else or more.
const OF_THE_REQUEST: [&[u64]; 5] = [
    CONSENT,
    ANOTHER_FACTOR,
    NOT_IN_THE_TENANT,
    POLICY,
    NO_SUCH_RESOURCE,
];
const CONSENT: &[u64] = &[65_001, 65_004, 90_094, 90_095];
const ANOTHER_FACTOR: &[u64] = &[50_072, 50_074, 50_076, 50_078, 50_079, 50_158];
const NOT_IN_THE_TENANT: &[u64] = &[16_000, 50_020, 50_034, 51_004, 90_002, 90_072];
const POLICY: &[u64] = &[
    50_002, 50_005, 50_097, 50_105, 50_131, 53_000, 53_001, 53_002, 53_003, 500_021, 500_022,
    500_212, 500_213, 530_032, 530_035,
];
const NO_SUCH_RESOURCE: &[u64] = &[50_001, 65_005, 500_011, 650_057];

impl ServiceError {
    /// Whether signing in anew may help where a refresh token, or a session, does not do.
    pub(crate) fn wants_sign_in(&self) -> bool {
        let is_final = self.suberror() == Some("message_only");
        (self.error() == "invalid_grant" && !is_final) || self.needs_interaction()
    }

    /// Whether it says of a refresh token that it is of no use any more, and not just that this
    /// request needs more than it. It says so for the tenant that was asked.
    pub(crate) fn ends_refresh_token(&self) -> bool {
        const ASKS_FOR_MORE: [&str; 4] = [
            "additional_action",
            "basic_action",
            "consent_required",
            "message_only",
        ];
        if [self.error(), self.suberror().unwrap_or_default()].contains(&"bad_token") {
            return true;
        }
        let asks_for_more = self
            .suberror()
            .is_some_and(|it| ASKS_FOR_MORE.contains(&it));
        let is_of_request = |code: &u64| OF_THE_REQUEST.iter().any(|group| group.contains(code));
        self.error() == "invalid_grant"
            && !asks_for_more
            && self.claims().is_none()
            && !self.codes().iter().any(is_of_request)
    }
}
