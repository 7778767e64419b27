//! Who renews a token before it expires.

use std::time::Duration;

/// Who drives the refresh of a token that is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlyRefresh {
    /// The caller who finds the token due, for so long at most; then it takes the token that is
    /// held. All others take that token at once.
    Inline {
        /// How long that caller may take over it.
        at_most: Duration,
    },
    /// The background, which is a task of the host's or a thread: no caller waits.
    Spawn,
}

impl EarlyRefresh {
    /// How long a caller drives a refresh, unless said otherwise.
    pub const AT_MOST: Duration = Duration::from_secs(2);

    /// The caller, for [`AT_MOST`](Self::AT_MOST).
    pub const fn inline() -> Self {
        Self::Inline {
            at_most: Self::AT_MOST,
        }
    }
}
