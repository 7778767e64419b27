//! The cache as bytes, for programs that keep it between their runs.
//!
//! name, version ─► tokens ─► rejected refresh tokens and facts ─► digest
//!
//! More than 64 MiB are neither written nor read. Half of that is for tokens, of which those that
//! expire first are left out; the facts that were learned first are if they do not fit into the rest.
//!
//! Numbers are little-endian; before each text or list stands its length. The digest tells damage
//! from content. It does not tell a forger from an honest writer: whoever can change the bytes
//! decides which tokens a program uses.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::bytes::{Reader, Writer};
use super::{Key, TokenTable};
use crate::credentials::CredentialConfig;
use crate::identity::Identity;
use crate::memory::{Fact, Memory, MemoryChange};
use crate::secret::{Secret, SecretBytes};
use crate::time::Timestamp;
use crate::token::AccessToken;

/// What a cache holds at one moment: its tokens, and of what runs left to remember who signed in,
/// their refresh tokens, and which of these were rejected.
///
/// What is in it says itself whose it is, so that it is right wherever it is restored. Therefore these
/// are left out:
///
/// - the tokens of managed identities and developer tools, and of the chains that have one of them for
///   a link, such as the default one, whichever link it was that got them: whose they are, this
///   machine decides, or who is logged in here now ([`IdentityBuilder::of_this_machine`](crate::IdentityBuilder::of_this_machine)). An
///   application that a managed identity only vouches for is itself wherever it is;
/// - everything of credentials that depend on code ([`Identity::private`], [`Memory::PRIVATE`]), since
///   no other process has that code;
/// - what was found out about this machine, such as its region, whether it has a metadata service, and
///   which link of a chain works here.
///
/// A chain of other links is in it, with a token of whichever link got one: all of them are named.
///
/// ```
/// use azid_core::cache::{Snapshot, TokenTable};
/// use azid_core::{Memory, Timestamp};
///
/// let mut tokens = TokenTable::default();
/// let bytes = Snapshot::of(&tokens, &Memory::default()).to_bytes(); // keep these like a password
///
/// let now = Timestamp::from_unix_seconds(1_800_000_000);
/// let snapshot = Snapshot::from_bytes(&bytes, now)?;
/// let mut memory = Memory::default();
/// snapshot.restore(&mut tokens, &mut memory, now)?;
/// # Ok::<(), azid_core::cache::SnapshotFault>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Snapshot {
    tokens: Vec<Kept>,
    changes: Vec<MemoryChange>,
}

#[derive(Clone, PartialEq)]
struct Kept {
    key: Key,
    token: AccessToken,
    due_on: Timestamp,
}

/// Why bytes are no snapshot that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotFault {
    /// They do not begin as a snapshot does.
    NoSnapshot,
    /// They are a snapshot of a version that this library does not know.
    UnknownVersion(u8),
    /// They were a snapshot once: something is missing, or not as it was written.
    Damaged,
    /// They are more than any snapshot is: 64 MiB.
    TooLarge,
    /// Somebody else is signed in here, by the same application in the same tenant, than was where
    /// it was made: the tokens of both would lie under one credential.
    OtherAccount,
}

const NAME: &[u8] = b"azid cache";
const VERSION: u8 = 1;
const MOST_BYTES: usize = 64 << 20;
const DIGEST_BYTES: usize = 32;

impl Snapshot {
    /// What these hold.
    pub fn of(tokens: &TokenTable, memory: &Memory) -> Self {
        let mut tokens: Vec<_> = tokens
            .entries()
            .filter(|(key, ..)| key.identity().is_portable())
            .map(|(key, token, due_on)| Kept {
                key: key.clone(),
                token: token.clone(),
                due_on,
            })
            .collect();
        tokens.sort_by(|one, other| {
            let by_end = other.token.expires_on().cmp(&one.token.expires_on());
            by_end.then_with(|| one.key.parts().cmp(&other.key.parts()))
        });
        Self {
            tokens,
            changes: memory.portable().collect(),
        }
    }

    /// The snapshot as bytes, with its secrets in them: as much of it as can be read again.
    pub fn to_bytes(&self) -> SecretBytes {
        let mut to = Writer::default();
        to.bytes(NAME);
        to.byte(VERSION);
        let most = MOST_BYTES - DIGEST_BYTES;
        to.list_up_to(most / 2, &self.tokens, |to, kept| kept.write(to));
        to.list_up_to(most, &self.changes, write_change);
        let digest = Sha256::digest(to.written());
        to.bytes(&digest);
        to.finish()
    }

    /// Reads a snapshot. Tokens that have expired by now are left out.
    ///
    /// # Errors
    ///
    /// The bytes are none, or of another version, or damaged.
    pub fn from_bytes(bytes: &SecretBytes, now: Timestamp) -> Result<Self, SnapshotFault> {
        let bytes = bytes.expose();
        if bytes.len() > MOST_BYTES {
            return Err(SnapshotFault::TooLarge);
        }
        let content = bytes.strip_prefix(NAME).ok_or(SnapshotFault::NoSnapshot)?;
        match content.first() {
            Some(&VERSION) => {}
            Some(other) => return Err(SnapshotFault::UnknownVersion(*other)),
            None => return Err(SnapshotFault::Damaged),
        }
        let snapshot = Self::read(bytes).ok_or(SnapshotFault::Damaged)?;
        let is_good = |kept: &Kept| kept.token.expires_on() > now;
        let mut tokens = snapshot.tokens;
        tokens.retain(is_good);
        Ok(Self { tokens, ..snapshot })
    }

