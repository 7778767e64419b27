//! What a runtime must offer: it carries out effects, and says what the time is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use azid_core::effect::Detail;
use azid_core::{Environment, Needs, Now, Platform, Seed, Step, Timestamp, Variables};

use crate::refresh::Refresh;

/// A future that may go from thread to thread: what hosts with threads deal in.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A place where runs happen: a runtime, a browser, a test.
///
/// The heart of it is [`perform`](Host::perform), which owns the step it is given and answers the
/// next one, so that nothing is borrowed while an effect is out:
///
/// ```
/// use std::future::Future;
/// use std::pin::Pin;
/// use std::time::SystemTime;
///
/// use azid_async::{Host, NoRandomness};
/// use azid_core::effect::{HttpFailure, HttpReply, HttpRequest, Refusal};
/// use azid_core::{Now, Seed, Step};
///
/// struct MyHost;
///
/// impl Host for MyHost {
///     type Perform = Pin<Box<dyn Future<Output = Step> + Send>>;
///
///     fn perform(&self, step: Step) -> Self::Perform {
///         Box::pin(async move {
///             match step {
///                 Step::Http(call) => {
///                     let reply = send(call.request().clone()).await;
///                     call.reply(reply, now())
///                 }
///                 other => other.refuse(Refusal::NoSuchEffect, now()),
///             }
///         })
///     }
///
///     fn now(&self) -> Now {
///         now()
///     }
///
///     fn seed(&self) -> Result<Seed, NoRandomness> {
///         Err(NoRandomness::new("this example has no source of randomness"))
///     }
/// }
///
/// async fn send(_request: HttpRequest) -> HttpReply {
///     // Here the client of your choice sends it and honours its `requirements`. This example has
///     // no network, and says so.
///     Err(HttpFailure::Refused(Refusal::NoSuchEffect))
/// }
///
/// fn now() -> Now {
///     let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
///     Now::wall(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
/// }
/// ```
///
/// Whether providers of this host are [`Send`] follows from the host and from
/// [`Perform`](Host::Perform): on a runtime with threads both are, in a browser neither need be.
pub trait Host: Sized + 'static {
    /// An effect being carried out.
    type Perform: Future<Output = Step> + 'static;

    /// Carries out the step's effect and answers the next step. It is never given
    /// [`Step::Done`]; an effect or a requirement that the host does not offer it refuses.
    ///
    /// Dropping the future calls the effect off.
    ///
    /// An effect with a time limit ends by it. For one without, such as a callback, and for one that
    /// was begun by another caller, whose runtime may run no more, callers look after their run:
    /// they wait on this host for [`SleepReason::Watch`](azid_core::effect::SleepReason::Watch) and
    /// begin a run anew that is overdue. On a host that cannot wait they never do.
    fn perform(&self, step: Step) -> Self::Perform;

    /// The default host, as far as a kind of credential needs it. A host that can leave the rest
    /// away, and with it the code, does so here, inlined where the needs are known.
    fn for_needs(needs: Needs) -> Self
    where
        Self: Default,
    {
        let _ = needs;
        Self::default()
    }

    /// What time it is.
    fn now(&self) -> Now;

    /// What time it is by the wall clock: what each look at a token that is held asks for. A host
    /// that can say so with less effort than [`now`](Self::now) does.
    fn timestamp(&self) -> Timestamp {
        self.now().timestamp()
    }

    /// A fresh seed for one run.
    ///
    /// # Errors
    ///
    /// The host has no cryptographic source of randomness, or it does not answer.
    fn seed(&self) -> Result<Seed, NoRandomness>;

    /// The environment that a run sees, asked for as each starts: platforms replace values in it.
    /// It need hold no more than these variables, which are what the credential reads. It is an
    /// empty one unless the host has one to show.
    ///
    /// Whose tokens a provider gets is settled by it too: one that has changed is that of somebody
    /// else, whose tokens are held apart, unless a secret in it was replaced and nothing else
    /// ([`Environment::is_same_identity_as`]). Who finds a token that need not be renewed gets that of
    /// the last run.
    fn environment(&self, variables: Variables) -> Arc<Environment> {
        let _ = variables;
        Arc::default()
    }

    /// The platform whose files and programs the host reaches.
    fn platform(&self) -> Platform {
        Platform::default()
    }

    /// Drives a refresh in the background, so that no caller waits for it.
    ///
    /// # Errors
    ///
    /// A host that cannot hands the refresh back, and a caller drives it. That is the default.
    fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
        Err(refresh)
    }
}

/// The host has no randomness to begin a run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRandomness(Detail);

impl NoRandomness {
    /// The host's own words about it.
    pub fn new(detail: impl fmt::Display) -> Self {
        Self(Detail::new(detail))
    }
}

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host has no randomness: {}", self.0)
    }
}

impl std::error::Error for NoRandomness {}
