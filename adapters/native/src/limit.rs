//! Reading no more than is allowed.

use std::io::{self, ErrorKind, Read};
use std::mem;

use azid_core::SecretBytes;
use zeroize::Zeroizing;

/// How much room is made before anything is read, where nobody says how much there is.
const FIRST: usize = 8 * 1024;

/// Everything that a reader has, or none if that is more than `limit` bytes.
///
/// For what was `announced`, which may be wrong, some room is made at once. At most `limit` bytes and
/// one more are read. No copy of what was read stays in memory but the one that is answered.
///
/// # Errors
///
/// The reader's, save for interruptions, after which it is asked again.
pub fn read_at_most(
    reader: &mut dyn Read,
    announced: Option<u64>,
    limit: usize,
) -> io::Result<Option<SecretBytes>> {
    let most = limit.saturating_add(1);
    let announced = announced.and_then(|length| usize::try_from(length).ok());
    // One more, to see that there is no more.
    let first = announced.map_or(FIRST, |length| length.saturating_add(1).min(FIRST));
    let mut bytes = Zeroizing::new(vec![0; first.min(most)]);
    let mut filled = 0;
    loop {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled > limit {
            return Ok(None);
        }
        if filled == bytes.len() {
            bytes = grown(&bytes, most);
        }
    }
    bytes.truncate(filled);
    Ok(Some(SecretBytes::new(mem::take(&mut *bytes))))
}

/// A copy with more room. Growing in place could leave an old copy behind that is not zeroed.
fn grown(bytes: &[u8], most: usize) -> Zeroizing<Vec<u8>> {
    let mut grown = Zeroizing::new(vec![0; bytes.len().saturating_mul(2).min(most)]);
    grown[..bytes.len()].copy_from_slice(bytes);
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting<'a>(&'a [u8], usize);

    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(buffer)?;
            self.1 += read;
            Ok(read)
        }
    }

    /// Nothing, the truth, and what is wrong.
    const ANNOUNCED: [Option<u64>; 6] = [
        None,
        Some(100_000),
        Some(0),
        Some(1),
        Some(5_000),
        Some(u64::MAX),
    ];

    #[test]
    fn nothing_is_read_past_the_limit_and_one_byte() {
        let source: Vec<u8> = (0..100_000).map(|n| (n % 251) as u8).collect();
        for limit in [0, 1, FIRST - 1, FIRST, FIRST + 1, 50_000, 99_999] {
            for announced in ANNOUNCED {
                let mut reader = Counting(&source, 0);
                let read = read_at_most(&mut reader, announced, limit);
                assert_eq!(read.expect("a slice can be read"), None);
                assert_eq!(reader.1, limit + 1);
            }
        }
        for limit in [100_000, 100_001, usize::MAX] {
            for announced in ANNOUNCED {
                let read = read_at_most(&mut &source[..], announced, limit);
                let read = read.expect("a slice can be read");
                assert_eq!(read.as_ref().map(SecretBytes::expose), Some(&source[..]));
            }
        }
    }

    #[test]
    fn an_interruption_is_no_end() {
        struct Interrupted<'a>(bool, &'a [u8]);
        impl Read for Interrupted<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if !mem::replace(&mut self.0, true) {
                    return Err(ErrorKind::Interrupted.into());
                }
                self.1.read(buffer)
            }
        }
        let read = read_at_most(&mut Interrupted(false, b"whole"), None, 9).expect("it goes on");
        assert_eq!(read, Some(SecretBytes::from(&b"whole"[..])));
    }
}
