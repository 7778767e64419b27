//! The end of a server: every socket is known, so that all of them can be woken at once.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const MAX_CONNECTIONS: usize = 256;

/// The open connections, and whether the server is closing.
#[derive(Default)]
pub(super) struct Closing(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    closed: Condvar,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    admitted: u64,
    sockets: BTreeMap<u64, TcpStream>,
}

impl Closing {
    /// Lets a connection in until its pass is dropped, unless the server is closing or full.
    pub(super) fn admit(&self, socket: &TcpStream) -> Option<Pass> {
        let socket = socket.try_clone().ok()?;
        let mut state = self.0.state();
        if state.is_closed || state.sockets.len() == MAX_CONNECTIONS {
            return None;
        }
        state.admitted += 1;
        let number = state.admitted;
        state.sockets.insert(number, socket);
        Some(Pass {
            number,
            inner: Arc::clone(&self.0),
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.state().is_closed
    }

    /// Waits, and says whether the time passed; the end of the server cuts it short.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let started = Instant::now();
        let mut state = self.0.state();
        while !state.is_closed {
            let left = time.saturating_sub(started.elapsed());
            if left.is_zero() {
                return true;
            }
            let waited = self.0.closed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// Ends every wait and every blocked read and write, now and from now on.
    pub(super) fn close(&self) {
        let mut state = self.0.state();
        state.is_closed = true;
        for socket in state.sockets.values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.0.closed.notify_all();
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection in its server.
pub(super) struct Pass {
    number: u64,
    inner: Arc<Inner>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.inner.state().sockets.remove(&self.number);
    }
}
