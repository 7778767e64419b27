//! Time, as far as a scenario lets it pass.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shuttle::{sync, thread};

/// A moment of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    /// This moment.
    pub fn now() -> Self {
        Self(elapsed())
    }

    /// How much time has passed since.
    pub fn elapsed(self) -> Duration {
        elapsed() - self.0
    }
}

/// How much time has passed since the scenario began.
pub fn elapsed() -> Duration {
    clock().elapsed
}

/// Lets a little more than so much time pass, as real waits do, and ends those whose time is up.
pub fn pass(duration: Duration) {
    clock().elapsed += duration + Duration::from_nanos(1);
    loop {
        let due = clock().due();
        if due.is_empty() {
            return;
        }
        // Whoever is about to wait, and has not begun, does not hear of it: until all are gone.
        for condition in due {
            condition.notify_all();
        }
        thread::yield_now();
    }
}

/// Has a condition's waiters woken when so much time has passed, until the alarm is dropped.
pub(crate) fn alarm(condition: &Arc<sync::Condvar>, wait: Duration) -> Alarm {
    let mut clock = clock();
    let (at, number) = (clock.elapsed + wait, clock.alarms_set);
    clock.alarms_set += 1;
    clock.alarms.push((number, at, Arc::clone(condition)));
    Alarm { number, at }
}

pub(crate) struct Alarm {
    number: u64,
    at: Duration,
}

impl Alarm {
    pub(crate) fn has_rung(&self) -> bool {
        elapsed() >= self.at
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        clock().alarms.retain(|(number, ..)| *number != self.number);
    }
}

#[derive(Default)]
struct Clock {
    elapsed: Duration,
    alarms_set: u64,
    alarms: Vec<(u64, Duration, Arc<sync::Condvar>)>,
}

impl Clock {
    fn due(&self) -> Vec<Arc<sync::Condvar>> {
        let due = self.alarms.iter().filter(|(_, at, _)| *at <= self.elapsed);
        due.map(|(.., condition)| Arc::clone(condition)).collect()
    }
}

shuttle::lazy_static! {
    /// One for each schedule. It is held for moments in which nobody else can run.
    static ref CLOCK: Mutex<Clock> = Mutex::new(Clock::default());
}

fn clock() -> MutexGuard<'static, Clock> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}
