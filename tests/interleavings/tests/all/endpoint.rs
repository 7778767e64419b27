//! The other side: credentials, and the endpoint that has their tokens.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azid_checker::elapsed;
use azid_core::effect::{CallbackId, Detail, TokenFailure};
use azid_core::{
    AccessToken, Context, Credential, Environment, Identity, Lane, Memory, Next, Now,
    TokenCallbackCredential, call, done,
};

pub(crate) const A: &[&str] = &["https://a.example/.default"];
pub(crate) const B: &[&str] = &["https://b.example/.default"];

/// What a service may want to see in a token.
pub(crate) const CLAIMS: &str = r#"{"access_token":{}}"#;

/// A token lives for an hour, and is due after so long.
pub(crate) const DUE: Duration = Duration::from_secs(3400);

/// What time it is, by the scenario's clock.
pub(crate) fn now() -> Now {
    let elapsed = elapsed();
    let milliseconds = i64::try_from(elapsed.as_millis()).expect("scenarios are short");
    Now::new(1_800_000_000_000 + milliseconds, elapsed)
}

/// What token endpoints do that count their requests. Clones are the same endpoint.
#[derive(Clone, Default)]
pub(crate) struct Endpoint(Arc<Inner>);

#[derive(Default)]
struct Inner {
    requests: AtomicUsize,
    alarms: AtomicUsize,
    in_flight: Mutex<BTreeMap<String, usize>>,
    bears_company: bool,
    /// How many for one key there may be at the same time.
    most: usize,
}

impl Endpoint {
    /// One that bears no company, not even for other keys.
    pub(crate) fn without_company() -> Self {
        Self(Arc::new(Inner {
            most: 1,
            ..Inner::default()
        }))
    }

    /// One that serves any number of keys at the same time.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            bears_company: true,
            most: 1,
            ..Inner::default()
        }))
    }

    /// One where a request may be beside an overdue one for the same key.
    pub(crate) fn with_overdue_requests() -> Self {
        Self(Arc::new(Inner {
            bears_company: true,
            most: 2,
            ..Inner::default()
        }))
    }

    /// A request arrives; it is over when what is returned is dropped.
    pub(crate) fn enter(&self, scope: &str) -> Request {
        let mut in_flight = self.in_flight();
        let of_key = in_flight.entry(scope.to_owned()).or_default();
        *of_key += 1;
        assert!(
            *of_key <= self.0.most,
            "{of_key} requests for {scope} at the same time"
        );
        let all: usize = in_flight.values().sum();
        assert!(
            self.0.bears_company || all == 1,
            "{all} requests at the same time"
        );
        Request {
            endpoint: self.clone(),
            scope: scope.to_owned(),
            number: self.0.requests.fetch_add(1, Ordering::SeqCst) + 1,
        }
    }

    /// Somebody sets an alarm, to look after a run.
    pub(crate) fn looked_after(&self) {
        self.0.alarms.fetch_add(1, Ordering::SeqCst);
    }

    /// How many alarms were set.
    pub(crate) fn alarms(&self) -> usize {
        self.0.alarms.load(Ordering::SeqCst)
    }

    /// How many requests there have been.
    pub(crate) fn requests(&self) -> usize {
        self.0.requests.load(Ordering::SeqCst)
    }

    fn in_flight(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        let in_flight = self.0.in_flight.lock();
        in_flight.unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Request {
    endpoint: Endpoint,
    scope: String,
    /// Counted from 1.
    pub(crate) number: usize,
}

impl Request {
    /// A token for an hour, which is the number of the request.
    pub(crate) fn token(&self) -> AccessToken {
        let expires_on = now().timestamp().after(Duration::from_secs(3600));
        AccessToken::new(self.number.to_string(), expires_on)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut in_flight = self.endpoint.in_flight();
        *in_flight.entry(self.scope.clone()).or_default() -= 1;
    }
}

pub(crate) fn failure() -> TokenFailure {
    TokenFailure::Failed(Detail::new("the endpoint has a bad day"))
}

/// Panics, without a word to whoever looks at the output.
pub(crate) fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("the endpoint's code breaks"))
}

/// Whether a token has not expired.
pub(crate) fn is_good(token: &AccessToken) -> bool {
    token.expires_on() > now().timestamp()
}

pub(crate) fn callback() -> CallbackId {
    CallbackId::new("endpoint")
}

/// A credential that takes so many exchanges to a token.
#[derive(Debug)]
pub(crate) struct Exchanges {
    pub(crate) number: u32,
    pub(crate) lane: Lane,
}

/// A credential that takes one exchange to a token.
pub(crate) const ONE: Exchanges = Exchanges {
    number: 1,
    lane: Lane::PerKey,
};

/// A credential that takes two exchanges to a token.
pub(crate) const TWO: Exchanges = Exchanges {
    number: 2,
    lane: Lane::PerKey,
};

/// A credential that takes one exchange to a token, and bears no company.
pub(crate) const SHY: Exchanges = Exchanges {
    number: 1,
    lane: Lane::OneAtATime,
};

impl Credential for Exchanges {
    fn name(&self) -> &'static str {
        "Exchanges"
    }

    fn identity(&self) -> Identity {
        Identity::of("Exchanges").finish()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        exchange(self.number)
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        self.lane
    }
}

fn exchange(left: u32) -> Next {
    let endpoint = TokenCallbackCredential::new(callback());
    call(Arc::new(endpoint), move |result, _| match left {
        1 => done(result?),
        _ => {
            result?;
            exchange(left - 1)
        }
    })
}
