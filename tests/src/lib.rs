//! Tests that reach across the packages of azid, and what they share.
//!
//! The tests themselves are in `tests/`, one file for each subject. The bodies of the fuzz targets
//! are here, as library code, so that they run as ordinary tests too.

pub mod cache;
mod destinations;
pub mod fuzz;
pub mod promises;
pub mod replies;
pub mod watch;
