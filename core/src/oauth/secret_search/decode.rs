//! Texts whose bytes know where they come from, and how escapes in them are read.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::oauth::failure::is_blank;

/// A text, perhaps decoded, with the place of every byte in the text that was there first.
pub(super) struct Layer {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
}

impl Layer {
    /// The text that was there first.
    pub(super) fn new(text: &[u8]) -> Self {
        Self {
            bytes: Zeroizing::new(text.to_vec()),
            places: (0..text.len()).map(|place| place..place + 1).collect(),
        }
    }

    /// Where these bytes come from.
    pub(super) fn place_of(&self, bytes: Range<usize>) -> Range<usize> {
        self.places[bytes.start].start..self.places[bytes.end - 1].end
    }

    /// With every escape replaced by what it stands for; nothing where there is none.
    pub(super) fn decoded(&self) -> Option<Self> {
        let mut decoded = self.emptied();
        let mut start = 0;
        while let Some(first) = self.bytes.get(start) {
            start += match escape(&self.bytes[start..]) {
                Some((length, meant)) => {
                    let place = self.place_of(start..start + length);
                    match meant {
                        Meant::Byte(byte) => decoded.push_byte(byte, place),
                        Meant::Character(character) => decoded.push(character, &place),
                    }
                    length
                }
                None => {
                    decoded.push_byte(*first, self.places[start].clone());
                    1
                }
            };
        }
        (decoded.bytes.len() < self.bytes.len()).then_some(decoded)
    }

    /// Without blanks and without the `+` that is one in a form, in small letters.
    pub(super) fn squeezed(&self) -> Self {
        let mut squeezed = self.emptied();
        let mut start = 0;
        for chunk in self.bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                let end = start + character.len_utf8();
                if character != '+' && !is_blank(character) {
                    let place = self.place_of(start..end);
                    character
                        .to_lowercase()
                        .for_each(|small| squeezed.push(small, &place));
                }
                start = end;
            }
            for byte in chunk.invalid() {
                squeezed.push_byte(*byte, self.places[start].clone());
                start += 1;
            }
        }
        squeezed
    }

    /// Nothing, with room for all that may come: a buffer that grows leaves copies behind. Of few
    /// letters the small one takes a byte more.
    fn emptied(&self) -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(2 * self.bytes.len())),
            places: Vec::with_capacity(self.places.len()),
        }
    }

    fn push(&mut self, character: char, place: &Range<usize>) {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            self.push_byte(byte, place.clone());
        }
    }

    fn push_byte(&mut self, byte: u8, place: Range<usize>) {
        self.bytes.push(byte);
        self.places.push(place);
    }
}

/// What an escape stands for: one byte of a text, or a character.
enum Meant {
    Byte(u8),
    Character(char),
}

/// The escape that a text begins with: how long it is and what it stands for.
fn escape(text: &[u8]) -> Option<(usize, Meant)> {
    match text.first()? {
        b'%' => {
            let byte = u8::try_from(number(text.get(1..3)?, 16)?).ok()?;
            Some((3, Meant::Byte(byte)))
        }
        b'\\' => in_string(text),
        b'&' => in_page(text),
        _ => None,
    }
}

/// An escape as JSON and its relatives have them.
fn in_string(text: &[u8]) -> Option<(usize, Meant)> {
    let plain = match text.get(1)? {
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(10).position(|byte| *byte == b'}')?;
            let meant = char::from_u32(number(&text[3..end], 16)?)?;
            return Some((end + 1, Meant::Character(meant)));
        }
        b'u' => {
            let unit = number(text.get(2..6)?, 16)?;
            let second = || match text.get(6..8)? {
                br"\u" => number(text.get(8..12)?, 16),
                _ => None,
            };
            return match (unit, second()) {
                (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
                    let both = 0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                    Some((12, Meant::Character(char::from_u32(both)?)))
                }
                _ => Some((6, Meant::Character(char::from_u32(unit)?))),
            };
        }
        b'b' | b'f' | b'n' | b'r' | b't' => b' ',
        other @ (b'"' | b'\'' | b'/' | b'\\') => *other,
        _ => return None,
    };
    Some((2, Meant::Byte(plain)))
}

/// A character reference as HTML and XML have them.
fn in_page(text: &[u8]) -> Option<(usize, Meant)> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let meant = match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        b"amp" => '&'.into(),
        b"apos" => '\''.into(),
        b"gt" => '>'.into(),
        b"lt" => '<'.into(),
        b"nbsp" => ' '.into(),
        b"quot" => '"'.into(),
        _ => return None,
    };
    Some((end + 1, Meant::Character(char::from_u32(meant)?)))
}

/// A number of digits alone.
fn number(digits: &[u8], base: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(base)?;
        number.checked_mul(base)?.checked_add(digit)
    })
}
