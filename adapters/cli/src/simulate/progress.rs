//! How far a simulation is.

use std::io;
use std::time::{Duration, Instant};

use crate::output;

/// Tells on standard error how far a simulation is, where that is a terminal and it takes a while.
pub(super) struct Progress {
    span: Duration,
    start: Instant,
    is_live: bool,
    percent: u128,
}

impl Progress {
    /// A simulation that is over sooner is not worth a word.
    const PATIENCE: Duration = Duration::from_secs(3);

    pub(super) fn of(span: Duration) -> Self {
        Self {
            span,
            start: Instant::now(),
            is_live: output::is_live(&io::stderr()),
            percent: 0,
        }
    }

    /// It has got so far in the time that it simulates.
    pub(super) fn is_at(&mut self, at: Duration) {
        let percent = at.as_millis() * 100 / self.span.as_millis().max(1);
        if self.is_live && percent > self.percent {
            self.percent = percent;
            if let Some(line) = self.line(self.start.elapsed()) {
                output::redraw(&line);
            }
        }
    }

    pub(super) fn end(&self) {
        if self.is_live && self.line(self.start.elapsed()).is_some() {
            output::redraw("");
        }
    }

    fn line(&self, taken: Duration) -> Option<String> {
        let is_long = taken >= Self::PATIENCE;
        is_long.then(|| format!("{} % in {} s", self.percent, taken.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_that_takes_a_while_says_how_far_it_is() {
        let mut progress = Progress {
            is_live: true,
            ..Progress::of(Duration::from_secs(8 * 3600))
        };
        progress.is_at(Duration::from_secs(2 * 3600));
        assert_eq!(progress.line(Duration::from_secs(2)), None);
        let line = progress.line(Duration::from_secs(20));
        assert_eq!(line.as_deref(), Some("25 % in 20 s"));
    }
}
