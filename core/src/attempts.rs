//! HTTP with retries: the one place where a request is sent again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::context::Context;
use crate::effect::{Http, HttpReply, HttpRequest, SleepReason, SleepRequest};
use crate::moves::{Next, ask, sleep};
use crate::retry::{Repeat, UsedDelays};

/// Sends a request and goes on with the answer, after retries by the request's policy. A policy
/// that says [`Repeat::Rebuild`] repeats the same request here; see [`http_rebuilt`].
pub fn http(
    request: HttpRequest,
    then: impl FnOnce(HttpReply, &mut Context) -> Next + Send + 'static,
) -> Next {
    attempt(
        request,
        Tries {
            made: 1,
            used: UsedDelays::default(),
            since: None,
            rebuild: None,
        },
        Box::new(then),
    )
}

/// Sends a request and goes on with the answer; a retry under [`Repeat::Rebuild`] starts over at
/// `rebuild`, which gets the request to send instead by whatever moves it needs, and passes it on
/// to the [`Resend`] that it is given.
pub fn http_rebuilt(
    request: HttpRequest,
    rebuild: impl Fn(Resend, &mut Context) -> Next + Send + Sync + 'static,
    then: impl FnOnce(HttpReply, &mut Context) -> Next + Send + 'static,
) -> Next {
    attempt(
        request,
        Tries {
            made: 1,
            used: UsedDelays::default(),
            since: None,
            rebuild: Some(Arc::new(rebuild)),
        },
        Box::new(then),
    )
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
        write!(f, "Resend({})", self.tries.made)
    }
}

type HttpThen = Box<dyn FnOnce(HttpReply, &mut Context) -> Next + Send>;
type Rebuild = Arc<dyn Fn(Resend, &mut Context) -> Next + Send + Sync>;

struct Tries {
    made: usize,
    used: UsedDelays,
    /// The run's clock when the first try was sent.
    since: Option<Duration>,
    rebuild: Option<Rebuild>,
}

fn attempt(request: HttpRequest, tries: Tries, then: HttpThen) -> Next {
    ask::<Http>(
        request,
        Box::new(move |request, reply, cx| on_reply(request, reply, tries, then, cx)),
    )
}

fn on_reply(
    request: HttpRequest,
    reply: HttpReply,
    mut tries: Tries,
    then: HttpThen,
    cx: &mut Context,
) -> Next {
    let since = tries.since.unwrap_or_else(|| cx.asked_at());
    let spent = cx.elapsed().saturating_sub(since);
    let delay = request
        .retry
        .delay_after(&reply, &mut tries.used, cx.now())
        .filter(|delay| {
            let longest = delay.longest(request.retry.jitter);
            spent.saturating_add(longest) <= delay.budget() && longest < cx.time_left()
        });
    let Some(delay) = delay else {
        return then(reply, cx);
    };
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
            made: tries.made + 1,
            used: tries.used,
            since: Some(since),
            rebuild: rebuild.clone(),
        };
        match rebuild {
            Some(rebuild) => rebuild(Resend { tries, then }, cx),
            None => attempt(request, tries, then),
        }
    })
}
