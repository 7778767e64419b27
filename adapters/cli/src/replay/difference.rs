//! The first place where two transcripts differ, as lines for a terminal.

use std::fmt::{self, Write as _};

use azid_core::Transcript;
use serde_json::Value;

/// How many lines that are the same are shown around those that are not.
const AROUND: usize = 3;

/// How many differing lines of one side are shown.
const MOST: usize = 60;

/// How many characters of a line are shown.
const WIDEST: usize = 400;

/// Where a run differs from the recorded one, and what each has there.
pub(super) struct Difference {
    pub(super) place: Place,
    recorded: Vec<String>,
    replayed: Vec<String>,
}

pub(super) enum Place {
    /// The credential, what it was asked, or what it was given.
    Start,
    /// The exchange of this number, from 1, and what it is about.
    Exchange(usize, String),
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("before the first exchange"),
            Self::Exchange(number, what) => write!(f, "from exchange {number} on: {what}"),
            Self::End => f.write_str("in how it ends"),
        }
    }
}

impl Difference {
    pub(super) fn between(recorded: &Transcript, replayed: &Transcript) -> Option<Self> {
        let [mut recorded, mut replayed] =
            [recorded, replayed].map(|it| serde_json::to_value(it).unwrap_or_default());
        let [old, new] = [&mut recorded, &mut replayed].map(|it| it["exchanges"].take());
        let [old_end, new_end] = [&mut recorded, &mut replayed].map(|it| it["ending"].take());
        if recorded != replayed {
            return Some(Self::at(Place::Start, Some(&recorded), Some(&replayed)));
        }
        for number in 0.. {
            let sides = (old.get(number), new.get(number));
            if sides.0 != sides.1 {
                let what = sides.0.or(sides.1).map(summary).unwrap_or_default();
                let place = Place::Exchange(number + 1, what);
                return Some(Self::at(place, sides.0, sides.1));
            }
            if sides.0.is_none() {
                break;
            }
        }
        (old_end != new_end).then(|| Self::at(Place::End, Some(&old_end), Some(&new_end)))
    }

    fn at(place: Place, recorded: Option<&Value>, replayed: Option<&Value>) -> Self {
        let [recorded, replayed] =
            [recorded, replayed].map(|side| side.map_or_else(Vec::new, lines));
        Self {
            place,
            recorded,
            replayed,
        }
    }

    /// What was recorded after a `-`, and what the run does after a `+`.
    pub(super) fn shown(&self, is_coloured: bool) -> String {
        let (old, new) = (&self.recorded, &self.replayed);
        let shorter = old.len().min(new.len());
        let same = |(one, other): &(&String, &String)| one == other;
        let before = old.iter().zip(new).take_while(same).count();
        let after = old.iter().rev().zip(new.iter().rev());
        let after = after.take_while(same).count().min(shorter - before);
        let mut shown = "--- recorded\n+++ replayed\n".to_owned();
        let plain = |shown: &mut String, lines: &[String]| {
            for line in lines {
                let _ = writeln!(shown, "  {line}");
            }
        };
        plain(&mut shown, &old[before.saturating_sub(AROUND)..before]);
        for (side, sign, colour) in [(old, '-', 31), (new, '+', 32)] {
            let differing = &side[before..side.len() - after];
            for line in &differing[..differing.len().min(MOST)] {
                let _ = match is_coloured {
                    true => writeln!(shown, "\x1b[{colour}m{sign} {line}\x1b[0m"),
                    false => writeln!(shown, "{sign} {line}"),
                };
            }
            if let Some(more) = differing.len().checked_sub(MOST).filter(|it| *it > 0) {
                let _ = writeln!(shown, "{sign} … and {more} lines more");
            }
        }
        let rest = &old[old.len() - after..];
        plain(&mut shown, &rest[..rest.len().min(AROUND)]);
        shown
    }
}

/// What an exchange is about.
fn summary(exchange: &Value) -> String {
    let words = [
        "effect", "method", "url", "path", "program", "callback", "endpoint",
    ];
    let words = words.iter().filter_map(|name| exchange[name].as_str());
    printable(&words.collect::<Vec<_>>().join(" "))
}

fn lines(value: &Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.lines().map(printable).collect()
}

/// A line of somebody else's that moves nothing on a terminal: what is not plain to see is written
/// as its number.
pub(super) fn printable(line: &str) -> String {
    let mut shown = String::new();
    let mut characters = line.chars();
    for character in characters.by_ref().take(WIDEST) {
        if is_hidden(character) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters, and those that have no width or turn the direction of a text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_of_a_file_moves_anything_on_a_terminal() {
        let line = printable("a\u{9b}2J\u{202e}b\u{200b}é\u{1b}[0m");
        assert_eq!(line, "a\\u{9b}2J\\u{202e}b\\u{200b}é\\u{1b}[0m");
        assert_eq!(printable(&"x".repeat(1000)).chars().count(), 401);
    }
}
