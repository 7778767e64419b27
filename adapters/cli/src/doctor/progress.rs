//! What a terminal shows while something takes its time.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::output;

/// Does some work, and tells what it is and how long it has taken, where standard error is a
/// terminal.
pub(super) fn while_waiting<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !output::is_live(&io::stderr()) {
        return work();
    }
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let start = Instant::now();
            loop {
                output::redraw(&format!("{what} … {} s", start.elapsed().as_secs()));
                if ended.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
                    return output::redraw("");
                }
            }
        });
        let result = work();
        drop(end);
        result
    })
}
