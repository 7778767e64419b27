//! What can happen to each source.

mod arc;
mod hosts;
mod imds;

use crate::effect::HttpFailure;
use crate::testing::Case;

pub(super) fn cases() -> Vec<Case> {
    [imds::cases(), hosts::cases(), arc::cases()].concat()
}

const TOKEN: &str = r#"{"access_token":"AT","client_id":"C","expires_in":"86399","expires_on":"1795341600","ext_expires_in":"86399","not_before":"1795255200","resource":"R","token_type":"Bearer"}"#;

const RESOURCE_ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";

/// The same answer without a body so many times.
fn again(case: Case, status: u16, times: usize) -> Case {
    (0..times).fold(case, |case, _| case.http(status, ""))
}

/// Nobody listening, then silence.
fn no_answer(case: Case, times: usize) -> Case {
    let case = case.then(HttpFailure::Connect(Default::default()));
    (1..times).fold(case, |case, _| case.then(HttpFailure::TimedOut))
}
