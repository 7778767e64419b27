//! The run: one credential at work on one request, from the first effect to the outcome.
//!
//! A flow's handlers speak in *moves*, made by the words of this module: an effect and the handler
//! of its reply, another credential and the handler of its result, or the token. The run turns
//! moves into steps, keeps the stack of callers, and holds everything to its budget.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, Position};
use crate::credential::Credential;
use crate::effect::{
    Assertion, AssertionRequest, Authorize, AuthorizeRequest, Effect, Exec, ExecRequest,
    FileRequest, Http, HttpFailure, HttpReply, HttpRequest, Prompt, PromptRequest, ReadFile, Sign,
    SignRequest, Sleep, SleepReason, SleepRequest, Token, TokenOrder,
};
use crate::error::{Cause, Error};
use crate::retry::Repeat;
use crate::step::{Call, Outcome, Step, Then};
use crate::time::Now;
use crate::token::AccessToken;
use crate::transcript::Recorder;

/// How deep credentials may call each other.
const MOST_FRAMES: usize = 8;

/// How many effects and calls one run may make.
const MOST_EFFECTS: u32 = 1000;

/// What a handler answers: the next move, or the error that ends the flow.
pub type Next = Result<Move, Error>;

/// A flow's next move. The words of this crate make it: [`http`], [`read_file`], [`call`],
/// [`done`] and their like.
#[must_use]
pub struct Move(Kind);

enum Kind {
    Effect(Box<dyn FnOnce(Box<RunState>) -> Step + Send>),
    Call {
        credential: Arc<dyn Credential>,
        link: Link,
        then: Returned,
    },
    Done(AccessToken),
}

type Returned = Box<dyn FnOnce(Result<AccessToken, Error>, &mut Context) -> Next + Send>;

impl fmt::Debug for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Effect(_) => "Move::Effect",
            Kind::Call { .. } => "Move::Call",
            Kind::Done(_) => "Move::Done",
        })
    }
}

/// A credential at work. See the crate's documentation for the loop that drives it.
#[derive(Debug)]
pub struct Run;

impl Run {
    /// Starts a credential on the context's request.
    pub fn start(credential: Arc<dyn Credential>, mut context: Context) -> Step {
        let recorder = context.recorder(&*credential).map(Box::new);
        context.enter(credential.name());
        let next = context
            .check_request()
            .and_then(|()| credential.begin(&mut context));
        let run = RunState {
            context,
            frames: Vec::new(),
            effects_left: MOST_EFFECTS,
            recorder,
        };
        Box::new(run).advance(next)
    }
}

/// Ends the flow with a token.
pub fn done(token: AccessToken) -> Next {
    Ok(Move(Kind::Done(token)))
}

/// Gets a token from another credential and goes on with the result.
pub fn call(
    credential: Arc<dyn Credential>,
    then: impl FnOnce(Result<AccessToken, Error>, &mut Context) -> Next + Send + 'static,
) -> Next {
    call_link(credential, Link::default(), then)
}

/// Gets a token from another credential as one link of a chain.
pub fn call_link(
    credential: Arc<dyn Credential>,
    link: Link,
    then: impl FnOnce(Result<AccessToken, Error>, &mut Context) -> Next + Send + 'static,
) -> Next {
    Ok(Move(Kind::Call {
        credential,
        link,
        then: Box::new(then),
    }))
}

/// Under which terms a credential is called.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    /// Where the called credential stands; none leaves the caller's position.
    pub position: Option<Position>,
    /// How long it may take; none leaves what the caller has left.
    pub within: Option<Duration>,
}

