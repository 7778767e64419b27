//! An answer together with the way that it travels.

use http::Response;
use std::time::Duration;

/// What the emulator answers: the response, and what the connection does to it.
#[derive(Debug)]
pub struct Reply {
    /// The response, whole.
    pub response: Response<Vec<u8>>,
    /// How much of it arrives, and when.
    pub transport: Transport,
}

impl Reply {
    pub(crate) fn plain(response: Response<Vec<u8>>) -> Reply {
        Reply {
            response,
            transport: Transport::Whole,
        }
    }
}

/// What a connection does to an answer. A server acts it out; a test without sockets reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The answer arrives whole and at once.
    Whole,
    /// The answer arrives whole after this time.
    Late(Duration),
    /// The connection ends before a byte of the answer.
    DroppedBeforeReply,
    /// The connection ends after half of the body.
    DroppedMidBody,
    /// Bytes arrive that are not HTTP.
    Garbage,
    /// The body arrives byte by byte with this pause between two bytes.
    SlowBody(Duration),
}
