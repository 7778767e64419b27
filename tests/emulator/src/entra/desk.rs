//! What answering one token request takes.

use super::Service;
use super::endpoint::Endpoint;
use super::used::UsedAssertions;
use super::user::UserFlows;
use crate::directory::Directory;
use crate::mint::Mint;

/// Where one token request is served, with everything within reach.
pub(super) struct Desk<'a> {
    pub(super) directory: &'a Directory,
    pub(super) mint: &'a mut Mint,
    pub(super) used: &'a mut UsedAssertions,
    pub(super) users: &'a mut UserFlows,
    /// The request comes from a script in a page (the header `Origin` of RFC 6454).
    pub(super) has_origin: bool,
    /// Whether a page of any origin may read the answer (the Fetch standard's CORS protocol).
    pub(super) is_shared: bool,
    pub(super) service: Service<'a>,
    pub(super) endpoint: Endpoint<'a>,
    pub(super) now: u64,
}
