//! The cache as bytes, for programs that keep it between their runs.

use azid_core::cache::{Snapshot, SnapshotFault};
use azid_core::{SecretBytes, Timestamp};

use crate::TokenCache;

impl TokenCache {
    /// What the cache holds, as bytes with the tokens and refresh tokens in them: to be kept where
    /// nobody else can read or change them. Nothing of a credential that depends on code is in it, nor
    /// about this machine, nor the tokens of managed identities, developer tools and chains that have
    /// one of them for a link; see [`Snapshot`].
    pub fn snapshot(&self) -> SecretBytes {
        let memory = self.memory();
        self.read(|table| Snapshot::of(table, &memory)).to_bytes()
    }

    /// Puts a snapshot's content beside what the cache holds: tokens that have not expired by now,
    /// are not older than those under the same keys and were not rejected here, and what runs left to
    /// remember.
    ///
    /// # Errors
    ///
    /// The bytes are no snapshot, or one that cannot be read, or somebody else is signed in here than
    /// was there. The cache is as it was.
    pub fn restore(&self, bytes: &SecretBytes, now: Timestamp) -> Result<(), SnapshotFault> {
        let snapshot = Snapshot::from_bytes(bytes, now)?;
        self.change_all(|table, memory| snapshot.restore(table, memory, now))
    }
}
