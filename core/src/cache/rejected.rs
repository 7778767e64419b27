//! Which tokens were said to be of no use: their texts may come again, from a source that knows no
//! better, out of a snapshot, or by a flight that is late.

use std::collections::VecDeque;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

/// The last [`MOST`](Rejected::MOST) texts, as digests; one that is lost may come back from anywhere.
#[derive(Clone, Default)]
pub(super) struct Rejected(VecDeque<[u8; 32]>);

impl Rejected {
    /// As many as a table holds unless told otherwise.
    const MOST: usize = 1000;

    pub(super) fn note(&mut self, token: &Secret) {
        if self.has(token) {
            return;
        }
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(digest(token));
    }

    pub(super) fn has(&self, token: &Secret) -> bool {
        !self.0.is_empty() && self.0.contains(&digest(token))
    }
}

fn digest(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose()).into()
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} texts]", self.0.len())
    }
}
