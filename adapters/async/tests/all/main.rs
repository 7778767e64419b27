//! What this crate promises, shown without any executor: the test answers every effect and polls
//! by hand.

mod callbacks;
mod flight;
mod manual_host;
mod people;
mod refresh;
mod sendness;
mod sharing;
