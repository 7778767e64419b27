//! What makes values fit for a transcript.

use serde_json::{Map, Value};

/// How deep a recorded answer is: nothing deeper is read, and serde_json, which reads a transcript back,
/// goes 128 deep in all.
const DEEPEST: usize = 64;

/// A value without what is too deep in it to be read back.
pub(super) fn shallow(value: Value) -> Value {
    to_depth(value, DEEPEST)
}

fn to_depth(value: Value, depth: usize) -> Value {
    match value {
        Value::Array(_) if depth == 0 => Value::Array(Vec::new()),
        Value::Object(_) if depth == 0 => Value::Object(Map::new()),
        Value::Array(items) => items
            .into_iter()
            .map(|item| to_depth(item, depth - 1))
            .collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, to_depth(value, depth - 1)))
            .collect(),
        plain => plain,
    }
}

/// What a reader makes of a fraction or a large number of seconds, in a number that every reader takes
/// in exactly.
pub(super) fn in_whole_seconds(number: f64) -> f64 {
    const LARGEST: f64 = 1e15;
    match number.abs() {
        0.0 => 0.0,
        size if size < 1.0 => 0.5_f64.copysign(number),
        size => size.trunc().min(LARGEST).copysign(number),
    }
}
