//! A timer on any host: a run that does nothing but wait.

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{SleepReason, SleepRequest};
use azid_core::{Cause, Context, Credential, Identity, Next, Run, Seed, TokenRequest, sleep};

use crate::flight::Flight;
use crate::host::Host;

/// A flight that is done after so long, or at once on a host that cannot wait.
pub(crate) fn timer<H: Host>(host: &Arc<H>, duration: Duration, reason: SleepReason) -> Flight<H> {
    let request = TokenRequest::new(["timer"]);
    let context = Context::new(request, host.now(), Seed::new([0; 32])); // it draws nothing
    let timer = Arc::new(Timer(duration, reason));
    Flight::new(host.clone(), Run::start(timer, context))
}

#[derive(Debug)]
struct Timer(Duration, SleepReason);

impl Credential for Timer {
    fn name(&self) -> &'static str {
        "Timer"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        let wait = SleepRequest::new(self.0, self.1);
        sleep(wait, |_, cx| cx.unavailable(Cause::OutOfTime))
    }
}
