//! What time it is on tokio.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use azid_core::Now;

/// The host's clock: the system's, moved along with tokio's, or one that was given.
#[derive(Clone)]
pub(crate) enum Clock {
    /// Since when it counts, by the system's monotonic clock and by tokio's. The two part only
    /// where a test has paused tokio's; the wall clock then follows tokio's.
    Tokio(Instant, tokio::time::Instant),
    Given(Arc<dyn Fn() -> Now + Send + Sync>),
}

impl Clock {
    pub(crate) fn given(clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self::Given(Arc::new(clock))
    }

    pub(crate) fn now(&self) -> Now {
        match self {
            Self::Given(clock) => clock(),
            Self::Tokio(real_start, tokio_start) => {
                let on_tokio = tokio_start.elapsed();
                let wall = milliseconds(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
                    .saturating_sub(milliseconds(real_start.elapsed()))
                    .saturating_add(milliseconds(on_tokio));
                Now::new(wall, on_tokio)
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::Tokio(Instant::now(), tokio::time::Instant::now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokio(..) => "Clock(tokio)",
            Self::Given(_) => "Clock(given)",
        })
    }
}

fn milliseconds(while_: Duration) -> i64 {
    i64::try_from(while_.as_millis()).unwrap_or(i64::MAX)
}
