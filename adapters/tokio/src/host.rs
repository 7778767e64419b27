//! The tokio host: which effect is carried out by which means.

use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use azid_async::{
    AnyClient, BoxFuture, Callbacks, Host, HttpClient, NoRandomness, Refresh, WithCallbacks,
};
use azid_core::effect::{
    Detail, Effect, FileFailure, HttpFailure, HttpReply, KeyHandle, Refusal, SleepReason,
};
use azid_core::{Call, Environment, Needs, Now, Platform, Seed, Step, Timestamp, Variables};
#[cfg(feature = "hyper")]
use azid_native::Proxies;
use azid_native::{Browser, Signer};
use tokio::runtime::Handle;
use tokio::time::Timeout;
use url::Url;

use crate::abilities::Abilities;
use crate::clock::Clock;
use crate::task::task;

/// Carries out effects on the tokio runtime that polls them, which needs its timer and its IO
/// enabled; outside of one it panics, as tokio's own futures do.
///
/// HTTP goes by `hyper` (the feature `hyper`, on by default) or by a client of the user's;
/// files are read on the blocking pool, and keys in memory sign there, since a long key takes
/// milliseconds; waits are tokio's, so that they follow `tokio::time::pause`. A program runs on a
/// thread of its own, in real time, and is killed when the future that waits for it is dropped; the
/// answer of a browser is heard by threads outside the runtime.
///
/// An exchange or a wait is a task of the runtime that it began on, so it goes on whoever waits
/// for it. Where that runtime ends first, the exchange is lost, and retried on the next one. The
/// host holds nothing else of a runtime but the HTTP client's kept connections, which are
/// replaced when they turn out to be closed; so a provider may outlive the runtime that it was
/// made in. What began on a runtime that is kept and no longer run is begun anew by those who wait
/// for it on another one, when it is overdue: for an exchange, ten seconds after its time limit. A
/// callback is polled by whoever waits and is no task of its own: one that awaits tokio's timers or
/// sockets, such as a signer in a vault, dies with the runtime that began the flight.
///
/// The HTTP client reads interim answers (1xx) for as long as they come without yielding, so a
/// server that floods an exchange with them can hold up a current-thread runtime for seconds past
/// the time limit; where a server is not trusted that far, give azid a runtime of its own.
#[derive(Clone, Debug)]
pub struct TokioHost {
    client: AnyClient,
    abilities: Abilities,
    callbacks: Callbacks,
    clock: Clock,
    sleep: Sleeper,
    seeds: Option<Seeds>,
    environments: Environments,
    browser: Browser,
    signer: Arc<Signer>,
    platform: Platform,
}

#[derive(Clone)]
struct Seeds(Arc<dyn Fn() -> Seed + Send + Sync>);

#[derive(Clone)]
struct Environments(Arc<dyn Fn(Variables) -> Arc<Environment> + Send + Sync>);

#[derive(Clone)]
struct Sleeper(Arc<dyn Fn(Duration) -> BoxFuture<()> + Send + Sync>);

impl TokioHost {
    /// A host that shows each run the process's environment as it is when the run starts:
    /// platforms may replace values in it.
    pub fn new() -> Self {
        Self::with(Abilities::of(Needs::ALL))
    }

    fn with(abilities: Abilities) -> Self {
        Self {
            client: default_client(),
            abilities,
            callbacks: Callbacks::default(),
            clock: Clock::default(),
            sleep: Sleeper(Arc::new(|duration| Box::pin(tokio::time::sleep(duration)))),
            seeds: None,
            environments: Environments(Arc::new(|variables| {
                Arc::new(azid_native::environment_of(variables))
            })),
            browser: Browser::default(),
            signer: Arc::default(),
            platform: azid_native::platform(),
        }
    }

    /// Sends every request by this client.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.client = AnyClient::new(client);
        self
    }

    /// Sends requests by `hyper`, and through these proxies instead of those that the process's
    /// environment names.
    #[cfg(feature = "hyper")]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.client = AnyClient::new(crate::client::Hyper::new(proxies));
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

    /// Reads the time from this clock. Unless it is given one, the host takes the system's time,
    /// moved along with tokio's where that is paused.
    pub fn clock(mut self, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        self.clock = Clock::given(clock);
        self
    }

    /// Waits by this function instead of tokio's timer.
    pub fn sleep<F>(mut self, sleep: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.sleep = Sleeper(Arc::new(move |duration| Box::pin(sleep(duration))));
        self
    }

    /// Takes the seeds of runs from here instead of the system's randomness. For tests: whoever
    /// knows a run's seed knows its secrets.
    pub fn seeds(mut self, seeds: impl Fn() -> Seed + Send + Sync + 'static) -> Self {
        self.seeds = Some(Seeds(Arc::new(seeds)));
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
        self.environments = Environments(Arc::new(move |_| environments()));
        self
    }
}

