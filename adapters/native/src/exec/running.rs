//! A program as a future, for any executor.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use azid_core::effect::{Detail, ExecFailure, ExecOutput, ExecRequest};

use super::{EVENTS, Post, run};

type Reply = Result<ExecOutput, ExecFailure>;

/// Runs a program to its end, as [`run_program`](super::run_program) does, on a thread of its own:
/// no pool and no runtime has to wait for it.
pub fn start_program(request: ExecRequest) -> Running {
    let (sender, events) = sync_channel(EVENTS);
    let post = Post::new(sender);
    let slot = Arc::new(Slot::default());
    let promise = Promise(Some(Arc::clone(&slot)));
    let inside = post.clone();
    let look_after = move || promise.keep(run(&request, &inside, &events));
    let thread = thread::Builder::new().name("azid-exec".to_owned());
    if let Err(error) = thread.spawn(look_after) {
        slot.fill(Err(ExecFailure::Other(Detail::new(error)))); // in place of the promise's own
    }
    Running { post, slot }
}

/// A program that runs. Dropping it kills the program, with all that it has started.
#[derive(Debug)]
#[must_use = "dropping it kills the program"]
pub struct Running {
    post: Post,
    slot: Arc<Slot>,
}

impl Future for Running {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        let mut state = self.slot.state();
        match state.reply.take() {
            Some(reply) => Poll::Ready(reply),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.post.call_off();
    }
}

/// Where the reply is put for whoever waits.
#[derive(Debug, Default)]
struct Slot(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    reply: Option<Reply>,
    waker: Option<Waker>,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, reply: Reply) {
        let waker = {
            let mut state = self.state();
            state.reply = Some(reply);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The duty to reply, which even a thread that panics does.
struct Promise(Option<Arc<Slot>>);

impl Promise {
    fn keep(mut self, reply: Reply) {
        if let Some(slot) = self.0.take() {
            slot.fill(reply);
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            let why = "the thread that looked after the program ended early";
            slot.fill(Err(ExecFailure::Other(Detail::new(why))));
        }
    }
}
