//! Confidential clients (RFC 6749 section 2.1): who asks, how they prove it, and the exchange that
//! all their flows end in.

mod application;
mod assertion;
mod callback;
mod certificate;
mod certificate_proof;
mod credential;
mod discovery;
mod exchange;
mod grant;
mod job_token;
mod jwt;
mod region;
mod secret;
mod text_file;

pub(crate) use self::application::{Application, application_options};
pub use self::assertion::ClientAssertion;
pub(crate) use self::certificate::Reader;
pub use self::certificate::{ClientCertificate, ReadCertificate};
pub use self::certificate_proof::CertificateProof;
pub use self::credential::ClientCredential;
pub(crate) use self::discovery::ValidatedBy;
pub(crate) use self::exchange::{Client, Exchange, Prove, PublicClient};
pub(crate) use self::grant::{Grant, SIGN_IN_SCOPES, with_sign_in};
#[cfg(feature = "testing")]
pub(crate) use self::job_token::cases as job_token_cases;
pub(crate) use self::job_token::{JobToken, job_endpoint};
pub use self::region::Region;
pub use self::secret::ClientSecret;
pub(crate) use self::text_file::read_or_fail;
