//! What the shells promise to callers who come at the same time, under thousands of schedules.
//!
//! A schedule fails if something that was promised does not hold, if an endpoint sees two requests
//! for one key at the same time, or if all who are left wait for each other.

mod asynchronous;
mod blocking;
mod callers;
mod endpoint;
mod host;
