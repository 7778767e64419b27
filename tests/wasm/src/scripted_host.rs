//! A host of one thread: the test scripts what endpoints answer, and time passes only in waits.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use azid_async::{Host, NoRandomness};
use azid_core::effect::{HttpRequest, HttpResponse, Refusal, SleepReason};
use azid_core::{Environment, Now, Seed, Step, Variables};

/// Where the clock starts: 15 January 2027, 08:00 UTC.
const START: i64 = 1_800_000_000_000;

/// No flow is polled more often before it is done.
const MOST_POLLS: usize = 100;

#[derive(Clone)]
pub(crate) struct ScriptedHost(Rc<State>);

type Answer = dyn FnMut(&HttpRequest) -> HttpResponse;

struct State {
    answer: RefCell<Box<Answer>>,
    environment: Arc<Environment>,
    requests: RefCell<Vec<HttpRequest>>,
    shown: RefCell<Vec<String>>,
    waited: Cell<Duration>,
    is_reachable: Cell<bool>,
}

impl ScriptedHost {
    pub(crate) fn new(answer: impl FnMut(&HttpRequest) -> HttpResponse + 'static) -> Self {
        Self::within(Environment::default(), answer)
    }

    pub(crate) fn within(
        environment: Environment,
        answer: impl FnMut(&HttpRequest) -> HttpResponse + 'static,
    ) -> Self {
        Self(Rc::new(State {
            answer: RefCell::new(Box::new(answer)),
            environment: Arc::new(environment),
            requests: RefCell::default(),
            shown: RefCell::default(),
            waited: Cell::default(),
            is_reachable: Cell::new(true),
        }))
    }

    /// Holds every answer back, or lets them come.
    pub(crate) fn reach_endpoints(&self, is_reachable: bool) {
        self.0.is_reachable.set(is_reachable);
    }

    /// The paths that were asked so far, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let requests = self.0.requests.borrow();
        requests.iter().map(|it| it.url.path().to_owned()).collect()
    }

    /// The form of the latest request.
    pub(crate) fn last_form(&self) -> String {
        let requests = self.0.requests.borrow();
        let last = requests.last().expect("a request was sent");
        String::from_utf8_lossy(last.body.expose()).into_owned()
    }

    /// The codes that people were shown.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.0.shown.borrow().clone()
    }

    /// How long was waited in all.
    pub(crate) fn waited(&self) -> Duration {
        self.0.waited.get()
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, duration: Duration) {
        self.0.waited.set(self.0.waited.get() + duration);
    }

    async fn answer(self, step: Step) -> Step {
        match step {
            Step::Http(call) => {
                self.0.requests.borrow_mut().push(call.request().clone());
                poll_fn(|_| match self.0.is_reachable.get() {
                    true => Poll::Ready(()),
                    false => Poll::Pending, // and polled again all the same
                })
                .await;
                let response = (self.0.answer.borrow_mut())(call.request());
                call.reply(Ok(response), self.now())
            }
            Step::ReadFile(call) => call.reply(Ok(b"canary-file"[..].into()), self.now()),
            Step::Prompt(call) => {
                let code = &call.request().device_code.user_code;
                self.0.shown.borrow_mut().push(code.expose().to_owned());
                call.reply(Ok(()), self.now())
            }
            // Whatever waits here is answered, and needs no looking after.
            Step::Sleep(call) if call.request().reason == SleepReason::Watch => pending().await,
            Step::Sleep(call) => {
                self.wait(call.request().duration);
                call.reply(Ok(()), self.now())
            }
            other => other.refuse(Refusal::NoSuchEffect, self.now()),
        }
    }
}

impl Host for ScriptedHost {
    type Perform = Pin<Box<dyn Future<Output = Step>>>; // not `Send`, as in a browser

    fn perform(&self, step: Step) -> Self::Perform {
        Box::pin(self.clone().answer(step))
    }

    fn now(&self) -> Now {
        let waited = self.waited();
        Now::new(START + waited.as_millis() as i64, waited)
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        Ok(Seed::new([7; 32]))
    }

    fn environment(&self, _: Variables) -> Arc<Environment> {
        self.0.environment.clone()
    }
}

/// All the executor that a module without threads needs.
pub(crate) fn finish<F: Future + Unpin>(mut future: F) -> F::Output {
    for _ in 0..MOST_POLLS {
        if let Poll::Ready(output) = poll(&mut future) {
            return output;
        }
    }
    panic!("a flow does not come to its end");
}

pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
