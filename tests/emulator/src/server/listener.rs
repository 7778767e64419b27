//! A listening socket: one thread accepts, and starts one more for each connection.

use super::door::Door;
use super::{Shared, connection};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A door, where it is, and the thread that stands at it.
pub(super) struct Listener {
    pub(super) door: Arc<Door>,
    pub(super) address: SocketAddr,
    socket: Option<TcpListener>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn bind(port: u16, door: Arc<Door>) -> io::Result<Listener> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok(Listener {
            door,
            address: socket.local_addr()?,
            socket: Some(socket),
            thread: None,
        })
    }

    pub(super) fn serve(&mut self, shared: &Arc<Shared>) -> io::Result<()> {
        let Some(socket) = self.socket.take() else {
            return Ok(());
        };
        let (shared, door) = (Arc::clone(shared), Arc::clone(&self.door));
        let thread = thread::Builder::new()
            .name(format!("emulator {:?} {}", door.entrance, door.scheme()))
            .spawn(move || accept(&socket, &door, &shared))?;
        self.thread = Some(thread);
        Ok(())
    }

    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A listener only sees that it shall end when a connection wakes it.
            let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
            let _ = thread.join();
        }
    }
}

/// Accepts until the server closes, then waits for the connections' threads.
fn accept(listener: &TcpListener, door: &Door, shared: &Shared) {
    /// How long to leave a listener alone that has run out of file descriptors.
    const EXHAUSTED: Duration = Duration::from_millis(20);
    thread::scope(|scope| {
        loop {
            let accepted = listener.accept();
            if shared.closing.is_closed() {
                break;
            }
            let Ok((socket, _)) = accepted else {
                shared.closing.wait(EXHAUSTED);
                continue;
            };
            let counted = door.enter();
            let Some(pass) = shared.closing.admit(&socket) else {
                continue;
            };
            let serve = move || {
                let _places = (pass, counted);
                connection::serve(socket, door, shared);
            };
            // Without a thread to be had, the connection closes unanswered.
            let _ = thread::Builder::new().spawn_scoped(scope, serve);
        }
    });
}
