//! The words that flows speak in: each makes a move, which the run turns into a step.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, Position};
use crate::credential::Credential;
use crate::effect::{
    Assertion, AssertionRequest, Authorize, AuthorizeRequest, Effect, Exec, ExecRequest,
    FileRequest, Prompt, PromptRequest, ReadFile, Sign, SignRequest, Sleep, SleepRequest, Token,
    TokenOrder,
};
use crate::error::Error;
use crate::request::TokenRequest;
use crate::step::{Pending, Then, Wanted};
use crate::token::AccessToken;

/// What a handler answers: the next move, or the error that ends the flow.
pub type Next = Result<Move, Error>;

/// It goes through every handler on the way, so it is kept small.
const _: () = assert!(size_of::<Next>() <= 4 * size_of::<usize>());

/// A flow's next move. The words of this crate make it: [`http`], [`read_file`], [`call`],
/// [`done`] and their like.
#[must_use]
pub struct Move(pub(crate) Kind);

pub(crate) enum Kind {
    Effect(Box<dyn Wanted>),
    Call(Box<CalledCredential>),
    Done(AccessToken),
}

/// A credential that is to be called, and what goes on with its result.
pub(crate) struct CalledCredential {
    pub(crate) credential: Arc<dyn Credential>,
    pub(crate) link: Link,
    pub(crate) then: Returned,
}

pub(crate) type Returned = Box<dyn FnOnce(Result<AccessToken, Error>, &mut Context) -> Next + Send>;

impl fmt::Debug for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Effect(_) => "Move::Effect",
            Kind::Call(_) => "Move::Call",
            Kind::Done(_) => "Move::Done",
        })
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
    Ok(Move(Kind::Call(Box::new(CalledCredential {
        credential,
        link,
        then: Box::new(then),
    }))))
}

/// Under which terms a credential is called.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// What is asked of it; none passes on what the caller is asked.
    pub request: Option<TokenRequest>,
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
            let then = |asked: Box<Pending<$effect>>, reply: Result<_, _>, cx: &mut Context| {
                cx.answered_by(<$effect as Effect>::into_endpoint(asked.request));
                then(reply, cx)
            };
            ask::<$effect>(request, Box::new(then))
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

pub(crate) fn ask<E: Effect>(request: E::Request, then: Then<E>) -> Next {
    Ok(Move(Kind::Effect(Box::new(Pending::<E>::new(
        request, then,
    )))))
}
