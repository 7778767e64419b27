//! One connection: requests in, replies out, one after the other.

use super::Shared;
use super::door::Door;
use super::reader::{Reader, Received, Stop};
use super::stream::Stream;
use super::writer::{Next, write_reply, write_status};
use crate::answer;
use crate::hosts::FileOrder;
use crate::record::Outcome;
use crate::reply::Reply;
use http::StatusCode;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

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
    match &door.tls {
        None => Ok(Stream::Plain(socket)),
        Some(config) => {
            let stream = Stream::tls(socket, Arc::clone(config))?;
            door.count(|traffic| traffic.handshakes += 1);
            Ok(stream)
        }
    }
}

fn exchange(mut stream: Stream, door: &Door, shared: &Shared) -> io::Result<()> {
    let mut reader = Reader::new(door, &shared.options);
    loop {
        let next = match reader.receive(&mut stream) {
            Ok(Received {
                request,
                keep_alive,
            }) => {
                let now = shared.options.clock.now();
                let reply = shared.emulator().reply_at(door.entrance, &request, now);
                let reply = carry_out(reply, shared);
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

/// Does to files what the reply asks for; it must not claim that a file is there which is not.
fn carry_out(mut reply: Reply, shared: &Shared) -> Reply {
    let orders = reply.response.extensions_mut().remove::<Vec<FileOrder>>();
    let failed = orders
        .into_iter()
        .flatten()
        .any(|order| shared.key_files.carry_out(&order).is_err());
    if failed {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        reply.response = answer::empty(status, Outcome::Fault);
    }
    reply
}
