//! Reads requests in HTTP/1.1 (RFC 9112) within bounds of size and time.
//!
//! head ─► how long is the body? ─► counted | chunked | none ─► request

use super::door::Door;
use super::options::ServerOptions;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use httparse::Status;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

const MAX_HEADERS: usize = 64;

/// A whole request.
pub(super) struct Received {
    pub(super) request: Request<Vec<u8>>,
    /// The client means to send another one.
    pub(super) keep_alive: bool,
}

/// Why there is no whole request.
pub(super) enum Stop {
    /// The client sent something that is answered with this status and the end of the connection.
    Refuse(StatusCode),
    /// The client went, or stayed idle for too long.
    End,
    /// The connection broke.
    Io(io::Error),
}

/// Keeps what was read beyond the last request.
pub(super) struct Reader<'a> {
    buffer: Vec<u8>,
    door: &'a Door,
    max_head_bytes: usize,
    max_body_bytes: usize,
    timeout: Duration,
}

/// The head of a request, and how much of the buffer it takes.
struct Head {
    request: Request<Vec<u8>>,
    length: usize,
    is_http_1_0: bool,
}

/// How the end of a body is known.
enum Framing {
    Counted(usize),
    Chunked,
}

impl<'a> Reader<'a> {
    pub(super) fn new(door: &'a Door, options: &ServerOptions) -> Reader<'a> {
        Reader {
            buffer: Vec::new(),
            door,
            max_head_bytes: options.max_head_bytes,
            max_body_bytes: options.max_body_bytes,
            timeout: options.read_timeout,
        }
    }

    /// Waits for one whole request.
    pub(super) fn receive(&mut self, stream: &mut (impl Read + Write)) -> Result<Received, Stop> {
        if self.buffer.is_empty() {
            self.fill(stream, None)?;
        }
        let deadline = Some(Instant::now() + self.timeout);
        let Head {
            mut request,
            length,
            is_http_1_0,
        } = loop {
            if let Some(head) = self.head()? {
                break head;
            }
            self.fill(stream, deadline)?;
        };
        self.buffer.drain(..length);
        let framing = framing(request.headers())?;
        if matches!(framing, Framing::Counted(length) if length > self.max_body_bytes) {
            return Err(Stop::Refuse(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if names(request.headers(), &header::EXPECT, "100-continue") && self.buffer.is_empty() {
            stream
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .map_err(Stop::Io)?;
            stream.flush().map_err(Stop::Io)?;
        }
        *request.body_mut() = match framing {
            Framing::Counted(length) => self.take(stream, length, deadline)?,
            Framing::Chunked => self.chunks(stream, deadline)?,
        };
        let keep_alive = !is_http_1_0 && !names(request.headers(), &header::CONNECTION, "close");
        Ok(Received {
            request,
            keep_alive,
        })
    }

    /// The head at the start of the buffer with its length, once it is all there.
    fn head(&self) -> Result<Option<Head>, Stop> {
        let bad = || Stop::Refuse(StatusCode::BAD_REQUEST);
        let too_large = || Stop::Refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let length = match head.parse(&self.buffer) {
            Ok(Status::Complete(length)) if length <= self.max_head_bytes => length,
            Ok(Status::Partial) if self.buffer.len() <= self.max_head_bytes => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
            Err(_) => return Err(bad()),
        };
        let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version)
        else {
            return Err(bad());
        };
        let mut fields = HeaderMap::new();
        for field in &*head.headers {
            let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| bad())?;
            fields.append(
                name,
                HeaderValue::from_bytes(field.value).map_err(|_| bad())?,
            );
        }
        let mut request = Request::new(Vec::new());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| bad())?;
        *request.uri_mut() = self.uri(target, &fields).ok_or_else(bad)?;
        *request.headers_mut() = fields;
        Ok(Some(Head {
            request,
            length,
            is_http_1_0: version == 0,
        }))
    }

    /// The absolute form of a request target; the scheme is that of the connection.
    fn uri(&self, target: &str, headers: &HeaderMap) -> Option<Uri> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next()?.to_str().ok()?;
        if hosts.next().is_some() {
            return None;
        }
        if target.starts_with('/') {
            return format!("{}://{host}{target}", self.door.scheme())
                .parse()
                .ok();
        }
        target
            .parse()
            .ok()
            .filter(|uri: &Uri| uri.scheme_str() == Some(self.door.scheme()))
    }

