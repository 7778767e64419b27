//! HTTP with retries: the one place where a request is sent again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::context::Context;
use crate::effect::{Http, HttpReply, HttpRequest, SleepReason, SleepRequest};
use crate::moves::{Next, ask, sleep};
use crate::retry::{Delay, Repeat, UsedDelays};
use crate::step::Pending;

/// Sends a request and goes on with the answer, after retries by the request's policy. A policy
/// that says [`Repeat::Rebuild`] repeats the same request here; see [`http_rebuilt`].
pub fn http(
    request: HttpRequest,
    then: impl FnOnce(HttpReply, &mut Context) -> Next + Send + 'static,
) -> Next {
    attempt(request, Tries::default(), then)
}

/// Sends a request and goes on with the answer; a retry under [`Repeat::Rebuild`] starts over at
/// `rebuild`, which gets the request to send instead by whatever moves it needs, and passes it on
/// to the [`Resend`] that it is given.
pub fn http_rebuilt(
    request: HttpRequest,
    rebuild: impl Fn(Resend, &mut Context) -> Next + Send + Sync + 'static,
    then: impl FnOnce(HttpReply, &mut Context) -> Next + Send + 'static,
) -> Next {
    let rebuilds = request.retry.repeat == Repeat::Rebuild;
    let tries = Tries {
        rebuild: rebuilds.then(|| Arc::new(rebuild) as Rebuild),
        ..Tries::default()
    };
    attempt(request, tries, then)
}

/// The rest of a flow that waits for a rebuilt request.
#[must_use]
pub struct Resend {
    tries: Tries,
    then: HttpThen,
}

impl Resend {
    /// Sends the rebuilt request, as the next try of the first one.
    pub fn send(self, request: HttpRequest) -> Next {
        attempt(request, self.tries, self.then)
    }
}

impl fmt::Debug for Resend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resend({})", self.tries.failed)
    }
}

type HttpThen = Box<dyn FnOnce(HttpReply, &mut Context) -> Next + Send>;
type Rebuild = Arc<dyn Fn(Resend, &mut Context) -> Next + Send + Sync>;

#[derive(Default)]
struct Tries {
    /// How many have failed.
    failed: usize,
    used: UsedDelays,
    /// The run's clock when the first try was sent.
    since: Option<Duration>,
    rebuild: Option<Rebuild>,
}

fn attempt(
    request: HttpRequest,
    mut tries: Tries,
    then: impl FnOnce(HttpReply, &mut Context) -> Next + Send + 'static,
) -> Next {
    let on_reply = move |asked: Box<Pending<Http>>, reply, cx: &mut Context| {
        if let Some(delay) = tries.delay(&asked.request, &reply, cx) {
            return wait(delay, asked.request, reply, tries, Box::new(then), cx);
        }
        cx.answered_by(Some(asked.request.url));
        then(reply, cx)
    };
    ask::<Http>(request, Box::new(on_reply))
}

impl Tries {
    /// How long to wait before the next one, if there is to be one after this reply.
    fn delay(&mut self, request: &HttpRequest, reply: &HttpReply, cx: &Context) -> Option<Delay> {
        let policy = &request.retry;
        let delay = policy.delay_after(reply, &mut self.used, cx.now())?;
        let since = *self.since.get_or_insert_with(|| cx.asked_at());
        let spent = cx.elapsed().saturating_sub(since);
        let longest = delay.longest(policy.jitter);
        let is_in_time =
            spent.saturating_add(longest) <= delay.budget() && longest < cx.time_left();
        is_in_time.then_some(delay)
    }
}

fn wait(
    delay: Delay,
    request: HttpRequest,
    reply: HttpReply,
    tries: Tries,
    then: HttpThen,
    cx: &mut Context,
) -> Next {
    cx.answered_by(Some(request.url.clone()));
    let wait = SleepRequest {
        duration: delay.drawn(request.retry.jitter, cx.entropy()),
        reason: SleepReason::Backoff,
        nominal: delay.nominal(),
    };
    sleep(wait, move |slept, cx| {
        if slept.is_err() {
            return then(reply, cx); // a host that cannot wait gets the first answer
        }
        let rebuild = tries
            .rebuild
            .filter(|_| request.retry.repeat == Repeat::Rebuild);
        let tries = Tries {
            failed: tries.failed + 1,
            used: tries.used,
            since: tries.since,
            rebuild: rebuild.clone(),
        };
        match rebuild {
            Some(rebuild) => rebuild(Resend { tries, then }, cx),
            None => attempt(request, tries, then),
        }
    })
}
