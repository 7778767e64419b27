//! The async-std host: which effect is carried out by which means.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_std::task;
use azid_async::{
    AnyClient, BoxFuture, Callbacks, Host, HttpClient, NoRandomness, Refresh, WithCallbacks,
};
use azid_core::effect::{HttpFailure, KeyHandle};
use azid_core::{Environment, Now, Platform, Seed, Step, Timestamp, Variables};
use azid_native::{Authorization, Browser, Proxies};
use url::Url;

/// Carries out effects on async-std's global executor.
///
/// HTTP goes by the blocking host of `azid-ureq`, on async-std's pool of blocking threads, or by a
/// client of the user's; files are read and keys in memory sign on that pool too; waits are
/// async-std's timers. What has begun on the pool cannot be called off: it ends by itself, an
/// exchange at its time limit at the latest. A program runs on a thread of its own, in real time,
/// and is killed when the future that waits for it is dropped; the answer of a browser is heard by
/// threads outside the executor.
pub struct AsyncStdHost {
    client: Option<AnyClient>,
    proxies: Proxies,
    browser: Browser,
    callbacks: Callbacks,
    clock: Option<Clock>,
    sleep: Box<dyn Fn(Duration) -> BoxFuture<()> + Send + Sync>,
    seeds: Box<dyn Fn() -> Result<Seed, NoRandomness> + Send + Sync>,
    environments: Box<dyn Fn(Variables) -> Arc<Environment> + Send + Sync>,
    platform: Platform,
    blocking: OnceLock<Arc<azid_ureq::Host>>,
}

type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

impl AsyncStdHost {
    /// A host that uses the process's proxies as they are now, and shows each run the process's
    /// environment as it is when the run starts: platforms may replace values in it.
    pub fn new() -> Self {
        Self {
            client: None,
            proxies: Proxies::from_environment(),
            browser: Browser::default(),
            callbacks: Callbacks::default(),
            clock: None,
            sleep: Box::new(|duration| Box::pin(task::sleep(duration))),
            seeds: Box::new(|| azid_native::seed().map_err(NoRandomness::new)),
            environments: Box::new(|variables| Arc::new(azid_native::environment_of(variables))),
            platform: azid_native::platform(),
            blocking: OnceLock::new(),
        }
    }

    /// Sends every request by this client.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.client = Some(AnyClient::new(client));
        self
    }

    /// Uses these proxies instead of those that the process's environment names.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
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

    /// Reads the time from this clock instead of the system's.
    pub fn clock(mut self, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Waits by this function instead of async-std's timers.
    pub fn sleep<F>(mut self, sleep: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.sleep = Box::new(move |duration| Box::pin(sleep(duration)));
        self
    }

    /// Takes the seeds of runs from here instead of the system's randomness. For tests: whoever
    /// knows a run's seed knows its secrets.
    pub fn seeds(mut self, seeds: impl Fn() -> Seed + Send + Sync + 'static) -> Self {
        self.seeds = Box::new(move || Ok(seeds()));
        self
    }

    /// Shows every run this environment instead of the process's.
    pub fn environment(self, environment: impl Into<Arc<Environment>>) -> Self {
        let environment = environment.into();
        self.environments(move || environment.clone())
    }

    /// Shows each run the environment that this function answers when the run starts.
    pub fn environments(
        mut self,
        environments: impl Fn() -> Arc<Environment> + Send + Sync + 'static,
    ) -> Self {
        self.environments = Box::new(move |_| environments());
        self
    }

    /// Performs a step on the pool of blocking threads.
    fn block(&self, step: Step) -> BoxFuture<Step> {
        let host = self.blocking.get_or_init(|| {
            let host = azid_ureq::Host::new().proxies(self.proxies.clone());
            let clock = self.clock.clone();
            Arc::new(host.clock(move || now(clock.as_ref())))
        });
        let host = host.clone();
        Box::pin(task::spawn_blocking(move || host.perform(step)))
    }
}

impl Default for AsyncStdHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for AsyncStdHost {
    type Perform = BoxFuture<Step>;

    fn perform(&self, step: Step) -> BoxFuture<Step> {
        let clock = self.clock.clone();
        let clock = move || now(clock.as_ref());
        match (step, &self.client) {
            (Step::Http(call), Some(client)) => {
                let limit = call.request().requirements.timeout;
                let sent = client.send(call.request().clone());
                Box::pin(async move {
                    let reply = async_std::future::timeout(limit, sent).await;
                    call.reply(reply.unwrap_or(Err(HttpFailure::TimedOut)), clock())
                })
            }
            (Step::Exec(call), _) => Box::pin(async move {
                let reply = azid_native::start_program(call.request().clone()).await;
                call.reply(reply, clock())
            }),
            (Step::Authorize(call), _) => {
                let authorization = Authorization::begin(call.request().clone(), &self.browser);
                Box::pin(async move {
                    let reply = authorization.await;
                    call.reply(reply, clock())
                })
            }
            (Step::Sleep(call), _) => {
                let slept = (self.sleep)(call.request().duration);
                Box::pin(async move {
                    slept.await;
                    call.reply(Ok(()), clock())
                })
            }
            (step @ (Step::Http(_) | Step::ReadFile(_)), _) => self.block(step),
            (Step::Sign(call), _) if matches!(call.request().key, KeyHandle::InMemory(_)) => {
                self.block(Step::Sign(call))
            }
            (other, _) => self
                .callbacks
                .perform(other, clock, |limit| Box::pin(task::sleep(limit))),
        }
    }

    fn now(&self) -> Now {
        now(self.clock.as_ref())
    }

    fn timestamp(&self) -> Timestamp {
        match &self.clock {
            Some(clock) => clock().timestamp(),
            None => azid_native::timestamp(),
        }
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        (self.seeds)()
    }

    fn environment(&self, variables: Variables) -> Arc<Environment> {
        (self.environments)(variables)
    }

    fn platform(&self) -> Platform {
        self.platform
    }

    fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
        task::spawn(refresh); // and it goes on without its handle
        Ok(())
    }
}

fn now(clock: Option<&Clock>) -> Now {
    clock.map_or_else(azid_native::now, |clock| clock())
}

impl WithCallbacks for AsyncStdHost {
    fn callbacks_mut(&mut self) -> &mut Callbacks {
        &mut self.callbacks
    }
}

impl fmt::Debug for AsyncStdHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncStdHost")
            .field("client", &self.client)
            .field("callbacks", &self.callbacks)
            .field("environment", &(self.environments)(Variables::Known))
            .finish_non_exhaustive()
    }
}
