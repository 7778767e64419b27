//! A transcript as an outcome has it.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use super::Transcript;

/// The transcript of a run, behind a pointer that also knows what to do with it: code that handles
/// outcomes has nothing of what transcripts are made of, unless it records or reads one.
pub struct Recorded(Box<dyn Keep>);

impl Recorded {
    /// The transcript itself.
    pub fn into_transcript(self) -> Transcript {
        self.0.into_transcript()
    }
}

impl From<Transcript> for Recorded {
    fn from(transcript: Transcript) -> Self {
        Self(Box::new(transcript))
    }
}

impl Deref for Recorded {
    type Target = Transcript;

    fn deref(&self) -> &Transcript {
        self.0.transcript()
    }
}

impl Clone for Recorded {
    fn clone(&self) -> Self {
        self.0.copy()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.transcript().serialize(serializer)
    }
}

trait Keep: fmt::Debug + Send + Sync {
    fn transcript(&self) -> &Transcript;

    fn into_transcript(self: Box<Self>) -> Transcript;

    fn copy(&self) -> Recorded;
}

impl Keep for Transcript {
    fn transcript(&self) -> &Transcript {
        self
    }

    fn into_transcript(self: Box<Self>) -> Transcript {
        *self
    }

    fn copy(&self) -> Recorded {
        self.clone().into()
    }
}
