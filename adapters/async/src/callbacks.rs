//! The user's own code, by the names under which credentials ask for it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{
    Assertion, AssertionFailure, AssertionRequest, CallbackId, Effect, KeyHandle, Prompt,
    PromptFailure, PromptRequest, ProofKind, Refusal, Sign, SignFailure, SignRequest, Token,
    TokenFailure, TokenOrder,
};
use azid_core::{AccessToken, Call, Now, Secret, Step};
use futures_util::future::{Either, select};

use crate::builder::Builder;
use crate::host::{BoxFuture, Host};

/// The callbacks of a host with threads: client assertions, tokens, prompts and signatures of the
/// user's own making.
///
/// A callback has five minutes to answer, and a signer the time limit of its request. One that takes
/// longer is called off by those who wait for it, who call it once more; after that they are told
/// that their time is up.
#[derive(Clone, Debug, Default)]
pub struct Callbacks {
    assertions: Answers<Assertion>,
    client_secrets: Answers<Assertion>,
    tokens: Answers<Token>,
    prompts: Answers<Prompt>,
    signers: Answers<Sign>,
}

/// A host that keeps callbacks, so that the builder of its provider can register them.
pub trait WithCallbacks: Host {
    /// The callbacks.
    fn callbacks_mut(&mut self) -> &mut Callbacks;
}

/// The reply to an effect of a kind.
pub type Reply<E> = Result<<E as Effect>::Output, <E as Effect>::Failure>;

/// Makes the pair of methods that register a callback: on the builder and on the registry.
macro_rules! register {
    ($(#[$doc:meta])* $on:ident, $field:ident: $effect:ident, $request:ident -> $output:ty, $failure:ident) => {
        impl Callbacks {
            $(#[$doc])*
            pub fn $on<F>(&mut self, name: CallbackId, answer: impl Fn($request) -> F + Send + Sync + 'static)
            where
                F: Future<Output = Result<$output, $failure>> + Send + 'static,
            {
                self.$field.register(name, answer);
            }
        }

        impl<H: WithCallbacks> Builder<H> {
            $(#[$doc])*
            pub fn $on<F>(mut self, name: CallbackId, answer: impl Fn($request) -> F + Send + Sync + 'static) -> Self
            where
                F: Future<Output = Result<$output, $failure>> + Send + 'static,
            {
                self.host_mut().callbacks_mut().$on(name, answer);
                self
            }
        }
    };
}

register!(/// Answers requests for a client assertion under this name.
    on_assertion, assertions: Assertion, AssertionRequest -> Secret, AssertionFailure);
register!(/// Answers with a client secret under this name, for a credential that asks for one.
    on_client_secret, client_secrets: Assertion, AssertionRequest -> Secret, AssertionFailure);
register!(/// Answers requests for a token under this name.
    on_token, tokens: Token, TokenOrder -> AccessToken, TokenFailure);
register!(/// Shows a person what to do, for credentials that prompt under this name.
    on_prompt, prompts: Prompt, PromptRequest -> (), PromptFailure);
register!(/// Signs with the key of this name, within the request's time limit.
    on_sign, signers: Sign, SignRequest -> Vec<u8>, SignFailure);

impl Callbacks {
    /// Carries out the effect of a step that a callback answers, and refuses any other: what a
    /// host does with the steps that it does not know itself. A signer is given up when `sleep` has
    /// waited for its time limit.
    pub fn perform(
        &self,
        step: Step,
        now: impl Fn() -> Now + Send + 'static,
        sleep: impl FnOnce(Duration) -> BoxFuture<()>,
    ) -> BoxFuture<Step> {
        match step {
            Step::Assertion(call) => {
                let name = call.request().callback.clone();
                let answers = match call.request().kind {
                    ProofKind::ClientSecret => &self.client_secrets,
                    ProofKind::ClientAssertion => &self.assertions,
                };
                answers.answer(call, name, now)
            }
            Step::Token(call) => {
                let name = call.request().callback.clone();
                self.tokens.answer(call, name, now)
            }
            Step::Prompt(call) => {
                let name = call.request().callback.clone();
                self.prompts.answer(call, name, now)
            }
            Step::Sign(call) => match call.request().key.clone() {
                KeyHandle::Named(name) => {
                    let time_up = sleep(call.request().timeout);
                    self.signers.answer_within(time_up, call, name, now)
                }
                _ => Box::pin(async move { call.refuse(Refusal::NoSuchEffect, now()) }),
            },
            other => Box::pin(async move { other.refuse(Refusal::NoSuchEffect, now()) }),
        }
    }
}

/// The callbacks of one kind of effect.
struct Answers<E: Effect>(BTreeMap<CallbackId, Arc<Answer<E>>>);

type Answer<E> = dyn Fn(<E as Effect>::Request) -> BoxFuture<Reply<E>> + Send + Sync;

impl<E: Effect> Answers<E> {
    fn register<F>(
        &mut self,
        name: CallbackId,
        answer: impl Fn(E::Request) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Reply<E>> + Send + 'static,
    {
        self.0
            .insert(name, Arc::new(move |request| Box::pin(answer(request))));
    }

    fn answer(
        &self,
        call: Call<E>,
        name: CallbackId,
        now: impl Fn() -> Now + Send + 'static,
    ) -> BoxFuture<Step> {
        let Some(answer) = self.0.get(&name) else {
            let refusal = Refusal::NotRegistered(name);
            return Box::pin(async move { call.refuse(refusal, now()) });
        };
        let reply = answer(call.request().clone());
        Box::pin(async move { call.reply(reply.await, now()) })
    }
}

impl Answers<Sign> {
    fn answer_within(
        &self,
        time_up: BoxFuture<()>,
        call: Call<Sign>,
        name: CallbackId,
        now: impl Fn() -> Now + Send + 'static,
    ) -> BoxFuture<Step> {
        let Some(answer) = self.0.get(&name) else {
            return self.answer(call, name, now);
        };
        let reply = answer(call.request().clone());
        Box::pin(async move {
            let reply = match select(reply, time_up).await {
                Either::Left((reply, _)) => reply,
                Either::Right(_) => Err(SignFailure::TimedOut),
            };
            call.reply(reply, now())
        })
    }
}

impl<E: Effect> Clone for Answers<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Effect> Default for Answers<E> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<E: Effect> fmt::Debug for Answers<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
