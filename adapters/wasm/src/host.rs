//! The host: which effect is carried out by which means of a page or a worker.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use azid_async::{Host, NoRandomness, Refresh};
use azid_core::effect::{
    Assertion, AssertionFailure, AssertionRequest, CallbackId, KeyHandle, Prompt, PromptFailure,
    PromptRequest, ProofKind, Refusal, Sign, SignFailure, SignRequest, Token, TokenFailure,
    TokenOrder,
};
use azid_core::{AccessToken, Call, Environment, Now, Secret, Seed, Step, Timestamp, Variables};
use futures_util::future::{Either, LocalBoxFuture, select};
use web_sys::CryptoKey;

use crate::answers::Answers;
use crate::fetch::fetch;
use crate::scope::{new_seed, now, sleep, timestamp};
use crate::sign::sign;

/// Carries out effects in a page or in a worker: requests by `fetch`, waits by timers, signatures by
/// WebCrypto, and what the user registers. There are no files and no programs. A sign-in needs a
/// page to leave; see the [crate's documentation](crate).
#[derive(Default)]
pub struct WebHost {
    environment: Arc<Environment>,
    assertions: Answers<Assertion>,
    client_secrets: Answers<Assertion>,
    tokens: Answers<Token>,
    prompts: Answers<Prompt>,
    signers: Answers<Sign>,
}

/// Makes the method that registers a callback.
macro_rules! register {
    ($(#[$doc:meta])* $on:ident, $field:ident: $request:ident -> $output:ty, $failure:ident) => {
        impl WebHost {
            $(#[$doc])*
            pub fn $on<F>(mut self, name: CallbackId, answer: impl Fn($request) -> F + 'static) -> Self
            where
                F: Future<Output = Result<$output, $failure>> + 'static,
            {
                self.$field.register(name, answer);
                self
            }
        }
    };
}

register!(/// Answers requests for a client assertion under this name.
    on_assertion, assertions: AssertionRequest -> Secret, AssertionFailure);
register!(/// Answers with a client secret under this name, for a credential that asks for one.
    on_client_secret, client_secrets: AssertionRequest -> Secret, AssertionFailure);
register!(/// Answers requests for a token under this name.
    on_token, tokens: TokenOrder -> AccessToken, TokenFailure);
register!(/// Shows a person what to do, for credentials that prompt under this name.
    on_prompt, prompts: PromptRequest -> (), PromptFailure);
register!(/// Signs with the key of this name, within the request's time limit.
    on_sign, signers: SignRequest -> Vec<u8>, SignFailure);

impl WebHost {
    /// A host that shows runs an empty environment.
    pub fn new() -> Self {
        Self::default()
    }

    /// Signs with this key under this name. It must be one for the algorithm that is asked for:
    /// RSASSA-PKCS1-v1_5 or RSA-PSS with SHA-256, or ECDSA on P-256. It need not be extractable.
    pub fn signing_key(self, name: CallbackId, key: CryptoKey) -> Self {
        self.on_sign(name, move |request| sign(key.clone(), request))
    }

    /// Shows every run this environment.
    pub fn environment(mut self, environment: impl Into<Arc<Environment>>) -> Self {
        self.environment = environment.into();
        self
    }

    fn sign(&self, call: Call<Sign>) -> LocalBoxFuture<'static, Step> {
        let reply = match &call.request().key {
            KeyHandle::Named(name) => self.signers.find(name, call.request()),
            _ => Err(Refusal::NoSuchEffect),
        };
        Box::pin(async move {
            let reply = match reply {
                Ok(reply) => reply,
                Err(refusal) => return call.refuse(refusal, now()),
            };
            let time_up = pin!(sleep(call.request().timeout));
            let reply = match select(reply, time_up).await {
                Either::Left((reply, _)) => reply,
                Either::Right(_) => Err(SignFailure::TimedOut),
            };
            call.reply(reply, now())
        })
    }
}

impl Host for WebHost {
    type Perform = LocalBoxFuture<'static, Step>;

    fn perform(&self, step: Step) -> Self::Perform {
        match step {
            Step::Http(call) => Box::pin(async move {
                let reply = fetch(call.request().clone()).await;
                call.reply(reply, now())
            }),
            Step::Sleep(call) => Box::pin(async move {
                sleep(call.request().duration).await;
                call.reply(Ok(()), now())
            }),
            Step::Sign(call) => self.sign(call),
            Step::Assertion(call) => {
                let answers = match call.request().kind {
                    ProofKind::ClientSecret => &self.client_secrets,
                    ProofKind::ClientAssertion => &self.assertions,
                };
                answers.answer(call.request().callback.clone(), call)
            }
            Step::Token(call) => self.tokens.answer(call.request().callback.clone(), call),
            Step::Prompt(call) => self.prompts.answer(call.request().callback.clone(), call),
            other => Box::pin(async move { other.refuse(Refusal::NoSuchEffect, now()) }),
        }
    }

    fn now(&self) -> Now {
        now()
    }

    fn timestamp(&self) -> Timestamp {
        timestamp()
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        new_seed()
    }

    fn environment(&self, _: Variables) -> Arc<Environment> {
        self.environment.clone()
    }

    fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
        wasm_bindgen_futures::spawn_local(refresh);
        Ok(())
    }
}

impl fmt::Debug for WebHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signers: Vec<_> = self.signers.names().collect();
        f.debug_struct("WebHost")
            .field("environment", &self.environment)
            .field("signers", &signers)
            .finish_non_exhaustive()
    }
}
