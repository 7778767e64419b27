//! The loop around a host.

use std::sync::Arc;

use azid_core::{Context, Credential, Outcome, Run, Step};

use crate::host::Host;

/// Drives one run to its end: performs step after step on this thread.
///
/// Nothing is cached and nothing is shared; that is what a
/// [`TokenProvider`](crate::TokenProvider) adds. [`Host::context`] makes a context.
pub fn drive(host: &Host, credential: Arc<dyn Credential>, context: Context) -> Outcome {
    drive_watched(host, Run::start(credential, context), |_| {})
}

/// Drives a run from its first step, showing each effect before it is carried out.
pub(crate) fn drive_watched(host: &Host, first: Step, watch: impl Fn(&Step)) -> Outcome {
    let mut step = first;
    loop {
        if let Step::Done(outcome) = step {
            return outcome;
        }
        watch(&step);
        step = host.perform(step);
    }
}