/// Makes the word for an effect whose reply goes straight to the handler.
macro_rules! word {
    ($(#[$doc:meta])* $word:ident, $effect:ident, $request:ident) => {
        $(#[$doc])*
        pub fn $word(
            request: $request,
            then: impl FnOnce(
                Result<<$effect as Effect>::Output, <$effect as Effect>::Failure>,
                &mut Context,
            ) -> Next + Send + 'static,
        ) -> Next {
            ask::<$effect>(request, Box::new(|_, reply, cx| then(reply, cx)))
        }
    };
}

word!(/// Reads a file and goes on with its content.
    read_file, ReadFile, FileRequest);
word!(/// Runs a program and goes on with what it printed.
    exec, Exec, ExecRequest);
word!(/// Signs a message and goes on with the signature.
    sign, Sign, SignRequest);
word!(/// Gets an assertion from the user's code and goes on with it.
    assertion, Assertion, AssertionRequest);
word!(/// Gets a token from the user's code and goes on with it.
    token, Token, TokenOrder);
word!(/// Shows a person what to do and goes on when it is shown.
    prompt, Prompt, PromptRequest);
word!(/// Sends a browser to sign in and goes on with the answer.
    authorize, Authorize, AuthorizeRequest);
word!(/// Waits and goes on.
    sleep, Sleep, SleepRequest);

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
    tries: Tries,
    then: HttpThen,
    cx: &mut Context,
) -> Next {
    let limit = request.requirements.max_body;
    let reply = reply.and_then(|response| {
        if response.body.len() <= limit {
            Ok(response)
        } else {
            Err(HttpFailure::BodyTooLarge { limit })
        }
    });
    let since = tries.since.unwrap_or_else(|| cx.asked_at());
    let spent = cx.elapsed().saturating_sub(since);
    let delay = request
        .retry
        .delay_after(tries.made, &reply, cx.now())
        .filter(|delay| {
            spent.saturating_add(*delay) <= request.retry.budget && *delay < cx.time_left()
        });
    let Some(nominal) = delay else {
        return then(reply, cx);
    };
    let duration = cx.entropy().jitter(nominal, request.retry.jitter);
    let wait = SleepRequest {
        duration,
        reason: SleepReason::Backoff,
        nominal,
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
            since: Some(since),
            rebuild: rebuild.clone(),
        };
        match rebuild {
            Some(rebuild) => rebuild(Resend { tries, then }, cx),
            None => attempt(request, tries, then),
        }
    })
}

fn ask<E: Effect>(request: E::Request, then: Then<E>) -> Next {
    Ok(Move(Kind::Effect(Box::new(move |run| {
        run.ask::<E>(request, then)
    }))))
}

/// Everything of a run but the handler that waits.
pub(crate) struct RunState {
    context: Context,
    frames: Vec<Frame>,
    effects_left: u32,
    recorder: Option<Box<Recorder>>,
}

/// A credential that has called another and waits for its result.
struct Frame {
    then: Returned,
    credential: &'static str,
    position: Position,
    deadline: Duration,
}

impl RunState {
    pub(crate) fn context(&mut self) -> &mut Context {
        &mut self.context
    }

    /// Takes note of a reply and of the time.
    pub(crate) fn hear<E: Effect>(
        &mut self,
        request: &E::Request,
        reply: &Result<E::Output, E::Failure>,
        now: Now,
    ) {
        self.context.hear(now, E::time_limit(request));
        if let Some(recorder) = &mut self.recorder {
            E::record(request, reply, &mut recorder.exchange(&self.context));
        }
    }

    /// Makes moves until one needs the host.
    pub(crate) fn advance(mut self: Box<Self>, mut next: Next) -> Step {
        loop {
            let result = match next {
                Ok(Move(Kind::Effect(effect))) => return effect(self),
                Ok(Move(Kind::Call {
                    credential,
                    link,
                    then,
                })) => {
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
            self.context
                .leave(frame.credential, frame.position, frame.deadline);
            next = (frame.then)(result, &mut self.context);
        }
    }

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
        let (caller, position, deadline) = self.context.call(credential.name(), link);
        self.frames.push(Frame {
            then,
            credential: caller,
            position,
            deadline,
        });
        Ok(())
    }

    fn ask<E: Effect>(mut self: Box<Self>, mut request: E::Request, then: Then<E>) -> Step {
        if let Err(error) = self.spend() {
            return self.finish(Err(error));
        }
        let left = self.context.time_left();
        if left.is_zero() {
            let error = self.context.unavailable(Cause::OutOfTime);
            return self.advance(error);
        }
        E::limit_time(&mut request, left);
        self.context
            .ask(E::secrets(&request), E::endpoint(&request));
        E::step(Call::new(request, then, self))
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

    fn finish(self: Box<Self>, result: Result<AccessToken, Error>) -> Step {
        let transcript = self
            .recorder
            .map(|recorder| Box::new(recorder.finish(&result)));
        Step::Done(Outcome {
            result,
            memory: self.context.into_changes(),
            transcript,
        })
    }
}
