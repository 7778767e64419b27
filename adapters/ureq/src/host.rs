//! The host: how this adapter carries out effects.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{KeyHandle, ProofKind, Refusal};
use azid_core::{
    Context, Environment, Needs, Now, Platform, Seed, Step, Timestamp, TokenRequest, Variables,
};
use azid_native::{Browser, Proxies, SeedFailure, Signer};
use url::Url;

use crate::abilities::Abilities;
use crate::callbacks::Callbacks;
use crate::http::Client;

/// Carries out effects, each on the thread that asks for it.
///
/// HTTP exchanges, file reads, programs, sign-ins by a browser, waits and signatures by keys in
/// memory work as they are; assertions, tokens, prompts and signatures by named keys work where a
/// callback is registered. An effect that this host does not know is refused.
pub struct Host {
    client: Client,
    abilities: Abilities,
    callbacks: Callbacks,
    browser: Browser,
    signer: Signer,
    environments: Box<dyn Fn(Variables) -> Arc<Environment> + Send + Sync>,
    platform: Platform,
    clock: Option<Box<dyn Fn() -> Now + Send + Sync>>,
    seed: Box<dyn Fn() -> Result<Seed, SeedFailure> + Send + Sync>,
    sleep: Box<dyn Fn(Duration) + Send + Sync>,
}

impl Host {
    /// A host with this machine's clock and randomness, with this process's proxies as they are
    /// now, and with its environment as it is when a run starts: platforms may replace values in it.
    pub fn new() -> Self {
        Self::with(Abilities::of(Needs::ALL))
    }

    pub(crate) fn with(abilities: Abilities) -> Self {
        Self {
            client: Client::new(Proxies::from_environment()),
            abilities,
            callbacks: Callbacks::default(),
            browser: Browser::default(),
            signer: Signer::new(),
            environments: Box::new(|variables| Arc::new(azid_native::environment_of(variables))),
            platform: azid_native::platform(),
            clock: None,
            seed: Box::new(azid_native::seed),
            sleep: Box::new(std::thread::sleep),
        }
    }

    /// Shows every run this environment instead of the process's.
    pub fn environment(self, environment: impl Into<Arc<Environment>>) -> Self {
        let environment = environment.into();
        self.environments(move || Arc::clone(&environment))
    }

    /// Shows each run the environment that this function answers when the run starts.
    ///
    /// Whose tokens a provider gets is settled by it too: one that has changed is that of somebody
    /// else, whose tokens are held apart, unless a secret in it was replaced and nothing else
    /// ([`Environment::is_same_identity_as`]). Who finds a token that need not be renewed gets that of
    /// the last run.
    pub fn environments(
        mut self,
        environments: impl Fn() -> Arc<Environment> + Send + Sync + 'static,
    ) -> Self {
        self.environments = Box::new(move |_| environments());
        self
    }

    /// The environment as it is now, as far as it matters to a credential that reads these.
    pub(crate) fn snapshot(&self, variables: Variables) -> Arc<Environment> {
        (self.environments)(variables).only(variables)
    }

