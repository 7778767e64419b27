//! The token cache: what it decides, as scenarios and beside a model, and what it gives out.

mod complaints;
mod decisions;
mod elsewhere;
mod facts;
mod laws;
mod snapshot;
mod time;
