//! What is going to happen, in the order of time.

use std::collections::BTreeMap;
use std::time::Duration;

/// Events by their time; of two at the same time, the one that was put in first comes first.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    events: BTreeMap<(Duration, u64), E>,
    put: u64,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        Self {
            events: BTreeMap::new(),
            put: 0,
        }
    }

    /// Lets an event happen at a time since the start.
    pub(crate) fn put(&mut self, at: Duration, event: E) {
        self.put += 1;
        self.events.insert((at, self.put), event);
    }

    /// The next event and its time.
    pub(crate) fn take(&mut self) -> Option<(Duration, E)> {
        let ((at, _), event) = self.events.pop_first()?;
        Some((at, event))
    }
}
