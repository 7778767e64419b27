//! Snapshots of caches.

use azid_core::cache::Snapshot;
use azid_core::{SecretBytes, Timestamp};
use sha2::{Digest as _, Sha256};

/// Whatever stands in a snapshot of a cache, it is refused, or read and written again without a
/// loss.
pub fn cache_snapshot(data: &[u8]) {
    let read = |bytes: &[u8]| {
        Snapshot::from_bytes(&SecretBytes::from(bytes), Timestamp::from_unix_seconds(0))
    };
    let again = |snapshot: Snapshot| {
        assert_eq!(read(snapshot.to_bytes().expose()).as_ref(), Ok(&snapshot));
    };
    let _ = read(data).map(again);
    let mut whole = b"azid cache\x01".to_vec();
    whole.extend_from_slice(data);
    whole.extend_from_slice(&Sha256::digest(&whole));
    let _ = read(&whole).map(again);
}
