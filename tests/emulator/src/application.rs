//! Applications and the ways in which they prove who they are.

use crate::certificate::{Certificate, ClientCertificate};
use std::fmt;

/// An application: who it is, how it may prove that, and what it may do.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// The application id, a GUID.
    pub client_id: String,
    /// The object id of its service principal, a GUID.
    pub object_id: String,
    /// Any number of secrets; each may have expired.
    pub secrets: Vec<ClientSecret>,
    /// The certificates that it may sign assertions with; each may have expired.
    pub certificates: Vec<Certificate>,
    /// The names under which any certificate of a certain authority will do.
    pub trusted_subjects: Vec<TrustedSubject>,
    /// The foreign tokens that it accepts as its own assertion.
    pub federated_credentials: Vec<FederatedCredential>,
    /// What it may do on behalf of users.
    pub delegations: Vec<Delegation>,
    /// Switched off by an administrator.
    pub disabled: bool,
    /// A public client: it has no credential and must present none.
    pub public: bool,
    /// Other tenants' users may sign in to it, so it is found where no tenant is named.
    pub multi_tenant: bool,
    /// Where codes may be sent, exactly; `http://localhost` stands for all of its ports.
    pub redirect_uris: Vec<String>,
    /// The same for pages whose scripts redeem the code in the browser.
    pub single_page_redirect_uris: Vec<String>,
    /// May use the regional endpoints, which serve few applications.
    pub regional: bool,
}

impl Application {
    /// Adds a secret; the ones before it stay good, as while a secret is being rotated.
    pub fn add_secret(&mut self, value: &str, expires_on: u64) {
        self.secrets.push(ClientSecret {
            value: value.to_owned(),
            expires_on,
        });
    }

    /// Ends the life of every secret at this time, if it would have ended later.
    pub fn expire_secrets(&mut self, now_unix_seconds: u64) {
        for secret in &mut self.secrets {
            secret.expires_on = secret.expires_on.min(now_unix_seconds);
        }
    }
}

/// A client secret with its end.
#[derive(Clone)]
pub struct ClientSecret {
    /// The value, not the id.
    pub value: String,
    /// The end of its life in Unix seconds.
    pub expires_on: u64,
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// Trust in a subject name and an issuer in place of single certificates: an assertion must then
/// carry its certificate chain in `x5c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedSubject {
    /// The common name that the certificate must have.
    pub common_name: String,
    /// The certificate of the authority that must have issued it, DER.
    pub authority: Vec<u8>,
}

impl TrustedSubject {
    /// Trust in the name and the authority of this certificate, and so in its successors.
    pub fn of(certificate: &ClientCertificate) -> TrustedSubject {
        let name = certificate.certificate().common_name();
        TrustedSubject {
            common_name: name.unwrap_or_default().to_owned(),
            authority: certificate.authority_der().to_vec(),
        }
    }
}

/// A federated identity credential: the one issuer, subject and audience that stand for the
/// application. All three are compared with regard to letter case.
#[derive(Clone, Debug)]
pub struct FederatedCredential {
    /// The issuer's URL, exactly as its tokens write it. For tokens of the emulated Entra it is
    /// `https://login.microsoftonline.com/{tenant id}/v2.0` wherever the emulator listens.
    pub issuer: String,
    /// The subject, such as `system:serviceaccount:namespace:name`.
    pub subject: String,
    /// The audience, normally `api://AzureADTokenExchange`.
    pub audience: String,
}

/// The permissions on one resource that users or an administrator have consented to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The identifier of the resource, as [`crate::Resource::identifier`] has it.
    pub resource: String,
    /// The permissions, such as `user_impersonation`.
    pub scopes: Vec<String>,
}
