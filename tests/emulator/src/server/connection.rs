//! One connection: requests in, replies out, one after the other.

use super::Shared;
use super::reader::{Reader, Received, Stop};
use super::stream::Stream;
use super::writer::{Next, write_reply, write_status};
use rustls::ServerConfig;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Which listener a connection came through.
pub(super) enum Door {
    Plain,
    Tls(Arc<ServerConfig>),
}

/// Serves until either side ends the connection; a client that breaks off is no event.
pub(super) fn serve(socket: TcpStream, door: &Door, shared: &Shared) {
    if let Ok(stream) = open(socket, door, shared) {
        let _ = exchange(stream, door, shared);
    }
}

fn open(socket: TcpStream, door: &Door, shared: &Shared) -> io::Result<Stream> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(shared.options.read_timeout))?;
    socket.set_write_timeout(Some(shared.options.read_timeout))?;
    match door {
        Door::Plain => Ok(Stream::Plain(socket)),
        Door::Tls(config) => {
            let stream = Stream::tls(socket, Arc::clone(config))?;
            shared.handshakes.fetch_add(1, Ordering::SeqCst);
            Ok(stream)
        }
    }
}

fn exchange(mut stream: Stream, door: &Door, shared: &Shared) -> io::Result<()> {
    let scheme = match door {
        Door::Plain => "http",
        Door::Tls(_) => "https",
    };
    let mut reader = Reader::new(scheme, &shared.options);
    loop {
        let next = match reader.receive(&mut stream) {
            Ok(Received {
                request,
                keep_alive,
            }) => {
                let reply = shared
                    .emulator()
                    .reply(&request, shared.options.clock.now());
                write_reply(&mut stream, &request, reply, keep_alive, &shared.closing)?
            }
            Err(Stop::Refuse(status)) => write_status(&mut stream, status)?,
            Err(Stop::End) => Next::Finish,
            Err(Stop::Io(error)) => return Err(error),
        };
        match next {
            Next::Read => {}
            Next::Finish => {
                stream.finish();
                return Ok(());
            }
            Next::Cut => return Ok(()),
        }
    }
}
