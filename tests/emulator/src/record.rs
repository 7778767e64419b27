//! The log of what was asked and how it ended, free of secrets.

use std::collections::VecDeque;

const MAX_RECORDS: usize = 10_000;

/// One request that the emulator answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The HTTP method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// When it came, in Unix seconds.
    pub time: u64,
    /// The status of the answer.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// It carried an assertion of the client's own making whose `jti` an earlier one had.
    pub repeated_assertion: bool,
}

/// Marks the answer to a request with a repeated assertion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RepeatedAssertion;

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An access token was issued.
    Token {
        /// The client id of the application or the managed identity.
        client_id: String,
        /// The resource as the request named it.
        resource: String,
    },
    /// A page was shown to a person.
    Page,
    /// A person signed in and let an application act for them.
    SignedIn {
        /// The client id of the application.
        client_id: String,
        /// The object id of the user.
        user: String,
    },
    /// A public document was answered: discovery, keys, machine data.
    Document,
    /// The request was refused as the real service would refuse it.
    Refused {
        /// The `error` member of the answer, empty where it has none.
        error: String,
        /// The AADSTS number, where there is one.
        code: Option<u32>,
    },
    /// The request carried something to where it must never go; the text names the field.
    Leak(String),
    /// A queued fault answered in place of the service.
    Fault,
}

/// The latest requests, oldest first, bounded.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(VecDeque<RequestRecord>);

impl RequestLog {
    pub(crate) fn push(&mut self, record: RequestRecord) {
        if self.0.len() == MAX_RECORDS {
            self.0.pop_front();
        }
        self.0.push_back(record);
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &RequestRecord> {
        self.0.iter()
    }
}
