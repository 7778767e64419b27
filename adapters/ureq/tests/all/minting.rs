//! Tokens that the test makes, in time that it keeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use azid_core::cache::RefreshSettings;
use azid_core::effect::{CallbackId, Detail, TokenFailure, TokenOrder};
use azid_core::{
    AccessToken, Context, Credential, Environment, Identity, Lane, Memory, Next, Now, Timestamp,
    done, token,
};
use azid_ureq::{Builder, Host, TokenCache, TokenProvider};

use crate::probe::host;

pub(crate) const SCOPE: &[&str] = &["https://vault.azure.net/.default"];
pub(crate) const OTHER_SCOPE: &[&str] = &["https://storage.azure.com/.default"];
pub(crate) const HOUR: i64 = 3_600_000;

/// Far longer than anything here takes, even on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Gets tokens from the test.
#[derive(Debug)]
pub(crate) struct FromTest(pub(crate) Lane);

impl Credential for FromTest {
    fn name(&self) -> &'static str {
        "FromTest"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        self.0
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = TokenOrder {
            callback: CallbackId::new("test"),
            request: cx.request().clone(),
        };
        token(order, |reply, cx| {
            done(reply.or_else(|failure| cx.failed(failure))?)
        })
    }
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct Clock(pub(crate) Arc<AtomicI64>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_255_200_000)))
    }

    pub(crate) fn advance(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) fn in_an_hour(&self) -> Timestamp {
        Timestamp::from_unix_milliseconds(self.0.load(Ordering::SeqCst) + HOUR)
    }

    pub(crate) fn keep_for(&self, host: Host) -> Host {
        let (clock, sleeping) = (self.clone(), self.clone());
        host.clock(move || Now::wall(clock.0.load(Ordering::SeqCst)))
            .sleep(move |duration| {
                sleeping.advance(i64::try_from(duration.as_millis()).expect("it is short"));
            })
    }
}

/// A provider whose tokens come from this function, which is given the number of the call.
pub(crate) fn provider(
    clock: &Clock,
    answer: impl Fn(usize) -> Result<AccessToken, TokenFailure> + Send + Sync + 'static,
) -> Builder {
    let calls = AtomicUsize::new(0);
    TokenProvider::builder(FromTest(Lane::PerKey))
        .host(clock.keep_for(host()))
        .on_token(CallbackId::new("test"), move |_| {
            answer(calls.fetch_add(1, Ordering::SeqCst) + 1)
        })
}

/// A cache whose tokens are due exactly five minutes before they expire.
pub(crate) fn punctual() -> Arc<TokenCache> {
    TokenCache::with_settings(RefreshSettings {
        spread: Duration::ZERO,
        ..RefreshSettings::default()
    })
}

pub(crate) fn numbered(clock: &Clock, n: usize) -> AccessToken {
    AccessToken::new(format!("token {n}"), clock.in_an_hour())
}

pub(crate) fn refused(why: &str) -> TokenFailure {
    TokenFailure::Failed(Detail::new(why))
}
