//! A host whose effects are answered at any time, by threads of their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use azid_async::{Host, NoRandomness, Refresh};
use azid_checker::{Condvar, Instant, future, thread};
use azid_core::effect::{SleepReason, TokenFailure};
use azid_core::{AccessToken, Now, Seed, Step};
use azid_shared::sync;

use crate::endpoint::{Endpoint, Request, now, panic_quietly};

/// Answers requests for tokens as the scenario has it, and ends waits whenever it likes, but rings
/// the alarms of those who look after a run when their time has come.
#[derive(Clone)]
pub(crate) struct ThreadHost {
    pub(crate) endpoint: Endpoint,
    pub(crate) answer: fn(&Request) -> Answer,
    pub(crate) has_background: bool,
}

pub(crate) enum Answer {
    Reply(Result<AccessToken, TokenFailure>),
    /// The host's own code panics.
    Panic,
    /// There is none.
    Never,
}

pub(crate) fn token(request: &Request) -> Answer {
    Answer::Reply(Ok(request.token()))
}

impl Host for ThreadHost {
    type Perform = Performing;

    fn perform(&self, step: Step) -> Performing {
        let request = match &step {
            Step::Token(call) => Some(self.endpoint.enter(&call.request().request.scopes()[0])),
            _ => None,
        };
        let answer = request.as_ref().map(self.answer);
        let slot = Arc::<Mutex<Slot>>::default();
        let alarm = alarm(&step).inspect(|_| self.endpoint.looked_after());
        if !matches!(answer, Some(Answer::Never)) {
            let (slot, alarm) = (slot.clone(), alarm.clone());
            thread::spawn(move || {
                if alarm.is_none_or(|alarm| alarm.rings()) {
                    ring(&slot);
                }
            });
        }
        Performing {
            step: Some(step),
            request,
            answer,
            slot,
            alarm,
        }
    }

    fn now(&self) -> Now {
        now()
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        Ok(Seed::new([7; 32]))
    }

    fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
        if !self.has_background {
            return Err(refresh);
        }
        drop(future::spawn(refresh));
        Ok(())
    }
}

/// An effect: over when it is answered, or dropped.
pub(crate) struct Performing {
    step: Option<Step>,
    request: Option<Request>,
    answer: Option<Answer>,
    slot: Arc<Mutex<Slot>>,
    alarm: Option<Arc<Alarm>>,
}

/// What a thread waits on that is to ring after so long, unless it is called off.
struct Alarm {
    set_on: Instant,
    wait: Duration,
    is_off: azid_checker::Mutex<bool>,
    called_off: Condvar,
}

impl Alarm {
    /// Waits, and answers whether it rings.
    fn rings(&self) -> bool {
        let mut is_off = sync::lock(&self.is_off);
        while !*is_off {
            let Some(left) = self.wait.checked_sub(self.set_on.elapsed()) else {
                return true;
            };
            let waited = self.called_off.wait_timeout(is_off, left);
            is_off = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn call_off(&self) {
        *sync::lock(&self.is_off) = true;
        self.called_off.notify_all();
    }
}

fn alarm(step: &Step) -> Option<Arc<Alarm>> {
    match step {
        Step::Sleep(call) if call.request().reason == SleepReason::Watch => Some(Arc::new(Alarm {
            set_on: Instant::now(),
            wait: call.request().duration,
            is_off: azid_checker::Mutex::new(false),
            called_off: Condvar::default(),
        })),
        _ => None,
    }
}

fn ring(slot: &Mutex<Slot>) {
    let mut waiting = lock(slot);
    waiting.is_answered = true;
    let waker = waiting.waker.take();
    drop(waiting);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Drop for Performing {
    fn drop(&mut self) {
        if let Some(alarm) = &self.alarm {
            alarm.call_off();
        }
    }
}

#[derive(Default)]
pub(crate) struct Slot {
    is_answered: bool,
    waker: Option<Waker>,
}

impl Future for Performing {
    type Output = Step;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Step> {
        let mut slot = lock(&self.slot);
        if !slot.is_answered {
            slot.waker = Some(cx.waker().clone());
            drop(slot);
            thread::yield_now(); // the answer may come while this is still being polled
            return Poll::Pending;
        }
        drop(slot);
        self.request = None;
        let step = self.step.take().expect("an effect is answered once");
        Poll::Ready(match (step, self.answer.take()) {
            (Step::Token(call), Some(Answer::Reply(reply))) => call.reply(reply, now()),
            (Step::Sleep(call), None) => call.reply(Ok(()), now()),
            (_, Some(Answer::Panic)) => panic_quietly(),
            (step, _) => panic!("no scenario needs {step:?}"),
        })
    }
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
