//! The doors of a server: a listener each, and what is counted there.

use crate::emulator::Entrance;
use rustls::ServerConfig;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What has come through one door since the server's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// TCP connections that were accepted.
    pub connections: u64,
    /// Of these, the ones that have ended.
    pub ended: u64,
    /// TLS handshakes that were completed.
    pub handshakes: u64,
    /// Bytes that clients sent, inside of TLS where the door has it.
    pub application_bytes: u64,
}

/// A listener and its way of speaking.
pub(super) struct Door {
    pub(super) entrance: Entrance,
    /// Without it, the door speaks plain http.
    pub(super) tls: Option<Arc<ServerConfig>>,
    traffic: Mutex<Traffic>,
    ended: Condvar,
}

impl Door {
    pub(super) fn new(entrance: Entrance, tls: Option<Arc<ServerConfig>>) -> Arc<Door> {
        Arc::new(Door {
            entrance,
            tls,
            traffic: Mutex::default(),
            ended: Condvar::new(),
        })
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    pub(super) fn traffic(&self) -> Traffic {
        *self.locked()
    }

    /// Counts a connection, and its end when what is returned goes.
    pub(super) fn enter(&self) -> Counted<'_> {
        self.count(|traffic| traffic.connections += 1);
        Counted(self)
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut Traffic)) {
        count(&mut self.locked());
        self.ended.notify_all();
    }

    /// The traffic once no connection is open any more, or after `patience`.
    pub(super) fn traffic_at_rest(&self, patience: Duration) -> Traffic {
        let started = Instant::now();
        let mut traffic = self.locked();
        while traffic.ended < traffic.connections {
            let left = patience.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            let waited = self.ended.wait_timeout(traffic, left);
            traffic = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *traffic
    }

    fn locked(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open connection in the count.
pub(super) struct Counted<'a>(&'a Door);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.count(|traffic| traffic.ended += 1);
    }
}