    /// Puts the snapshot's content beside what is there. A token that is held gives way only to one
    /// that lives longer and was not asked for earlier, and of two facts the newer stays. A token that
    /// was rejected here ([`TokenTable::invalidate`], or replaced after a challenge) does not come back.
    ///
    /// # Errors
    ///
    /// Somebody else is signed in here. What is there stays as it is.
    pub fn restore(
        self,
        tokens: &mut TokenTable,
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<(), SnapshotFault> {
        if memory.contradicts(&self.changes) {
            return Err(SnapshotFault::OtherAccount);
        }
        // Those that live longest come last, so that none of them goes for want of room.
        for Kept { key, token, due_on } in self.tokens.into_iter().rev() {
            if token.expires_on() > now && tokens.is_improved_by(&key, &token, now) {
                tokens.adopt(key, token, due_on);
            }
        }
        for change in self.changes {
            memory.apply(change);
        }
        Ok(())
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (content, digest) = bytes.split_at(bytes.len().checked_sub(DIGEST_BYTES)?);
        if Sha256::digest(content)[..] != *digest {
            return None;
        }
        let mut from = Reader::new(content.get(NAME.len() + 1..)?);
        let snapshot = Self {
            tokens: from.list(Kept::read)?,
            changes: from.list(read_change)?,
        };
        from.is_at_end().then_some(snapshot)
    }
}

impl Kept {
    fn write(&self, to: &mut Writer) {
        let (identity, scopes, tenant, cae) = self.key.parts();
        to.bytes(identity);
        to.list(scopes, |to, scope| to.text(scope));
        to.optional(tenant, Writer::text);
        to.byte(u8::from(cae));
        to.text(self.token.expose());
        to.text(self.token.kind());
        to.optional(self.token.asked_on(), Writer::moment);
        to.optional(self.token.refreshes_on(), Writer::moment);
        to.moment(self.token.expires_on());
        to.text(self.token.came_from());
        to.moment(self.due_on);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let identity = Identity::from_digest(from.bytes(32)?.try_into().ok()?);
        let scopes = from.list(Reader::text)?;
        let tenant = from.optional(Reader::text)?;
        let key = Key::from_parts(identity, &scopes, tenant, from.flag()?);
        let (secret, kind) = (Secret::from(from.text()?), from.text()?);
        let (asked_on, refreshes_on) = (
            from.optional(Reader::moment)?,
            from.optional(Reader::moment)?,
        );
        let mut token = AccessToken::new(secret, from.moment()?)
            .token_type(kind)
            .source(known_name(from.text()?));
        if let Some(moment) = asked_on {
            token = token.issued_on(moment);
        }
        if let Some(moment) = refreshes_on {
            token = token.refresh_on(moment);
        }
        let due_on = from.moment()?;
        Some(Self { key, token, due_on })
    }
}

fn write_change(to: &mut Writer, change: &MemoryChange) {
    match change {
        MemoryChange::Rejected(token) => {
            to.byte(0);
            to.text(token.expose());
        }
        MemoryChange::Learned { key, fact, on } => {
            to.byte(1);
            to.text(key);
            to.moment(*on);
            match fact {
                Fact::RefreshToken(token) => {
                    to.byte(0);
                    to.text(token.expose());
                }
                Fact::SignedIn(record) => {
                    to.byte(1);
                    let record = serde_json::to_string(record);
                    to.text(&record.expect("a record is texts"));
                }
                _ => unreachable!("no other fact is portable"),
            }
        }
    }
}

fn read_change(from: &mut Reader<'_>) -> Option<MemoryChange> {
    if !from.flag()? {
        return Some(MemoryChange::Rejected(from.text()?.into()));
    }
    let key = from.text()?.to_owned();
    let on = from.moment()?;
    let fact = match from.byte()? {
        0 => Fact::RefreshToken(from.text()?.into()),
        1 => Fact::SignedIn(serde_json::from_str(from.text()?).ok()?),
        _ => return None,
    };
    Some(MemoryChange::Learned { key, fact, on })
}

/// The name of a credential of this library; a token of any other does not say where it came from.
fn known_name(name: &str) -> &'static str {
    let known = CredentialConfig::NAMES.iter().find(|known| **known == name);
    known.copied().unwrap_or_default()
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("tokens", &self.tokens.len())
            .field("facts", &self.changes.len())
            .finish()
    }
}

impl fmt::Display for SnapshotFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSnapshot => f.write_str("this is no snapshot of a token cache"),
            Self::UnknownVersion(version) => write!(
                f,
                "this snapshot of a token cache is of version {version}; this library knows {VERSION}"
            ),
            Self::Damaged => f.write_str("this snapshot of a token cache is damaged"),
            Self::TooLarge => write!(
                f,
                "this is larger than any snapshot of a token cache: over {MOST_BYTES} bytes"
            ),
            Self::OtherAccount => {
                f.write_str("this snapshot of a token cache is of another account's sign-in")
            }
        }
    }
}

impl std::error::Error for SnapshotFault {}
