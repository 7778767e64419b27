//! What happens to a cache.

use arbitrary::{Result, Unstructured};
use azid_core::Lane;

use crate::cache::{Both, Event};

/// Whatever is asked of a cache and brought to it, in whichever order and at whichever hour, it
/// does what its model does.
///
/// The input picks whether one token is fetched at a time, and then one event after the other.
pub fn cache_operations(data: &[u8]) {
    // An input that ends early is a shorter one.
    let _: Result<()> = run(Unstructured::new(data));
}

fn run(mut input: Unstructured<'_>) -> Result<()> {
    let lane = match input.arbitrary()? {
        true => Lane::OneAtATime,
        false => Lane::PerKey,
    };
    let mut both = Both::new(lane);
    while !input.is_empty() {
        both.happens(Event::of(&mut input)?);
    }
    Ok(())
}
