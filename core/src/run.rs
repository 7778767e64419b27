//! The run: one credential at work on one request, from the first effect to the outcome.
//!
//! It turns the moves of a flow into steps, keeps the stack of credentials that have called
//! another, and holds everything to its budget.

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, Turn};
use crate::credential::Credential;
use crate::effect::Effect;
use crate::error::{Cause, Error};
use crate::moves::{CalledCredential, Kind, Link, Move, Next, Returned};
use crate::step::{Call, Outcome, Pending, Step};
use crate::time::Now;
use crate::token::AccessToken;
use crate::transcript::Recording;

/// How deep credentials may call each other.
const MOST_FRAMES: usize = 8;

/// How many effects and calls one run may make.
const MOST_EFFECTS: u32 = 1000;

/// A credential at work. See the crate's documentation for the loop that drives it.
#[derive(Debug)]
pub struct Run;

impl Run {
    /// Starts a credential on the context's request.
    pub fn start(credential: Arc<dyn Credential>, context: Context) -> Step {
        let recorder = context.recorder(&*credential);
        let mut run = Box::new(RunState {
            context,
            frames: Vec::new(),
            effects_left: MOST_EFFECTS,
            recorder,
        });
        let context = run.context();
        context.enter(credential.name());
        let next = context
            .check_request()
            .and_then(|()| credential.begin(context));
        run.advance(next)
    }
}

/// Everything of a run but the handler that waits.
pub(crate) struct RunState {
    context: Context,
    frames: Vec<Frame>,
    effects_left: u32,
    recorder: Option<Box<dyn Recording>>,
}

/// A credential that has called another and waits for its result.
struct Frame {
    then: Returned,
    caller: Turn,
}

/// A run as whoever holds its call sees it: all that has a call would otherwise have the code that
/// lets go of every part of a run.
pub(crate) trait Going: Send {
    fn context(&mut self) -> &mut Context;

    /// Takes note of the time of a reply. Whoever is answered is to be told of the reply too.
    fn hear(&mut self, time_limit: Option<Duration>, now: Now) -> Option<&mut dyn Recording>;

    /// Makes moves until one needs the host.
    fn advance(self: Box<Self>, next: Next) -> Step;
}

impl Going for RunState {
    fn context(&mut self) -> &mut Context {
        &mut self.context
    }

    fn hear(&mut self, time_limit: Option<Duration>, now: Now) -> Option<&mut dyn Recording> {
        self.context.hear(now, time_limit);
        let recorder = self.recorder.as_deref_mut()?;
        recorder.hear(&self.context);
        Some(recorder)
    }

    fn advance(mut self: Box<Self>, mut next: Next) -> Step {
        loop {
            let result = match next {
                Ok(Move(Kind::Effect(effect))) => return effect.ask(self),
                Ok(Move(Kind::Call(called))) => {
                    let CalledCredential {
                        credential,
                        link,
                        then,
                    } = *called;
                    next = match self.enter(&*credential, link, then) {
                        Ok(()) => credential.begin(&mut self.context),
                        Err(error) => return self.finish(Err(error)),
                    };
                    continue;
                }
                Ok(Move(Kind::Done(token))) => self.context.check_token(token),
                Err(error) => Err(error),
            };
            let Some(frame) = self.frames.pop() else {
                return self.finish(result);
            };
            self.context.leave(frame.caller);
            next = (frame.then)(result, &mut self.context);
        }
    }
}

impl RunState {
    fn enter(
        &mut self,
        credential: &dyn Credential,
        link: Link,
        then: Returned,
    ) -> Result<(), Error> {
        if self.frames.len() == MOST_FRAMES {
            return self.context.failed(Cause::TooDeep { limit: MOST_FRAMES });
        }
        self.spend()?;
        let caller = self.context.call(credential.name(), link);
        self.frames.push(Frame { then, caller });
        Ok(())
    }

    pub(crate) fn ask<E: Effect>(mut self: Box<Self>, mut pending: Box<Pending<E>>) -> Step {
        if let Err(error) = self.spend() {
            return self.finish(Err(error));
        }
        if E::ASKS_PERSON && !self.context.may_ask() {
            let error = self.context.person_required();
            return self.advance(error);
        }
        let left = self.context.time_left();
        if left.is_zero() {
            let error = self.context.unavailable(Cause::OutOfTime);
            return self.advance(error);
        }
        let request = &mut pending.request;
        let is_cut_short = E::time_limit(request).is_none_or(|limit| limit > left);
        E::limit_time(request, left);
        self.context.ask(E::secrets(request), is_cut_short);
        E::step(Call::new(pending, self))
    }

    fn spend(&mut self) -> Result<(), Error> {
        match self.effects_left.checked_sub(1) {
            Some(left) => self.effects_left = left,
            None => {
                return self.context.failed(Cause::TooManyEffects {
                    limit: MOST_EFFECTS,
                });
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, result: Result<AccessToken, Error>) -> Step {
        let recorder = self.recorder.take();
        let transcript = recorder.map(|recorder| recorder.finish(&result));
        let (memory, links) = self.context.take_notes();
        Step::Done(Outcome {
            result,
            memory,
            links,
            transcript,
        })
    }
}
