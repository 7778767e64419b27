//! A tunnel through a proxy: the method `CONNECT` (RFC 9110 section 9.3.6).

use std::io::{Read, Write};

use azid_core::Secret;
use azid_core::effect::{Detail, HttpFailure};
use azid_native::Proxy;
use ureq::Error;
use ureq::http::Uri;
use ureq::unversioned::transport::{ConnectionDetails, Transport, TransportAdapter};

use crate::connect::{failed, time_left};

/// The longest answer of a proxy that is read.
const LONGEST_HEAD: usize = 16 * 1024;

/// Has the proxy at the other end connect to the server.
pub(crate) fn tunnel(
    transport: Box<dyn Transport>,
    proxy: &Proxy,
    details: &ConnectionDetails<'_>,
) -> Result<Box<dyn Transport>, Error> {
    let mut stream = TransportAdapter::new(transport, details.current_time.clone());
    stream.set_timeout(time_left(details));
    stream.write_all(request(details.uri, proxy).expose().as_bytes())?;
    match read_status(&mut stream)? {
        Some([b'2', ..]) => Ok(stream.into_inner()),
        Some(status) => {
            let status = String::from_utf8_lossy(&status).into_owned();
            Err(refused(format!("it answered {status}")))
        }
        None => Err(refused("its answer is no HTTP".to_owned())),
    }
}

/// The request, secret because it may hold the proxy's password.
fn request(server: &Uri, proxy: &Proxy) -> Secret {
    let host = server.host().unwrap_or_default();
    let port = server.port_u16().unwrap_or(match server.scheme_str() {
        Some("http") => 80,
        _ => 443,
    });
    let authorization = proxy
        .authorization()
        .map(|value| Secret::new(format!("proxy-authorization: {}\r\n", value.expose())));
    Secret::new(format!(
        "CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\nuser-agent: {}\r\n{}\r\n",
        crate::http::USER_AGENT,
        authorization.as_ref().map_or("", Secret::expose),
    ))
}

/// Reads the head of the proxy's answer, and not a byte of what the server may say after it.
fn read_status(stream: &mut impl Read) -> Result<Option<[u8; 3]>, Error> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if head.len() == LONGEST_HEAD || stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    let status = head
        .strip_prefix(b"HTTP/1.")
        .and_then(|head| head.get(2..5)?.try_into().ok());
    Ok(status.filter(|status: &[u8; 3]| status.iter().all(u8::is_ascii_digit)))
}

fn refused(why: String) -> Error {
    failed(HttpFailure::Connect(Detail::new(why)))
}
