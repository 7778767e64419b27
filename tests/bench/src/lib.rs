//! What azid costs: the subjects that are counted and measured, and the means to count.
//!
//! `src/bin/count.rs` counts instructions and allocations of azid and of its floors; `benches` puts
//! the peers and the clock beside it.

pub mod azid;
pub mod callgrind;
pub mod count;
pub mod floor;
pub mod limits;
pub mod world;
