//! One connection to the listener.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use azid_core::effect::{Accepted, AuthorizeAnswer, AuthorizeRequest};
use zeroize::Zeroizing;

/// How long a connection may take over its request, and over taking what is sent back.
const MOST_TIME: Duration = Duration::from_secs(30);

/// How much of what follows a refused request is read and dropped. A socket that is closed with
/// bytes unread resets the connection, and the refusal would be lost on the way.
const MOST_IGNORED: usize = 1024 * 1024;

const CHUNK: usize = 8 * 1024;

/// Reads a request and writes what is to be said to it. Answers how the sign-in ended, if that is
/// what the request was about.
pub(super) fn hear(mut stream: &TcpStream, request: &AuthorizeRequest) -> Option<AuthorizeAnswer> {
    let start = Instant::now();
    stream.set_write_timeout(Some(MOST_TIME)).ok()?;
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        bytes.extend_from_slice(&read(stream, start)?);
        match request.accept(&bytes) {
            Accepted::Incomplete => {}
            Accepted::Refuse(page) => {
                stream.write_all(&page).ok()?;
                stream.shutdown(Shutdown::Write).ok()?;
                ignore_the_rest(stream, start);
                return None;
            }
            Accepted::Answer(page, answer) => {
                // The answer counts, whether or not the person gets to read that it does.
                let _ = stream.write_all(&page);
                return Some(answer);
            }
        }
    }
}

/// What comes next; nothing when that is the end, or too late.
fn read(mut stream: &TcpStream, start: Instant) -> Option<Zeroizing<Vec<u8>>> {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let left = MOST_TIME.checked_sub(start.elapsed())?;
        stream
            .set_read_timeout(Some(left.max(Duration::from_millis(1))))
            .ok()?;
        match stream.read(&mut chunk) {
            Ok(0) => return None,
            Ok(length) => {
                chunk.truncate(length);
                return Some(chunk);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

fn ignore_the_rest(stream: &TcpStream, start: Instant) {
    let mut ignored = 0;
    while ignored < MOST_IGNORED {
        let Some(chunk) = read(stream, start) else {
            return;
        };
        ignored += chunk.len();
    }
}
