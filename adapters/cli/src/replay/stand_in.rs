//! What reads a certificate in a replay, where its file is a placeholder.

use std::sync::Arc;

use azid_core::effect::KeyHandle;
use azid_core::transcript::{Ending, Message};
use azid_core::{
    ClientCertificate, Invalid, ReadCertificate, Secret, SecretBytes, Timestamp, Transcript, What,
};

/// Reads whatever it is given as the recorded run did: as a certificate, as one that has expired, or
/// as none.
#[derive(Clone, Copy, Debug)]
pub(super) enum StandIn {
    Certificate,
    Expired,
    Nothing,
}

impl StandIn {
    pub(super) fn of(transcript: &Transcript) -> Self {
        let mut exchanges = transcript.exchanges.iter();
        let has_signed = exchanges.any(|exchange| matches!(exchange.message, Message::Sign { .. }));
        match &transcript.ending {
            Ending::Error { cause, .. } if cause == "ExpiredCertificate" => Self::Expired,
            Ending::Error { cause, .. } if cause == "FileContent" && !has_signed => Self::Nothing,
            _ => Self::Certificate,
        }
    }
}

impl ReadCertificate for StandIn {
    fn read(&self, _: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        if matches!(self, Self::Nothing) {
            return Err(Invalid::new(What::Certificate, "it is none"));
        }
        let key = KeyHandle::in_memory(b"redacted"[..].into());
        let certificate = ClientCertificate::new([b"redacted"], key)?;
        Ok(match self {
            Self::Expired => certificate.expires_on(Timestamp::from_unix_seconds(0)),
            _ => certificate,
        })
    }

    fn with_password(&self, _: &Secret) -> Option<Arc<dyn ReadCertificate>> {
        Some(Arc::new(*self))
    }
}
