//! JSON that nobody has promised the shape of: one reader and one writer for all of it, as every kind
//! of reader is code of its own.

use std::mem;
use std::ops::Deref;

use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

/// A value whose texts and names are zeroed when it is dropped.
pub(crate) struct Erased(Value);

impl From<Value> for Erased {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Deref for Erased {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Drop for Erased {
    fn drop(&mut self) {
        erase(mem::take(&mut self.0));
    }
}

fn erase(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(erase),
        Value::Object(members) => {
            for (mut name, value) in members {
                name.zeroize();
                erase(value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An object that may hold secrets, with spaces where a text in it has an escaped break or tab. Those
/// are what errors have of escapes, and a text that has some is put together in a buffer of the
/// reader's, which nobody zeroes.
pub(crate) fn read_erased(text: &[u8]) -> Option<Erased> {
    let mut plain = Zeroizing::new(text.to_vec());
    let mut start = 0;
    while let Some(place) = plain[start..].iter().position(|byte| *byte == b'\\') {
        let escape = start + place;
        start = plain.len().min(escape + 2);
        if matches!(&plain[escape..start], br"\n" | br"\r" | br"\t") {
            plain[escape..start].fill(b' ');
        }
    }
    read_object(&plain).map(|members| Erased(Value::Object(members)))
}

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
