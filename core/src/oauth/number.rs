//! Numbers as identity endpoints write them: numbers, or texts with a number in them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

use crate::json;

/// A number of seconds, or a date, however it was written. Anything else reads as `Odd`, so that
/// a field nobody needs cannot spoil an answer; what is inside it is read all the same, so that
/// all readers agree on what is JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Seconds(f64),
    /// A date, as Unix seconds.
    Date(i64),
    Odd,
}

impl Number {
    /// Whole seconds; what does not fit is as large as it can be.
    pub(crate) fn seconds(self) -> Option<i64> {
        match self {
            Self::Seconds(seconds) => Some(seconds as i64), // saturates
            Self::Date(_) | Self::Odd => None,
        }
    }

    /// Unix seconds, from a number or a date. A number too large for seconds of this millennium is
    /// one of milliseconds; a positive one from before 2001 counts from `sent`, as no token is that
    /// old and some hosts write a lifetime there.
    pub(crate) fn moment(self, sent: i64) -> Option<i64> {
        const YEAR_2001: f64 = 978_307_200.0;
        const YEAR_5138: f64 = 100_000_000_000.0;
        match self {
            Self::Seconds(seconds) if seconds >= YEAR_5138 => Some((seconds / 1000.0) as i64),
            Self::Seconds(seconds) if seconds > 0.0 && seconds < YEAR_2001 => {
                Some(sent.saturating_add(seconds as i64))
            }
            Self::Seconds(seconds) => Some(seconds as i64), // saturates
            Self::Date(unix_seconds) => Some(unix_seconds),
            Self::Odd => None,
        }
    }
}

impl From<&str> for Number {
    fn from(text: &str) -> Self {
        let text = text.trim();
        match seconds_in(text) {
            Some(seconds) => Self::Seconds(seconds),
            None => crate::date::parse(text).map_or(Self::Odd, Self::Date),
        }
    }
}

/// A number as JSON has it, but for a plus and zeros before it.
fn seconds_in(text: &str) -> Option<f64> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => (-1.0, size),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    // Only digits go on to the reader of JSON: it would follow texts within texts without end.
    if !size.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let zeros = size.len() - size.trim_start_matches('0').len();
    let is_fraction = !size[zeros..].starts_with(|next: char| next.is_ascii_digit());
    let size = &size[zeros - usize::from(is_fraction)..];
    Some(sign * json::read_number(size)?)
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNumber)
    }
}

struct AnyNumber;

impl<'de> Visitor<'de> for AnyNumber {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a text with one in it")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Seconds(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Seconds(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
        Ok(Number::Seconds(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Number, E> {
        Ok(Number::from(text))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
        Ok(Number::Odd)
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::Odd)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Number, A::Error> {
        while seq.next_element::<Number>()?.is_some() {}
        Ok(Number::Odd)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<Number, Number>()?.is_some() {}
        Ok(Number::Odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_number_that_it_has_whatever_stands_before_it() {
        for (text, number) in [
            ("3599", 3599.0),
            (" +3599 ", 3599.0),
            ("003599", 3599.0),
            ("000", 0.0),
            ("00.5", 0.5),
            ("-1e3", -1000.0),
        ] {
            assert_eq!(Number::from(text), Number::Seconds(number), "{text}");
        }
        for text in [
            "", "-", "+", "3599s", "0x10", "1e999", "\"1\"", "[1]", "true",
        ] {
            assert_eq!(Number::from(text), Number::Odd, "{text}");
        }
    }

    #[test]
    fn texts_within_texts_are_read_no_deeper_than_the_first() {
        let mut text = "1".to_owned();
        for _ in 0..12 {
            let quoted = serde_json::to_string(&text).expect("a text serialises");
            text = format!("{}{quoted}{}", "[".repeat(126), "]".repeat(126));
        }
        assert_eq!(Number::from(text.as_str()), Number::Odd);
    }
}
