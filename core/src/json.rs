//! JSON that nobody has promised the shape of: one reader and one writer for all of it, as every kind
//! of reader is code of its own.

use serde_json::{Map, Value};

/// The members of a text that is a JSON object.
pub(crate) fn read_object(text: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_str(std::str::from_utf8(text).ok()?) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// A text that is a JSON number.
pub(crate) fn read_number(text: &str) -> Option<f64> {
    serde_json::from_str::<Value>(text).ok()?.as_f64()
}

/// A value as a text in one line.
pub(crate) fn write(value: &Value) -> String {
    serde_json::to_string(value).expect("a value is JSON, and memory takes everything")
}

/// Whether some text or some name of a member is such a one.
pub(crate) fn any_text(value: &Value, is_such: &mut impl FnMut(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_such(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is_such)),
        Value::Object(members) => {
            let mut members = members.iter();
            members.any(|(name, value)| is_such(name) || any_text(value, is_such))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