    /// The next `length` bytes.
    fn take(
        &mut self,
        stream: &mut impl Read,
        length: usize,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, Stop> {
        while self.buffer.len() < length {
            self.fill(stream, deadline)?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    /// A body in chunks (RFC 9112 section 7.1); extensions and trailers are passed over.
    fn chunks(
        &mut self,
        stream: &mut impl Read,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, Stop> {
        let mut body = Vec::new();
        loop {
            let line = self.line(stream, deadline)?;
            let size = chunk_size(&line).ok_or(Stop::Refuse(StatusCode::BAD_REQUEST))?;
            if size == 0 {
                break;
            }
            if size > self.max_body_bytes - body.len() {
                return Err(Stop::Refuse(StatusCode::PAYLOAD_TOO_LARGE));
            }
            body.extend(self.take(stream, size, deadline)?);
            if !self.line(stream, deadline)?.is_empty() {
                return Err(Stop::Refuse(StatusCode::BAD_REQUEST));
            }
        }
        for _ in 0..MAX_HEADERS {
            if self.line(stream, deadline)?.is_empty() {
                return Ok(body);
            }
        }
        Err(Stop::Refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE))
    }

    /// The next line without its end.
    fn line(&mut self, stream: &mut impl Read, deadline: Option<Instant>) -> Result<Vec<u8>, Stop> {
        const MAX_LINE: usize = 1_024;
        loop {
            let end = self
                .buffer
                .windows(2)
                .take(MAX_LINE)
                .position(|pair| pair == b"\r\n");
            if let Some(end) = end {
                let line = self.buffer[..end].to_vec();
                self.buffer.drain(..end + 2);
                return Ok(line);
            }
            if self.buffer.len() > MAX_LINE {
                return Err(Stop::Refuse(StatusCode::BAD_REQUEST));
            }
            self.fill(stream, deadline)?;
        }
    }

    /// Reads more; without a deadline the wait is for the next request, and may end in nothing.
    fn fill(&mut self, stream: &mut impl Read, deadline: Option<Instant>) -> Result<(), Stop> {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Stop::Refuse(StatusCode::REQUEST_TIMEOUT));
        }
        let mut piece = [0; 4_096];
        match stream.read(&mut piece) {
            Ok(0) => Err(Stop::End),
            Ok(length) => {
                self.door
                    .count(|traffic| traffic.application_bytes += length as u64);
                self.buffer.extend_from_slice(&piece[..length]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(deadline.map_or(Stop::End, |_| Stop::Refuse(StatusCode::REQUEST_TIMEOUT)))
            }
            Err(error) => Err(Stop::Io(error)),
        }
    }
}

/// Anything that two readers might count differently is refused (RFC 9112 section 6.3).
fn framing(headers: &HeaderMap) -> Result<Framing, Stop> {
    let bad = || Stop::Refuse(StatusCode::BAD_REQUEST);
    let codings: Vec<_> = headers.get_all(header::TRANSFER_ENCODING).iter().collect();
    let lengths: Vec<_> = headers.get_all(header::CONTENT_LENGTH).iter().collect();
    match (codings.as_slice(), lengths.as_slice()) {
        ([], []) => Ok(Framing::Counted(0)),
        ([], [length]) => {
            let digits = length.to_str().map_err(|_| bad())?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad());
            }
            digits.parse().map(Framing::Counted).map_err(|_| bad())
        }
        ([coding], []) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Ok(Framing::Chunked)
        }
        _ => Err(bad()),
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let is_hex = !size.is_empty() && size.iter().all(u8::is_ascii_hexdigit);
    let size = is_hex.then(|| std::str::from_utf8(size).ok())??;
    usize::from_str_radix(size, 16).ok()
}

/// Whether a comma-separated header names `word`.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(word))
}
