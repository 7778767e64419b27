//! What callers of either provider get.

use azid_checker::thread::JoinHandle;
use azid_core::{AccessToken, Error};
use azid_shared::EarlyRefresh;

use crate::endpoint::is_good;

pub(crate) const INLINE: EarlyRefresh = EarlyRefresh::Inline {
    at_most: EarlyRefresh::AT_MOST,
};

pub(crate) type Got = Result<AccessToken, Error>;

pub(crate) fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("the thread does not panic")
}

/// The number of the request that brought a caller's token.
pub(crate) fn number(got: Got) -> usize {
    let token = got.expect("a token");
    assert!(is_good(&token), "it has not expired");
    token.expose().parse().expect("the number of a request")
}
