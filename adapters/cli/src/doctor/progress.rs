//! What a terminal shows while something takes its time.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::output;

/// The links that have not answered yet.
pub(super) struct Progress(Mutex<Vec<&'static str>>);

impl Progress {
    pub(super) fn of(links: impl Iterator<Item = &'static str>) -> Self {
        Self(Mutex::new(links.collect()))
    }

    pub(super) fn is_done(&self, link: &str) {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|other| *other != link);
    }

    /// Does some work, and tells who has not answered and how long it has taken, where standard
    /// error is a terminal.
    pub(super) fn show_while<T>(&self, work: impl FnOnce() -> T) -> T {
        if !output::is_live(&io::stderr()) {
            return work();
        }
        let (end, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let start = Instant::now();
                loop {
                    output::redraw(&format!(
                        "{} … {} s",
                        self.text(),
                        start.elapsed().as_secs()
                    ));
                    if ended.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout)
                    {
                        return output::redraw("");
                    }
                }
            });
            let result = work();
            drop(end);
            result
        })
    }

    /// No longer than a line: one that wraps could not be drawn anew.
    fn text(&self) -> String {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &**links {
            [] => "trying".to_owned(),
            [link] => format!("trying {link}"),
            [link, more @ ..] => format!("trying {link} and {} more", more.len()),
        }
    }
}
