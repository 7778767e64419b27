//! What a client proves who it is with, whichever of the ways it is.

use serde::{Deserialize, Serialize};

use super::certificate::ClientCertificate;
use super::certificate_proof::CertificateProof;
use super::exchange::{Client, Proof, Prove, Proven};
use super::{ClientAssertion, ClientSecret};
use crate::context::Context;
use crate::credential::Lane;
use crate::environment::Environment;
use crate::error::Invalid;
use crate::identity::{Identity, IdentityBuilder};
use crate::memory::Memory;
use crate::moves::Next;
use crate::oauth::ServiceError;
use crate::retry::Repeat;
use crate::transcript::Redactor;

/// What an application proves who it is with, for the flows that take any of them (RFC 6749
/// section 2.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientCredential {
    /// A client secret.
    Secret(ClientSecret),
    /// A client certificate.
    Certificate(CertificateProof),
    /// An assertion of another issuer.
    Assertion(ClientAssertion),
}

impl ClientCredential {
    pub(crate) fn checked(self) -> Result<Self, Invalid> {
        match self {
            Self::Secret(secret) => secret.checked().map(Self::Secret),
            other => Ok(other),
        }
    }

    pub(crate) fn identify(&self, identity: IdentityBuilder) -> Identity {
        match self {
            Self::Secret(secret) => secret.identify(identity),
            Self::Certificate(certificate) => certificate.identify(identity),
            Self::Assertion(assertion) => assertion.identify(identity),
        }
    }

    /// Which runs may overlap that ask for it.
    pub(crate) fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        match self {
            Self::Assertion(assertion) => assertion.lane(memory, environment),
            Self::Secret(_) | Self::Certificate(_) => Lane::PerKey,
        }
    }

    /// None if it cannot be written down.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Option<Self> {
        Some(match self {
            Self::Secret(secret) => Self::Secret(secret.redacted(redactor)),
            Self::Certificate(certificate) => Self::Certificate(certificate.redacted(redactor)?),
            Self::Assertion(assertion) => Self::Assertion(assertion.redacted(redactor)?),
        })
    }

    fn way(&self) -> &dyn Prove {
        match self {
            Self::Secret(secret) => secret,
            Self::Certificate(certificate) => certificate,
            Self::Assertion(assertion) => assertion,
        }
    }
}

impl Prove for ClientCredential {
    fn is_private(&self) -> bool {
        self.identify(Identity::of("proof")).is_private()
    }

    fn prove(&self, client: &Client, then: Proven, cx: &mut Context) -> Next {
        self.way().prove(client, then, cx)
    }

    fn at_hand(&self) -> Option<Proof> {
        self.way().at_hand()
    }

    fn repeat(&self) -> Repeat {
        self.way().repeat()
    }

    fn may_be_renewed(&self, refused: &ServiceError) -> bool {
        self.way().may_be_renewed(refused)
    }
}

impl From<ClientSecret> for ClientCredential {
    fn from(secret: ClientSecret) -> Self {
        Self::Secret(secret)
    }
}

impl From<CertificateProof> for ClientCredential {
    fn from(certificate: CertificateProof) -> Self {
        Self::Certificate(certificate)
    }
}

impl From<ClientCertificate> for ClientCredential {
    fn from(certificate: ClientCertificate) -> Self {
        Self::Certificate(certificate.into())
    }
}

impl From<ClientAssertion> for ClientCredential {
    fn from(assertion: ClientAssertion) -> Self {
        Self::Assertion(assertion)
    }
}
