//! What time it is on tokio.

use std::any::type_name_of_val;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use azid_core::{Now, Timestamp};

/// The host's clock.
#[derive(Clone)]
pub(crate) enum Clock {
    /// The system's.
    System,
    /// The system's, moved along with tokio's.
    Pausable(Pausable),
    /// One that was given.
    Given(Arc<dyn Fn() -> Now + Send + Sync>),
}

/// The system's time, moved along with tokio's: the two part only where a test has paused tokio's.
#[derive(Clone, Copy)]
pub(crate) struct Pausable {
    real_start: Instant,
    tokio_start: tokio::time::Instant,
}

impl Clock {
    pub(crate) fn given(clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self::Given(Arc::new(clock))
    }

    pub(crate) fn now(&self) -> Now {
        match self {
            Self::System => azid_native::now(),
            Self::Pausable(clock) => clock.now(),
            Self::Given(clock) => clock(),
        }
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        match self {
            Self::System => azid_native::timestamp(),
            _ => self.now().timestamp(),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        if !can_be_paused() {
            return Self::System;
        }
        Self::Pausable(Pausable {
            real_start: Instant::now(),
            tokio_start: tokio::time::Instant::now(),
        })
    }
}

/// Whether this program can pause tokio's clock: `tokio::time::pause` is there where anybody asks
/// tokio for its feature `test-util`, and then shadows the function here. Without it the time is
/// the system's, which a look at a token that is held can have for less.
fn can_be_paused() -> bool {
    fn pause() {}
    let found = {
        #[allow(unused_imports, reason = "they are only where the feature is")]
        use tokio::time::*;
        type_name_of_val(&pause)
    };
    found != type_name_of_val(&pause)
}

impl Pausable {
    fn now(&self) -> Now {
        let on_tokio = self.tokio_start.elapsed();
        let wall = milliseconds(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
            .saturating_sub(milliseconds(self.real_start.elapsed()))
            .saturating_add(milliseconds(on_tokio));
        Now::new(wall, on_tokio)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "Clock(system)",
            Self::Pausable(_) => "Clock(tokio)",
            Self::Given(_) => "Clock(given)",
        })
    }
}

fn milliseconds(while_: Duration) -> i64 {
    (while_.as_secs() as i64)
        .wrapping_mul(1000)
        .wrapping_add(i64::from(while_.subsec_millis()))
}
