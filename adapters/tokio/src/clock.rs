//! What time it is on tokio.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use azid_core::{Now, Timestamp};

/// The host's clock: the system's, moved along with tokio's, or one that was given.
#[derive(Clone)]
pub(crate) enum Clock {
    Tokio(Arc<System>),
    Given(Arc<dyn Fn() -> Now + Send + Sync>),
}

/// The system's time, moved along with tokio's: the two part only where a test has paused tokio's.
///
/// The whole truth takes a look at three clocks. A mere timestamp takes one, tokio's, and adds by
/// how much the wall clock was ahead of it less than a second ago; so that is how late it may be in
/// noticing that somebody has set the wall clock.
pub(crate) struct System {
    real_start: Instant,
    tokio_start: tokio::time::Instant,
    /// The wall clock's milliseconds less those on tokio.
    ahead: AtomicI64,
    /// Until when that holds, in milliseconds on tokio.
    holds_until: AtomicI64,
}

impl Clock {
    pub(crate) fn given(clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self::Given(Arc::new(clock))
    }

    pub(crate) fn now(&self) -> Now {
        match self {
            Self::Given(clock) => clock(),
            Self::Tokio(system) => system.now(),
        }
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        match self {
            Self::Given(clock) => clock().timestamp(),
            Self::Tokio(system) => system.timestamp(),
        }
    }
}

impl System {
    fn now(&self) -> Now {
        let on_tokio = self.tokio_start.elapsed();
        let passed = milliseconds(on_tokio);
        let wall = milliseconds(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
            .saturating_sub(milliseconds(self.real_start.elapsed()))
            .saturating_add(passed);
        self.ahead.store(wall - passed, Ordering::Release);
        self.holds_until.store(passed + 1000, Ordering::Release);
        Now::new(wall, on_tokio)
    }

    fn timestamp(&self) -> Timestamp {
        let now = tokio::time::Instant::now().into_std();
        let passed = milliseconds(now.duration_since(self.tokio_start.into_std()));
        if passed < self.holds_until.load(Ordering::Acquire) {
            let ahead = self.ahead.load(Ordering::Acquire);
            return Timestamp::from_unix_milliseconds(passed + ahead);
        }
        self.now().timestamp()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::Tokio(Arc::new(System {
            real_start: Instant::now(),
            tokio_start: tokio::time::Instant::now(),
            ahead: AtomicI64::new(0),
            holds_until: AtomicI64::new(i64::MIN),
        }))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokio(_) => "Clock(tokio)",
            Self::Given(_) => "Clock(given)",
        })
    }
}

fn milliseconds(while_: Duration) -> i64 {
    (while_.as_secs() as i64)
        .wrapping_mul(1000)
        .wrapping_add(i64::from(while_.subsec_millis()))
}