impl Default for TokioHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for TokioHost {
    type Perform = BoxFuture<Step>;

    fn perform(&self, step: Step) -> BoxFuture<Step> {
        let clock = self.clock.clone();
        match step {
            Step::Http(call) => {
                let request = call.request().clone();
                let limit = request.requirements.timeout;
                let sent = self.client.send(request);
                Box::pin(async move {
                    let reply = match task(within(limit, sent)).await {
                        Some((reply, _)) => reply,
                        None => Err(HttpFailure::Lost { request_sent: true }),
                    };
                    call.reply(reply, clock.now())
                })
            }
            Step::ReadFile(call) => Box::pin(async move {
                let request = call.request().clone();
                let read = tokio::task::spawn_blocking(move || azid_native::read_file(&request));
                let reply = read
                    .await
                    .unwrap_or_else(|error| Err(FileFailure::Other(Detail::new(error))));
                call.reply(reply, clock.now())
            }),
            Step::Exec(call) => {
                let run = self.abilities.run_program;
                answered(call, clock, |request| Some(run?(request)))
            }
            Step::Authorize(call) => {
                let authorize = self.abilities.authorize;
                answered(call, clock, |request| {
                    Some(authorize?(request, &self.browser))
                })
            }
            // Who waits outside of a runtime, for a callback, has no timer to look by.
            Step::Sleep(call)
                if call.request().reason == SleepReason::Watch
                    && Handle::try_current().is_err() =>
            {
                Box::pin(pending())
            }
            Step::Sleep(call) => {
                let slept = (self.sleep.0)(call.request().duration);
                Box::pin(async move {
                    task(slept).await; // a wait that its runtime cut short is over too
                    call.reply(Ok(()), clock.now())
                })
            }
            Step::Sign(call) if matches!(call.request().key, KeyHandle::InMemory(_)) => {
                let sign = self.abilities.sign;
                answered(call, clock, |request| {
                    Some(sign?(self.signer.clone(), request))
                })
            }
            other => self.callbacks.perform(
                other,
                move || clock.now(),
                |limit| {
                    Box::pin(async move {
                        task(async move { tokio::time::sleep(limit).await }).await;
                    })
                },
            ),
        }
    }

    #[inline(always)]
    fn for_needs(needs: Needs) -> Self {
        Self::with(Abilities::of(needs))
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn timestamp(&self) -> Timestamp {
        self.clock.timestamp()
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        match &self.seeds {
            Some(Seeds(seeds)) => Ok(seeds()),
            None => azid_native::seed().map_err(NoRandomness::new),
        }
    }

    fn environment(&self, variables: Variables) -> Arc<Environment> {
        (self.environments.0)(variables)
    }

    fn platform(&self) -> Platform {
        self.platform
    }

    fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(refresh);
                Ok(())
            }
            Err(_) => Err(refresh),
        }
    }
}

/// Answers a call by what a host begins to do about it, if it can do anything.
fn answered<E: Effect>(
    call: Call<E>,
    clock: Clock,
    begin: impl FnOnce(E::Request) -> Option<BoxFuture<Result<E::Output, E::Failure>>>,
) -> BoxFuture<Step> {
    let begun = begin(call.request().clone());
    Box::pin(async move {
        match begun {
            Some(reply) => call.reply(reply.await, clock.now()),
            None => call.refuse(Refusal::NoSuchEffect, clock.now()),
        }
    })
}

impl WithCallbacks for TokioHost {
    fn callbacks_mut(&mut self) -> &mut Callbacks {
        &mut self.callbacks
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeds")
    }
}

impl fmt::Debug for Environments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environments")
    }
}

impl fmt::Debug for Sleeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleeper")
    }
}

/// The reply that comes in time, and with it the timer: where one is left until the next request
/// has its own, the runtime need not be woken to hear of that.
async fn within(
    limit: Duration,
    sent: BoxFuture<HttpReply>,
) -> (HttpReply, Pin<Box<Timeout<BoxFuture<HttpReply>>>>) {
    let mut timed = Box::pin(tokio::time::timeout(limit, sent));
    let in_time = timed.as_mut().await;
    (in_time.unwrap_or(Err(HttpFailure::TimedOut)), timed)
}

#[cfg(feature = "hyper")]
fn default_client() -> AnyClient {
    AnyClient::new(crate::client::Hyper::new(Proxies::from_environment()))
}

/// Without a client every request is refused, as an effect that the host does not have.
#[cfg(not(feature = "hyper"))]
fn default_client() -> AnyClient {
    use azid_core::effect::HttpRequest;

    struct NoClient;

    impl HttpClient for NoClient {
        async fn send(&self, _: HttpRequest) -> HttpReply {
            Err(HttpFailure::Refused(Refusal::NoSuchEffect))
        }
    }

    AnyClient::new(NoClient)
}
