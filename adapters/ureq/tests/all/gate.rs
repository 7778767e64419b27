//! A gate in the way of a run.

use std::sync::{Mutex, mpsc};

use crate::minting::LONG;

/// Where a run waits until the test lets it go.
pub(crate) struct Gate {
    open: mpsc::Sender<()>,
    reached: mpsc::Receiver<()>,
    ends: Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>,
}

impl Default for Gate {
    fn default() -> Self {
        let ((open, opened), (arrive, reached)) = (mpsc::channel(), mpsc::channel());
        let ends = Mutex::new(Some((arrive, opened)));
        Self {
            open,
            reached,
            ends,
        }
    }
}

impl Gate {
    /// What the run does at the gate.
    pub(crate) fn pass(&self) -> impl Fn() + Send + Sync + 'static {
        let ends = self.ends.lock().expect("nobody panics here").take();
        let ends = Mutex::new(ends.expect("there is one way through"));
        move || {
            let (arrive, opened) = &*ends.lock().expect("nobody panics here");
            let _ = arrive.send(()); // the test need not wait for this
            opened.recv_timeout(LONG).expect("the test opens the gate");
        }
    }

    /// Returns when the run is there.
    pub(crate) fn wait_until_reached(&self) {
        self.reached.recv_timeout(LONG).expect("a run comes here");
    }

    /// Lets it go.
    pub(crate) fn open(&self) {
        self.open.send(()).expect("a run comes here");
    }
}