    /// Uses these proxies instead of those that the process's environment names.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.client.proxies(proxies);
        self
    }

    /// Sends requests by this agent instead of agents of the host's own: the one place where a
    /// type of ureq's is part of this crate's interface.
    ///
    /// The agent's roots, resolver, proxy and connections are used as they are. What a request
    /// requires still holds: time and size limits, no redirects, no proxy where that is required,
    /// and a refusal where a server must prove itself in some special way: by a pinned certificate,
    /// to other roots, or under another name than its URL's. Agents of the host's own honour these.
    pub fn ureq_agent(mut self, agent: ureq::Agent) -> Self {
        self.client.agent(agent);
        self
    }

    /// Opens pages for people to sign in by this function instead of the browser that
    /// [`Browser`] finds by default. It may return at once or when the person is done with the
    /// page; an error says that the page cannot be seen, and makes the credential unavailable.
    pub fn browser(
        mut self,
        open: impl Fn(&Url) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.browser = Browser::new(open);
        self
    }

    /// Reads the time from this clock.
    pub fn clock(mut self, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Waits by this function instead of [`std::thread::sleep`]. With a clock that it moves on,
    /// runs take place in virtual time.
    pub fn sleep(mut self, sleep: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.sleep = Box::new(sleep);
        self
    }

    /// Takes the seeds of runs from here instead of the system's randomness. For tests: whoever
    /// knows a run's seed knows its secrets.
    pub fn seeds(mut self, seed: impl Fn() -> Seed + Send + Sync + 'static) -> Self {
        self.seed = Box::new(move || Ok(seed()));
        self
    }

    /// Carries out a step's effect and answers it. A step that is done stays so.
    pub fn perform(&self, step: Step) -> Step {
        let now = || self.now();
        match step {
            Step::Http(call) => {
                let reply = self.client.send(call.request());
                call.reply(reply, now())
            }
            Step::ReadFile(call) => {
                let reply = azid_native::read_file(call.request());
                call.reply(reply, now())
            }
            Step::Exec(call) => match self.abilities.run_program {
                Some(run) => {
                    let reply = run(call.request());
                    call.reply(reply, now())
                }
                None => call.refuse(Refusal::NoSuchEffect, now()),
            },
            Step::Authorize(call) => match self.abilities.authorize {
                Some(authorize) => {
                    let reply = authorize(call.request(), &self.browser);
                    call.reply(reply, now())
                }
                None => call.refuse(Refusal::NoSuchEffect, now()),
            },
            Step::Sleep(call) => {
                (self.sleep)(call.request().duration);
                call.reply(Ok(()), now())
            }
            Step::Assertion(call) => {
                let name = call.request().callback.clone();
                let answers = match call.request().kind {
                    ProofKind::ClientSecret => &self.callbacks.client_secrets,
                    ProofKind::ClientAssertion => &self.callbacks.assertions,
                };
                answers.answer(call, name, now)
            }
            Step::Token(call) => {
                let name = call.request().callback.clone();
                self.callbacks.tokens.answer(call, name, now)
            }
            Step::Prompt(call) => {
                let name = call.request().callback.clone();
                self.callbacks.prompts.answer(call, name, now)
            }
            Step::Sign(call) => match call.request().key.clone() {
                KeyHandle::Named(name) => self.callbacks.signers.answer(call, name, now),
                _ => match self.abilities.sign {
                    Some(sign) => {
                        let reply = sign(&self.signer, call.request());
                        call.reply(reply, now())
                    }
                    None => call.refuse(Refusal::NoSuchEffect, now()),
                },
            },
            other => other.refuse(Refusal::NoSuchEffect, now()),
        }
    }

    /// The time now, by the host's clock.
    pub fn now(&self) -> Now {
        match &self.clock {
            Some(clock) => clock(),
            None => azid_native::now(),
        }
    }

    /// The moment now, by the host's clock: what a token that is held is compared with.
    pub(crate) fn timestamp(&self) -> Timestamp {
        match &self.clock {
            Some(clock) => clock().timestamp(),
            None => azid_native::timestamp(),
        }
    }

    /// A seed for one run.
    ///
    /// # Errors
    ///
    /// The system gives no randomness.
    pub fn seed(&self) -> Result<Seed, SeedFailure> {
        (self.seed)()
    }

    /// The context of a run that starts now, with an empty memory.
    ///
    /// # Errors
    ///
    /// The system gives no randomness.
    pub fn context(&self, request: TokenRequest) -> Result<Context, SeedFailure> {
        self.context_in(self.snapshot(Variables::Known), request)
    }

    /// The same in an environment that was captured already.
    pub(crate) fn context_in(
        &self,
        environment: Arc<Environment>,
        request: TokenRequest,
    ) -> Result<Context, SeedFailure> {
        let context = Context::new(request, self.now(), self.seed()?);
        Ok(context
            .with_environment(environment)
            .with_platform(self.platform))
    }

    pub(crate) fn callbacks_mut(&mut self) -> &mut Callbacks {
        &mut self.callbacks
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("client", &self.client)
            .field("callbacks", &self.callbacks)
            .field("environment", &self.snapshot(Variables::Known))
            .finish_non_exhaustive()
    }
}
