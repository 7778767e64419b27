//! Writes replies in HTTP/1.1 (RFC 9112), acting out what the connection is to do to them.

use super::closing::Closing;
use crate::reply::{Reply, Transport};
use http::{Method, Request, Response, StatusCode, header};
use std::io::{self, Write};

/// What becomes of the connection.
pub(super) enum Next {
    /// The next request may come.
    Read,
    /// It ends in good order.
    Finish,
    /// It ends at once, without a word.
    Cut,
}

/// Writes `reply` whole, late, in part or not at all.
pub(super) fn write_reply(
    stream: &mut impl Write,
    request: &Request<Vec<u8>>,
    reply: Reply,
    keep_alive: bool,
    closing: &Closing,
) -> io::Result<Next> {
    let Reply {
        response,
        transport,
    } = reply;
    let mut bytes = head(&response, keep_alive);
    let body = if request.method() == Method::HEAD {
        &[]
    } else {
        response.body().as_slice()
    };
    match transport {
        Transport::DroppedBeforeReply => return Ok(Next::Cut),
        Transport::Garbage => {
            stream.write_all(b"\x00\xffthis is not HTTP\r\n\r\n")?;
            stream.flush()?;
            return Ok(Next::Cut);
        }
        Transport::DroppedMidBody => {
            bytes.extend_from_slice(&body[..body.len() / 2]);
            stream.write_all(&bytes)?;
            stream.flush()?;
            return Ok(Next::Cut);
        }
        Transport::SlowBody(pause) => {
            stream.write_all(&bytes)?;
            for byte in body {
                stream.flush()?;
                if !closing.wait(pause) {
                    return Ok(Next::Cut);
                }
                stream.write_all(&[*byte])?;
            }
        }
        Transport::Late(pause) if !closing.wait(pause) => return Ok(Next::Cut),
        Transport::Late(_) | Transport::Whole => {
            bytes.extend_from_slice(body);
            stream.write_all(&bytes)?;
        }
    }
    stream.flush()?;
    Ok(if keep_alive { Next::Read } else { Next::Finish })
}

/// Answers a request that could not be read; the connection cannot go on after that.
pub(super) fn write_status(stream: &mut impl Write, status: StatusCode) -> io::Result<Next> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    stream.write_all(&head(&response, false))?;
    stream.flush()?;
    Ok(Next::Finish)
}

fn head(response: &Response<Vec<u8>>, keep_alive: bool) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
    }
    head.extend_from_slice(format!("content-length: {}\r\n", response.body().len()).as_bytes());
    head.extend_from_slice(if keep_alive {
        b"\r\n"
    } else {
        b"connection: close\r\n\r\n"
    });
    head
}
