//! Which assertions have been used: RFC 7523 section 3 wants each to have an id of its own.

use std::collections::BTreeMap;

const MAX_REMEMBERED: usize = 10_000;

/// The ids of assertions that are still valid, by client id.
#[derive(Debug, Default)]
pub(super) struct UsedAssertions {
    expiries: BTreeMap<(String, String), u64>,
    last_is_repeated: bool,
    pub(super) refuses_repeated: bool,
}

impl UsedAssertions {
    /// Remembers an assertion, and tells whether it was remembered before.
    pub(super) fn note(&mut self, client_id: &str, id: &str, expires: u64, now: u64) -> bool {
        if self.expiries.len() == MAX_REMEMBERED {
            self.expiries.retain(|_, expires| *expires > now);
        }
        if self.expiries.len() == MAX_REMEMBERED {
            self.expiries.pop_first();
        }
        let name = (client_id.to_ascii_lowercase(), id.to_owned());
        let repeated = self.expiries.insert(name, expires).is_some();
        self.last_is_repeated |= repeated;
        repeated
    }

    /// Whether the request just answered repeated an assertion.
    pub(super) fn take_repeated(&mut self) -> bool {
        std::mem::take(&mut self.last_is_repeated)
    }
}
