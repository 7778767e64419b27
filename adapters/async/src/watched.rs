//! A journey and an eye on the clock: what a caller waits for that nobody may drive any more.
//!
//! waiting ─► landed | overdue
//!
//! A journey that is stuck wakes nobody: its effect may belong to a runtime that runs no more, or to
//! a callback that does not answer. So whoever waits for it sets an alarm for the moment when it is
//! overdue, on the host, which is that of the waiter's own task. Nobody need do so for an effect
//! that it has begun itself and that the host ends in time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use azid_core::Timestamp;
use azid_core::cache::Acquire;
use azid_core::effect::SleepReason;

use crate::flight::Flight;
use crate::host::Host;
use crate::journey::{Landing, SharedJourney};
use crate::timer::timer;

/// A journey that is waited for until it lands or is overdue.
pub(crate) struct Watched<H: Host> {
    journey: SharedJourney<H>,
    alarm: Option<Box<Alarm<H>>>,
    /// How many alarms may still be set. One that rings before its time is set anew, which must not
    /// go on for ever on a host that cannot wait.
    alarms_left: u8,
}

struct Alarm<H: Host> {
    timer: Flight<H>,
    rings_on: Timestamp,
}

impl<H: Host> Watched<H> {
    pub(crate) fn new(journey: SharedJourney<H>) -> Self {
        Self {
            journey,
            alarm: None,
            alarms_left: MOST_ALARMS,
        }
    }

    pub(crate) fn into_journey(self) -> SharedJourney<H> {
        self.journey
    }

    /// Answers how the journey landed, or nothing if it is overdue or was given up.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Landing>> {
        match self.journey.poll_begun(cx) {
            Ok(landing) => Poll::Ready(Some(landing)),
            Err(true) => {
                self.alarm = None;
                Poll::Pending
            }
            Err(false) => self.poll_overdue(cx).map(|()| None),
        }
    }

    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut has_rung = false;
        loop {
            let now = self.journey.host().now();
            let rest = self.journey.rest(now);
            let wait = match rest {
                Some(Duration::ZERO) => return Poll::Ready(()),
                Some(rest) => rest,
                None if has_rung => return Poll::Ready(()),
                // It may be about to say how it landed, which is waited for too, but not for ever.
                None => Acquire::GRACE,
            };
            let rings_on = now.timestamp().after(wait);
            let alarm = match self.alarm.take() {
                Some(alarm) if rest.is_none() || alarm.rings_on <= rings_on.after(ABOUT) => alarm,
                _ => match self.set_alarm(wait, rings_on) {
                    Some(alarm) => alarm,
                    None => return Poll::Pending,
                },
            };
            let alarm = self.alarm.insert(alarm);
            drop(ready!(Pin::new(&mut alarm.timer).poll(cx)));
            self.alarm = None;
            has_rung = true;
        }
    }

    fn set_alarm(&mut self, wait: Duration, rings_on: Timestamp) -> Option<Box<Alarm<H>>> {
        self.alarms_left = self.alarms_left.checked_sub(1)?;
        let timer = timer(self.journey.host(), wait, SleepReason::Watch);
        Some(Box::new(Alarm { timer, rings_on }))
    }
}

/// More than a run needs that takes as long as runs may.
const MOST_ALARMS: u8 = 200;

/// How much too late an alarm may ring before another is set: clocks are read one after the other.
const ABOUT: Duration = Duration::from_secs(1);
