//! The user's own code, by the names under which credentials ask for it.

use std::fmt;

use azid_core::effect::{Assertion, CallbackId, Effect, Prompt, Refusal, Sign, Token};
use azid_core::{Call, Now, Step};

/// The callbacks of a host, kind by kind.
#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    pub(crate) assertions: Answers<Assertion>,
    pub(crate) client_secrets: Answers<Assertion>,
    pub(crate) tokens: Answers<Token>,
    pub(crate) prompts: Answers<Prompt>,
    pub(crate) signers: Answers<Sign>,
}

/// The callbacks of one kind of effect, of which there are few.
pub(crate) struct Answers<E: Effect>(Vec<(CallbackId, Box<Answer<E>>)>);

type Answer<E> = dyn Fn(&<E as Effect>::Request) -> Reply<E> + Send + Sync;

type Reply<E> = Result<<E as Effect>::Output, <E as Effect>::Failure>;

impl<E: Effect> Answers<E> {
    pub(crate) fn register(
        &mut self,
        name: CallbackId,
        answer: impl Fn(&E::Request) -> Reply<E> + Send + Sync + 'static,
    ) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, Box::new(answer)));
    }

    pub(crate) fn answer(&self, call: Call<E>, name: CallbackId, now: impl Fn() -> Now) -> Step {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, answer)) => {
                let reply = answer(call.request());
                call.reply(reply, now())
            }
            None => call.refuse(Refusal::NotRegistered(name), now()),
        }
    }
}

impl<E: Effect> Default for Answers<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: Effect> fmt::Debug for Answers<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

/// Makes the pair of methods that register a callback: on the host and on a provider's builder.
macro_rules! register {
    ($(#[$doc:meta])* $on:ident, $field:ident: $request:ident -> $output:ty, $failure:ident) => {
        impl crate::Host {
            $(#[$doc])*
            pub fn $on(
                mut self,
                name: azid_core::effect::CallbackId,
                answer: impl Fn(&azid_core::effect::$request)
                    -> Result<$output, azid_core::effect::$failure> + Send + Sync + 'static,
            ) -> Self {
                self.callbacks_mut().$field.register(name, answer);
                self
            }
        }

        impl crate::Builder {
            $(#[$doc])*
            pub fn $on(
                self,
                name: azid_core::effect::CallbackId,
                answer: impl Fn(&azid_core::effect::$request)
                    -> Result<$output, azid_core::effect::$failure> + Send + Sync + 'static,
            ) -> Self {
                self.map_host(|host| host.$on(name, answer))
            }
        }
    };
}

register!(/// Answers requests for a client assertion under this name.
    on_assertion, assertions: AssertionRequest -> azid_core::Secret, AssertionFailure);
register!(/// Answers with a client secret under this name, for a credential that asks for one.
    on_client_secret, client_secrets: AssertionRequest -> azid_core::Secret, AssertionFailure);
register!(/// Answers requests for a token under this name.
    on_token, tokens: TokenOrder -> azid_core::AccessToken, TokenFailure);
register!(/// Shows a person what to do, for credentials that prompt under this name.
    on_prompt, prompts: PromptRequest -> (), PromptFailure);
register!(/// Signs with the key of this name. Nobody can call the answer off, so it must come to an
    /// end by itself within the request's time limit.
    on_sign, signers: SignRequest -> Vec<u8>, SignFailure);
