//! Faults on demand: what to do to the next requests instead of, or on top of, answering them.

use crate::reply::{Reply, Transport};
use http::{Response, StatusCode, header};
use std::time::Duration;

const MAX_HUGE_BODY: usize = 64 << 20;

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The right answer comes late.
    Delay(Duration),
    /// Another answer comes in place of the right one.
    Status(Response<Vec<u8>>),
    /// The connection ends.
    Drop(DropPoint),
    /// Bytes come back that are not HTTP.
    Garbage,
    /// The body of the right answer comes byte by byte, with this pause between two bytes.
    SlowBody(Duration),
    /// A body of this many bytes comes back, at most 64 MiB.
    HugeBody(usize),
    /// A redirect comes back, with this location.
    Redirect(String),
}

/// Where a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropPoint {
    /// After the request was read, before it took effect or a byte was answered.
    BeforeReply,
    /// After the request took effect and half of the answer's body was sent.
    MidBody,
}

impl Fault {
    /// An empty answer with this status; an impossible status becomes 500.
    pub fn status(status: u16) -> Fault {
        Fault::Status(with_status(
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        ))
    }

    /// Throttling: status 429 that asks to come back after this many seconds (RFC 9110 section
    /// 10.2.3).
    pub fn throttle(retry_after_seconds: u32) -> Fault {
        let mut response = with_status(StatusCode::TOO_MANY_REQUESTS);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after_seconds.into());
        Fault::Status(response)
    }

    /// A page in place of JSON, as a proxy or a captive portal answers it.
    pub fn html(status: u16, page: &str) -> Fault {
        let mut response =
            with_status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("text/html"),
        );
        *response.body_mut() = page.as_bytes().to_vec();
        Fault::Status(response)
    }

    /// Spoils the answer; `answer` is only run where the request takes its effect first.
    pub(crate) fn act_on(self, answer: impl FnOnce() -> Response<Vec<u8>>) -> Reply {
        match self {
            Fault::Delay(pause) => Reply {
                response: answer(),
                transport: Transport::Late(pause),
            },
            Fault::Status(response) => Reply::plain(response),
            Fault::Drop(DropPoint::BeforeReply) => Reply {
                response: with_status(StatusCode::BAD_GATEWAY),
                transport: Transport::DroppedBeforeReply,
            },
            Fault::Drop(DropPoint::MidBody) => Reply {
                response: answer(),
                transport: Transport::DroppedMidBody,
            },
            Fault::Garbage => Reply {
                response: with_status(StatusCode::BAD_GATEWAY),
                transport: Transport::Garbage,
            },
            Fault::SlowBody(pause) => Reply {
                response: answer(),
                transport: Transport::SlowBody(pause),
            },
            Fault::HugeBody(bytes) => {
                let mut response = with_status(StatusCode::OK);
                response.headers_mut().insert(
                    header::CONTENT_TYPE,
                    header::HeaderValue::from_static("application/json"),
                );
                *response.body_mut() = vec![b' '; bytes.min(MAX_HUGE_BODY)];
                Reply::plain(response)
            }
            Fault::Redirect(location) => {
                let mut response = with_status(StatusCode::FOUND);
                if let Ok(location) = location.try_into() {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                Reply::plain(response)
            }
        }
    }
}

/// The faults still to come, first in first out for each request that fits.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue(Vec<Queued>);

#[derive(Debug)]
struct Queued {
    path_part: String,
    times: u32,
    fault: Fault,
}

impl FaultQueue {
    pub(crate) fn push(&mut self, path_part: &str, times: u32, fault: Fault) {
        self.0.push(Queued {
            path_part: path_part.to_owned(),
            times,
            fault,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the oldest fault that fits `path`.
    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
        self.0.retain(|queued| queued.times > 0);
        let queued = self
            .0
            .iter_mut()
            .find(|queued| path.contains(&queued.path_part))?;
        queued.times -= 1;
        Some(queued.fault.clone())
    }
}

fn with_status(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
