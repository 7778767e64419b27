//! Bytes with secrets in them, written and read piece by piece.

use std::mem;

use zeroize::Zeroizing;

use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// Leaves no copy behind as it grows.
#[derive(Default)]
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let room = needed.max(2 * self.0.capacity());
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.0);
            self.0 = larger; // the smaller one is zeroed
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    pub(super) fn length(&mut self, length: usize) {
        self.bytes(&(length as u64).to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes(text.as_bytes());
    }

    pub(super) fn moment(&mut self, moment: Timestamp) {
        self.bytes(&moment.unix_milliseconds().to_le_bytes());
    }

    pub(super) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// Writes as many of the items, from the first on, as leave no more than so many bytes in all.
    pub(super) fn list_up_to<T>(
        &mut self,
        most: usize,
        items: &[T],
        write: impl Fn(&mut Self, &T),
    ) {
        let start = self.0.len();
        self.length(0);
        let mut written = 0_u64;
        for item in items {
            let end = self.0.len();
            write(self, item);
            if self.0.len() > most {
                self.0.truncate(end); // it is zeroed with the rest
                break;
            }
            written += 1;
        }
        self.0[start..start + 8].copy_from_slice(&written.to_le_bytes());
    }

    pub(super) fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.length(items.len());
        items.iter().for_each(|item| write(self, item));
    }

    pub(super) fn written(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn finish(mut self) -> SecretBytes {
        SecretBytes::new(mem::take(&mut *self.0))
    }
}

/// Answers nothing where the bytes are not what was asked for.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.eight()?)).ok()
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    pub(super) fn moment(&mut self) -> Option<Timestamp> {
        let milliseconds = i64::from_le_bytes(self.eight()?);
        Some(Timestamp::from_unix_milliseconds(milliseconds))
    }

    pub(super) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.flag()? {
            read(self).map(Some)
        } else {
            Some(None)
        }
    }

    /// Each item takes a byte at least, so that a list is no longer than the bytes that are left.
    pub(super) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.length().filter(|length| *length <= self.0.len())?;
        (0..length).map(|_| read(self)).collect()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn eight(&mut self) -> Option<[u8; 8]> {
        self.bytes(8)?.try_into().ok()
    }
}
