//! The fields of a form body or of a query string, read strictly.

use std::collections::BTreeMap;

const MAX_FIELDS: usize = 64;

/// Named values, each present at most once.
#[derive(Default)]
pub(crate) struct Fields(BTreeMap<String, String>);

/// Why a text is not a list of fields.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FieldsError {
    /// Bad percent-encoding, not UTF-8, raw bytes that a form must encode, or too many fields.
    Malformed,
    /// The same name twice.
    Duplicate(String),
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text: `+` and `%20` are both a space.
    pub(crate) fn parse(text: &[u8]) -> Result<Fields, FieldsError> {
        let mut fields = BTreeMap::new();
        for pair in text
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if fields.len() == MAX_FIELDS {
                return Err(FieldsError::Malformed);
            }
            if fields.insert(name.clone(), value).is_some() {
                return Err(FieldsError::Duplicate(name));
            }
        }
        Ok(Fields(fields))
    }

    /// Reads the query of a request target; no query is no field.
    pub(crate) fn of_query(uri: &http::Uri) -> Result<Fields, FieldsError> {
        Fields::parse(uri.query().unwrap_or_default().as_bytes())
    }

    /// The value under `name`; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether `name` was sent at all, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

fn decode(text: &[u8]) -> Result<String, FieldsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next())? << 4 | hex_digit(rest.next())?,
            0x21..=0x7e => *byte,
            _ => return Err(FieldsError::Malformed),
        });
    }
    String::from_utf8(bytes).map_err(|_| FieldsError::Malformed)
}

fn hex_digit(byte: Option<&u8>) -> Result<u8, FieldsError> {
    byte.and_then(|byte| char::from(*byte).to_digit(16))
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(FieldsError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_and_an_escape_are_both_a_space() {
        let fields = Fields::parse(b"scope=a+b%20c&empty=").expect("a well-formed form");
        assert_eq!(fields.get("scope"), Some("a b c"));
        assert_eq!(fields.get("empty"), None);
        assert!(fields.has("empty"));
    }

    #[test]
    fn a_broken_escape_a_raw_space_and_a_second_value_are_refused() {
        for broken in [&b"a=%4"[..], b"a=%zz", b"a=%ff", b"a=b c", b"a=\xc3\xa9"] {
            assert_eq!(Fields::parse(broken).err(), Some(FieldsError::Malformed));
        }
        assert_eq!(
            Fields::parse(b"a=1&a=1").err(),
            Some(FieldsError::Duplicate("a".into()))
        );
    }
}
