//! One step of a run: an effect to carry out, or the end.

use std::fmt;

use crate::chain::LinkVerdict;
use crate::context::Context;
use crate::effect::{
    Assertion, Authorize, Effect, Exec, Failure, Http, Prompt, ReadFile, Refusal, Sign, Sleep,
    Token,
};
use crate::error::{Cause, Error, ErrorKind};
use crate::memory::{Memory, MemoryChange};
use crate::moves::Next;
use crate::run::{Going, RunState};
use crate::time::Now;
use crate::token::AccessToken;
use crate::transcript::Recorded;
use crate::user::SignInFault;

/// What a run wants next: one kind of effect, or nothing more.
///
/// Exactly one effect is outstanding in a run at any time. The only way on is to reply to it, and
/// that consumes the step.
#[must_use = "a run goes on only when its step is answered"]
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Send an HTTP request.
    Http(Call<Http>),
    /// Read a file.
    ReadFile(Call<ReadFile>),
    /// Run a program.
    Exec(Call<Exec>),
    /// Sign a message.
    Sign(Call<Sign>),
    /// Ask the user's code for a client assertion.
    Assertion(Call<Assertion>),
    /// Ask the user's code for a token.
    Token(Call<Token>),
    /// Show a person what to do.
    Prompt(Call<Prompt>),
    /// Send a browser to sign in, and listen for the answer.
    Authorize(Call<Authorize>),
    /// Wait.
    Sleep(Call<Sleep>),
    /// The run is over.
    Done(Outcome),
}

impl Step {
    /// Answers whatever effect it is with a refusal. A step that is done stays so.
    pub fn refuse(self, why: Refusal, now: Now) -> Step {
        match self {
            Self::Http(call) => call.refuse(why, now),
            Self::ReadFile(call) => call.refuse(why, now),
            Self::Exec(call) => call.refuse(why, now),
            Self::Sign(call) => call.refuse(why, now),
            Self::Assertion(call) => call.refuse(why, now),
            Self::Token(call) => call.refuse(why, now),
            Self::Prompt(call) => call.refuse(why, now),
            Self::Authorize(call) => call.refuse(why, now),
            Self::Sleep(call) => call.refuse(why, now),
            Self::Done(outcome) => Self::Done(outcome),
        }
    }
}

/// An outstanding effect: its request, and the rest of the run that waits for the reply.
#[must_use = "a run goes on only when its call is answered"]
pub struct Call<E: Effect>(Box<Pending<E>>);

/// An effect that a flow wants, with what takes the reply.
pub(crate) struct Pending<E: Effect> {
    pub(crate) request: E::Request,
    /// What takes the reply, until there is one.
    then: Option<Then<E>>,
    /// Where it goes on, once the run has let the effect pass.
    run: Option<Box<dyn Going>>,
}

impl<E: Effect> Pending<E> {
    #[inline]
    pub(crate) fn new(request: E::Request, then: Then<E>) -> Self {
        Self {
            request,
            then: Some(then),
            run: None,
        }
    }
}

/// An effect of any kind that a flow wants.
pub(crate) trait Wanted: Send {
    /// Asks the run for it.
    fn ask(self: Box<Self>, run: Box<RunState>) -> Step;
}

impl<E: Effect> Wanted for Pending<E> {
    fn ask(self: Box<Self>, run: Box<RunState>) -> Step {
        run.ask(self)
    }
}

/// What takes the reply to an effect, together with the request that it answers, which stays where it
/// is: some are large.
pub(crate) type Then<E> = Box<
    dyn FnOnce(
            Box<Pending<E>>,
            Result<<E as Effect>::Output, <E as Effect>::Failure>,
            &mut Context,
        ) -> Next
        + Send,
>;

impl<E: Effect> Call<E> {
    pub(crate) fn new(mut pending: Box<Pending<E>>, run: Box<dyn Going>) -> Self {
        pending.run = Some(run);
        Self(pending)
    }

    /// What the host is asked to do.
    pub fn request(&self) -> &E::Request {
        &self.0.request
    }

    /// Goes on with the reply, at the time when it came.
    pub fn reply(self, reply: Result<E::Output, E::Failure>, now: Now) -> Step {
        E::reply(self, reply, now)
    }

    pub(crate) fn go_on(self, reply: Result<E::Output, E::Failure>, now: Now) -> Step {
        let Self(mut pending) = self;
        let mut run = pending.run.take().expect("a call is made with its run");
        let then = pending.then.take().expect("a call is answered once");
        let reply = E::bounded(&pending.request, reply);
        if let Some(recording) = run.hear(E::time_limit(&pending.request), now) {
            E::record(&pending.request, &reply, recording);
        }
        let next = then(pending, reply, run.context());
        run.advance(next)
    }

    /// Goes on with the word that the host did not try.
    pub fn refuse(self, why: Refusal, now: Now) -> Step {
        self.reply(Err(E::Failure::refused(why)), now)
    }
}

impl<E: Effect> fmt::Debug for Call<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(self.request()).finish()
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The token, or why there is none.
    pub result: Result<AccessToken, Error>,
    /// What to remember for later runs.
    pub memory: Vec<MemoryChange>,
    /// What the links of chains answered, in the order in which they did; those of a chain inside
    /// another one come before the link that it is.
    pub links: Vec<LinkVerdict>,
    /// What happened, if the context asked for it.
    pub transcript: Option<Recorded>,
}

impl Outcome {
    /// The outcome of a run that did not come to its own end, for the shell that drove it.
    pub fn without_token(error: Error) -> Self {
        Self {
            result: Err(error),
            memory: Vec::new(),
            links: Vec::new(),
            transcript: None,
        }
    }

    /// Makes an error of it, and leaves nothing to remember, if somebody signed in where the memory
    /// knows somebody else: two runs that began before anybody was known, each with another person.
    /// Whoever applies the changes does this before, so that the tokens that are held under one
    /// credential are one person's.
    pub fn refuse_other_account(&mut self, memory: &Memory) {
        if !memory.contradicts(&self.memory) {
            return;
        }
        self.memory.clear();
        if let Ok(token) = &self.result {
            let cause = Cause::SignIn {
                fault: SignInFault::OtherAccount,
                service: None,
            };
            self.result = Err(Error::of(ErrorKind::Failed, token.came_from(), cause));
        }
    }
}
