//! The effects: what a run may ask its host to do, each as plain data with its own answer.
//!
//! An effect is an order, not an action: the host carries it out by its own means and replies with
//! the output or with the failure of exactly that effect.

mod authorize;
mod callback;
mod exec;
mod failure;
mod file;
mod header;
mod http;
mod program;
mod requirements;
mod sign;
mod sleep;
mod tls;

use std::fmt;
use std::time::Duration;

pub use self::authorize::{
    Accepted, Authorize, AuthorizeAnswer, AuthorizeFailure, AuthorizeRequest, Authorized,
    LoopbackRedirect, ResponseMode,
};
pub use self::callback::{
    Assertion, AssertionFailure, AssertionRequest, CallbackId, DeviceCode, Prompt, PromptFailure,
    PromptRequest, ProofKind, Token, TokenFailure, TokenOrder,
};
pub use self::exec::{Exec, ExecFailure, ExecOutput, ExecRequest};
pub use self::failure::{Detail, Failure, Refusal};
pub use self::file::{FileFailure, FileRequest, ReadFile};
pub use self::header::UnfitHeaderValue;
pub(crate) use self::header::{fits_header, is_word};
pub(crate) use self::http::endpoint;
pub use self::http::{Http, HttpFailure, HttpReply, HttpRequest, HttpResponse};
pub use self::requirements::{Requirement, Requirements};
pub use self::sign::{KeyHandle, Sign, SignFailure, SignRequest, SignatureAlgorithm};
pub use self::sleep::{Sleep, SleepFailure, SleepReason, SleepRequest};
pub use self::tls::{Roots, Thumbprint, Tls};

use url::Url;

use crate::secret::Secret;
use crate::step::{Call, Step};
use crate::time::Now;
use crate::transcript::Recording;

/// A kind of effect: its request, the output of success and its own kind of failure.
///
/// Only this crate has kinds of effect, so a host can know them all.
pub trait Effect: sealed::Sealed + Sized + fmt::Debug + 'static {
    /// What is asked for.
    type Request: Clone + fmt::Debug + Send + Sync + 'static;
    /// What the host hands back when it worked.
    type Output: fmt::Debug + Send + 'static;
    /// How it can go wrong.
    type Failure: Failure;

    /// The effect's name, for messages and transcripts.
    const NAME: &'static str;

    /// Whether a person is asked, and not just the host.
    #[doc(hidden)]
    const ASKS_PERSON: bool = false;

    #[doc(hidden)]
    fn step(call: Call<Self>) -> Step;

    /// [`Call::reply`], compiled here once, and not again by every host.
    #[doc(hidden)]
    fn reply(call: Call<Self>, reply: Result<Self::Output, Self::Failure>, now: Now) -> Step;

    /// The longest that the effect may take, where its request says so.
    #[doc(hidden)]
    fn time_limit(request: &Self::Request) -> Option<Duration>;

    /// Shortens the time limit to what is left of the run's deadline.
    #[doc(hidden)]
    fn limit_time(_request: &mut Self::Request, _at_most: Duration) {}

    /// The reply, or the failure that it is if the host did not honour the request's bounds.
    #[doc(hidden)]
    fn bounded(
        _request: &Self::Request,
        reply: Result<Self::Output, Self::Failure>,
    ) -> Result<Self::Output, Self::Failure> {
        reply
    }

    /// The secret values that the request carries to somebody else.
    #[doc(hidden)]
    fn secrets(_request: &Self::Request) -> &[Secret] {
        &[]
    }

    /// Whom the request asked, where that is a URL.
    #[doc(hidden)]
    fn into_endpoint(_request: Self::Request) -> Option<Url> {
        None
    }

    #[doc(hidden)]
    fn record(
        request: &Self::Request,
        reply: &Result<Self::Output, Self::Failure>,
        recording: &mut dyn Recording,
    );
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// Ties a marker type to its variant of [`Step`], and to what goes on with its reply.
macro_rules! effect_step {
    ($effect:ident) => {
        fn step(call: $crate::step::Call<Self>) -> $crate::step::Step {
            $crate::step::Step::$effect(call)
        }

        fn reply(
            call: $crate::step::Call<Self>,
            reply: Result<Self::Output, Self::Failure>,
            now: $crate::time::Now,
        ) -> $crate::step::Step {
            call.go_on(reply, now)
        }
    };
}
pub(crate) use effect_step;
