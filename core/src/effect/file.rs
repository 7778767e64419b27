//! The effect `ReadFile`: the content of one file, bounded.

use std::fmt;
use std::time::Duration;

use super::failure::{Detail, Refusal, can_be_refused};
use super::{Effect, effect_step, sealed::Sealed};
use crate::secret::SecretBytes;
use crate::transcript::Recording;
use serde::{Deserialize, Serialize};

/// Reading one file.
#[derive(Debug)]
pub enum ReadFile {}

/// Which file to read and how much of it.
///
/// The path is a text, since it comes from a variable or a challenge and may follow the rules of
/// another platform than the one this crate was built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRequest {
    /// The path, as given.
    pub path: String,
    /// How many bytes to read at most; a longer file is [`FileFailure::TooLarge`]. With 0 nothing
    /// is read and any file that exists will do.
    pub max_bytes: usize,
    /// Whether the path must lead to the file itself and not to a symbolic link. The folders on the
    /// way to it may be links.
    pub no_links: bool,
}

impl FileRequest {
    /// The content of a file, 1 MiB of it at most unless said otherwise.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            max_bytes: 1024 * 1024,
            no_links: false,
        }
    }

    /// Whether a file exists: the output is empty and the file is not read.
    pub fn exists(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            max_bytes: 0,
            no_links: false,
        }
    }

    /// Accepts so many bytes at most.
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Refuses a symbolic link, where somebody else chose the name of the file: whoever may write
    /// in its folder could let the link lead to any other.
    pub fn no_links(mut self) -> Self {
        self.no_links = true;
        self
    }
}

/// How reading a file can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FileFailure {
    /// There is no such file.
    NotFound,
    /// This process may not read it.
    PermissionDenied,
    /// It is no regular file but a directory, a device or a pipe.
    NotRegular,
    /// It is longer than the request allows.
    TooLarge {
        /// How many bytes were allowed.
        limit: usize,
    },
    /// Anything else, in the host's words.
    Other(Detail),
    /// The host did not try.
    Refused(Refusal),
}

impl fmt::Display for FileFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such file"),
            Self::PermissionDenied => f.write_str("permission denied"),
            Self::NotRegular => f.write_str("it is no regular file"),
            Self::TooLarge { limit } => write!(f, "longer than {limit} bytes"),
            Self::Other(detail) => detail.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

can_be_refused!(FileFailure, Other);

impl Sealed for ReadFile {}

impl Effect for ReadFile {
    type Request = FileRequest;
    type Output = SecretBytes;
    type Failure = FileFailure;
    const NAME: &'static str = "read-file";
    effect_step!(ReadFile);

    fn time_limit(_: &FileRequest) -> Option<Duration> {
        None
    }

    fn bounded(
        request: &FileRequest,
        reply: Result<SecretBytes, FileFailure>,
    ) -> Result<SecretBytes, FileFailure> {
        let limit = request.max_bytes;
        match reply {
            Ok(content) if limit > 0 && content.len() > limit => {
                Err(FileFailure::TooLarge { limit })
            }
            reply => reply,
        }
    }

    fn record(
        request: &FileRequest,
        reply: &Result<SecretBytes, FileFailure>,
        recording: &mut dyn Recording,
    ) {
        recording.file(request, reply);
    }
}
