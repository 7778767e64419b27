//! What is remembered, and how it changes.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::time::Timestamp;
use crate::user::AuthenticationRecord;

/// Something worth remembering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fact {
    /// An endpoint that is not everywhere has answered here.
    Answered,
    /// The link of a chain that got a token, by its number from 0.
    Winner(usize),
    /// A refresh token.
    RefreshToken(Secret),
    /// Who signed in.
    SignedIn(AuthenticationRecord),
    /// Something that was looked up and not found. Whoever goes by it asks how old it is:
    /// [`Memory::recall_recent`](crate::Memory::recall_recent).
    Absent,
    /// Something that was looked up and is no secret: a region, a bundle of root certificates.
    Found(String),
}

/// One change to the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryChange {
    /// Something was learned.
    Learned {
        /// Under which key, which the credential makes up, without a secret in it.
        key: String,
        /// What.
        fact: Fact,
        /// When.
        on: Timestamp,
    },
    /// A refresh token turned out to be of no use.
    Rejected(Secret),
}

impl Fact {
    /// Whether it is about a person rather than about this machine.
    pub(super) fn is_portable(&self) -> bool {
        match self {
            Self::SignedIn(_) | Self::RefreshToken(_) => true,
            Self::Answered | Self::Winner(_) | Self::Absent | Self::Found(_) => false,
        }
    }

    /// Orders facts learned at the same moment, so that the order of applying them cannot matter.
    pub(super) fn rank(&self) -> (u8, usize, [&str; 5]) {
        match self {
            Self::Answered => (0, 0, [""; 5]),
            Self::Winner(link) => (1, *link, [""; 5]),
            Self::RefreshToken(token) => (2, 0, [token.expose(), "", "", "", ""]),
            Self::Found(text) => (3, 0, [text, "", "", "", ""]),
            Self::SignedIn(record) => {
                let of = [
                    &*record.home_account_id,
                    &record.tenant_id,
                    &record.username,
                    &record.authority,
                    &record.client_id,
                ];
                (4, 0, of)
            }
            Self::Absent => (5, 0, [""; 5]),
        }
    }
}
