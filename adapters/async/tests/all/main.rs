//! What this crate promises, shown without any executor: the test answers every effect and polls
//! by hand.

mod callbacks;
mod events;
mod flight;
mod lanes;
mod manual_host;
mod overdue;
mod pauses;
mod people;
mod refresh;
mod rejected;
mod sendness;
mod sharing;
