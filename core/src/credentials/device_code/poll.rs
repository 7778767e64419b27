//! Asking again and again whether the person has signed in (RFC 8628 section 3.5).

use std::time::Duration;

use super::answer::Started;
use crate::client::Grant;
use crate::context::Context;
use crate::effect::{SleepReason, SleepRequest};
use crate::error::Cause;
use crate::moves::{Next, sleep};
use crate::oauth::{AnswerFault, ServiceError, TokenAnswer};
use crate::secret::Secret;
use crate::user::{SignIn, SignInFault};

/// How much longer to wait from now on when the endpoint says that this is too often.
const SLOWER: Duration = Duration::from_secs(5);

/// The longest wait after faults; those of the endpoint's own asking may be longer.
const LONGEST_AFTER_FAULTS: Duration = Duration::from_secs(60);

/// More polls than this do not fit into a run.
const MOST_POLLS: u32 = 400;

/// Where the polling stands.
pub(super) struct Polling {
    device_code: Secret,
    interval: Duration,
    /// On the run's own clock.
    ends_at: Duration,
    /// How many answers in a row did not come.
    faults: u32,
    /// Why the last one did not.
    unheard: Option<Cause>,
    /// What the endpoint wants to be left alone for, this once.
    pause: Duration,
}

impl Polling {
    /// The polling for a code that was just given.
    pub(super) fn new(started: &Started, cx: &Context) -> Self {
        let shortest =
            (started.lifetime.min(cx.time_left()) / MOST_POLLS).max(Duration::from_secs(1));
        Self {
            device_code: started.device_code.clone(),
            interval: started.interval.max(shortest),
            ends_at: cx.asked_at().saturating_add(started.lifetime),
            faults: 0,
            unheard: None,
            pause: Duration::ZERO,
        }
    }

    /// Waits, and asks, unless the code is no good any more by then.
    pub(super) fn wait(mut self, sign_in: SignIn, cx: &Context) -> Next {
        let slower = self.interval.saturating_mul(1 << self.faults.min(10));
        let after_faults = slower.min(LONGEST_AFTER_FAULTS).max(self.interval);
        let wait = after_faults.max(self.pause);
        // The run ends before it can hear more: it is the endpoint that said nothing, not the person.
        if let Some(cause) = self.unheard.take_if(|_| wait >= cx.time_left()) {
            return cx.failed(cause);
        }
        let wakes_at = cx.elapsed().saturating_add(wait);
        if wakes_at >= self.ends_at {
            let fault = match self.unheard.map(Box::new) {
                Some(cause) => SignInFault::CodeExpiredUnheard(cause),
                None => SignInFault::CodeExpired,
            };
            return SignIn::fail(fault, cx);
        }
        let request = SleepRequest::new(wait, SleepReason::DevicePoll);
        sleep(request, move |slept, cx| {
            slept.or_else(|failure| cx.failed(failure))?;
            // A clock that was set back has not made the code live longer.
            let unseen = wakes_at.saturating_sub(cx.elapsed());
            self.ends_at = self.ends_at.saturating_sub(unseen);
            let grant = Grant::DeviceCode(self.device_code.clone());
            sign_in.exchange(
                grant,
                |sign_in, answer, cx| self.on_answer(sign_in, answer, cx),
                cx,
            )
        })
    }

    fn on_answer(
        mut self,
        sign_in: SignIn,
        answer: Result<TokenAnswer, Cause>,
        cx: &mut Context,
    ) -> Next {
        let cause = match answer {
            Ok(answer) => return sign_in.finish(answer, None, cx),
            Err(cause) => cause,
        };
        self.pause = Duration::ZERO;
        self.unheard = None;
        match verdict(&cause) {
            Verdict::Pending => self.faults = 0,
            Verdict::Slower => {
                self.faults = 0;
                self.interval = self.interval.saturating_add(SLOWER);
            }
            Verdict::PassingFault(pause) => {
                self.faults += 1;
                self.pause = pause.unwrap_or_default();
                if cx.elapsed().saturating_add(self.pause) >= self.ends_at {
                    return cx.failed(cause);
                }
                self.unheard = Some(cause);
            }
            Verdict::Over(fault) => {
                let service = match cause {
                    Cause::Service(error) => Some(error),
                    _ => None,
                };
                return cx.failed(Cause::SignIn { fault, service });
            }
            Verdict::Failed => return cx.failed(cause),
        }
        self.wait(sign_in, cx)
    }
}

enum Verdict {
    Pending,
    Slower,
    PassingFault(Option<Duration>),
    Over(SignInFault),
    Failed,
}

fn verdict(cause: &Cause) -> Verdict {
    match cause {
        Cause::Service(error) => said(error),
        Cause::Http(failure) if failure.may_pass() => Verdict::PassingFault(None),
        Cause::Answer(AnswerFault::NotJson {
            status: 408 | 429 | 500..=599,
            retry_after,
            ..
        }) => Verdict::PassingFault(*retry_after),
        _ => Verdict::Failed,
    }
}

fn said(error: &ServiceError) -> Verdict {
    match error.error() {
        "authorization_pending" => Verdict::Pending,
        "slow_down" => Verdict::Slower,
        "authorization_declined" | "access_denied" => Verdict::Over(SignInFault::Declined),
        "expired_token" | "code_expired" => Verdict::Over(SignInFault::CodeExpired),
        "bad_verification_code" => Verdict::Over(SignInFault::UnknownCode),
        // The code is of no use any more, whatever the reason.
        "invalid_grant" => Verdict::Failed,
        _ if error.is_transient() => Verdict::PassingFault(error.retry_after()),
        _ => Verdict::Failed,
    }
}
