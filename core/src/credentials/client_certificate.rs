//! A service principal with a client certificate (RFC 7523).
//!
//! begin ─► [read the file] ─► sign ─► ask ─► token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::client::{Application, CertificateProof, Grant, application_options};
use crate::context::Context;
use crate::credential::Credential;
use crate::error::Invalid;
use crate::identity::Identity;
use crate::moves::Next;
use crate::needs::Needs;
use crate::transcript::Redactor;
use crate::variables::Variables;

/// Gets tokens for an application by its certificate: the key signs an assertion for each request
/// and goes nowhere itself.
///
/// The key is in memory, or in an HSM or a vault that a signer of the user's own reaches.
///
/// ```
/// use azid_core::effect::{CallbackId, KeyHandle};
/// use azid_core::{ClientCertificate, ClientCertificateCredential};
/// # let leaf = vec![0x30];
///
/// // The certificate in DER form, and the name of the signer that the provider is built with.
/// let certificate = ClientCertificate::new([leaf], KeyHandle::Named(CallbackId::new("vault")))?;
/// let credential = ClientCertificateCredential::new("contoso.com", "app-id", certificate)?;
/// # let _ = credential;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/ClientCertificateCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificateCredential {
    application: Application,
    certificate: CertificateProof,
}

impl ClientCertificateCredential {
    /// An application of the public cloud, by its tenant, its client id and its certificate, or
    /// where that is to be found and how it signs.
    ///
    /// # Errors
    ///
    /// The tenant or the client id is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        certificate: impl Into<CertificateProof>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            certificate: certificate.into(),
        })
    }

    application_options!(and region);
}

impl Credential for ClientCertificateCredential {
    fn name(&self) -> &'static str {
        "ClientCertificateCredential"
    }

    fn identity(&self) -> Identity {
        let identity = self.application.identity_of(self.name());
        self.certificate.identify(identity)
    }

    fn variables(&self) -> Variables {
        self.application.variables()
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let certificate = self.certificate.redacted(redactor)?;
        Some(
            Self {
                certificate,
                ..self.clone()
            }
            .into(),
        )
    }

    #[inline]
    fn needs() -> Needs {
        Needs::KEYS
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let certificate = self.certificate.clone();
        self.application
            .exchange(certificate, Grant::ClientCredentials, cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::authority::Authority;
    use crate::client::{ClientCertificate, Region};
    use crate::effect::{CallbackId, Detail, HttpFailure, KeyHandle, Refusal, SignFailure};
    use crate::memory::Fact;
    use crate::request::TokenRequest;
    use crate::testing::{Case, Reply, START, with_entra_answers};
    use crate::time::Timestamp;

    const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

    impl ClientCertificateCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let mut cases = with_entra_answers(|name| signed(name, certificate()));
            cases.extend(signing_cases());
            cases.extend(application_cases());
            cases.extend(region_cases());
            cases.extend(discovery_cases());
            cases
        }
    }

    fn certificate() -> ClientCertificate {
        let key = KeyHandle::in_memory(b"k3y".to_vec().into());
        ClientCertificate::new(["leaf", "issuer"], key).expect("valid")
    }

    fn credential(certificate: impl Into<CertificateProof>) -> ClientCertificateCredential {
        ClientCertificateCredential::new("contoso.com", "app-id", certificate).expect("valid")
    }

    fn case(name: &'static str, certificate: impl Into<CertificateProof>) -> Case {
        Case::new(name, credential(certificate))
    }

    fn signed(name: &'static str, certificate: impl Into<CertificateProof>) -> Case {
        case(name, certificate).then(signature())
    }

    fn signature() -> Reply {
        Reply::Sign(Ok(b"signature".to_vec()))
    }

    /// How assertions are signed, and what becomes of signers that do not.
    fn signing_cases() -> Vec<Case> {
        let proof = || CertificateProof::from(certificate());
        let in_vault = |name| {
            let key = KeyHandle::Named(CallbackId::new("vault"));
            case(
                name,
                ClientCertificate::new(["leaf"], key).expect("a certificate"),
            )
        };
        let refuses = |failure| Reply::Sign(Err(failure));
        let expired = Timestamp::from_unix_milliseconds(START);
        let unknown = r#"{"error":"invalid_client","error_description":"AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.","error_codes":[700027]}"#;
        vec![
            signed("the chain is sent", proof().send_certificate_chain()).http(200, TOKEN),
            signed("RS256 on demand", proof().use_rs256()).http(200, TOKEN),
            in_vault("a key in a vault")
                .then(signature())
                .http(200, TOKEN),
            in_vault("a signer that nobody registered")
                .then(Refusal::NotRegistered(CallbackId::new("vault"))),
            in_vault("a signer that fails").then(refuses(SignFailure::Other(Detail::default()))),
            in_vault("an empty signature").then(Reply::Sign(Ok(Vec::new()))),
            case("a key of another kind", certificate())
                .then(refuses(SignFailure::UnusableKey(Detail::default()))),
            case("no signing on this host", certificate()).then(Refusal::NoSuchEffect),
            case("an expired certificate", certificate().expires_on(expired)),
            signed("a certificate that is not registered", certificate()).http(401, unknown),
            signed("a fresh assertion after a passing fault", certificate())
                .http(503, "")
                .then(signature())
                .http(200, TOKEN),
        ]
    }

    /// What is asked, for which tenant, of which kind of server.
    fn application_cases() -> Vec<Case> {
        let scope = "https://graph.microsoft.com/.default";
        let old = |name, tenant: &str, authority: &str| {
            let credential = ClientCertificateCredential::new(tenant, "app-id", certificate());
            let authority = Authority::new(authority).expect("valid");
            Case::new(name, credential.expect("valid").authority(authority))
                .then(signature())
                .http(200, TOKEN)
        };
        vec![
            signed("claims and continuous access evaluation", certificate())
                .asks(
                    TokenRequest::new([scope])
                        .claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#)
                        .enable_cae(),
                )
                .http(200, TOKEN),
            case("no scope", certificate()).asks(TokenRequest::new([""; 0])),
            case("a tenant that is not allowed", certificate())
                .asks(TokenRequest::new([scope]).tenant("fabrikam.com")),
            Case::new(
                "a tenant that is allowed",
                credential(certificate()).additionally_allowed_tenants(["fabrikam.com"]),
            )
            .asks(TokenRequest::new([scope]).tenant("fabrikam.com"))
            .then(signature())
            .http(200, TOKEN),
            old("an AD FS server", "adfs", "https://fs.contoso.com"),
            old(
                "a dSTS server",
                "contoso.com",
                "https://sts.contoso.com/dstsv2",
            ),
        ]
    }

    /// The token service of a region, and what is done where none is found.
    fn region_cases() -> Vec<Case> {
        let in_region = |name, region| Case::new(name, credential(certificate()).region(region));
        let detected = |name| in_region(name, Region::detected());
        let gets_token = |case: Case| case.then(signature()).http(200, TOKEN);
        let named = Region::new("westeurope").expect("a region");
        vec![
            gets_token(in_region("a region by its name", named)),
            gets_token(detected("a detected region").http(200, r#"{"location":"westeurope"}"#)),
            gets_token(detected("a region that the host names").with("REGION_NAME", "West Europe")),
            gets_token(
                detected("a region that an earlier run found")
                    .remembers("region", Fact::Found("westeurope".into())),
            ),
            gets_token(
                detected("a host in no region").then(HttpFailure::Connect(Detail::default())),
            ),
            gets_token(
                detected("a location that is another host")
                    .http(200, r#"{"location":"evil.com/"}"#),
            ),
        ]
    }

    /// Private clouds, which are asked about first where that is wanted.
    fn discovery_cases() -> Vec<Case> {
        let private = |name| {
            let authority = Authority::new("https://login.contoso.example").expect("valid");
            let credential = credential(certificate()).authority(authority);
            Case::new(
                name,
                credential.validate_authority_by(Authority::public_cloud()),
            )
        };
        let metadata = r#"{"tenant_discovery_endpoint":"https://login.contoso.example/contoso.com/.well-known/openid-configuration","api-version":"1.1","metadata":[]}"#;
        let unknown = r#"{"error":"invalid_instance","error_description":"AADSTS50049: Unknown or invalid instance.","error_codes":[50049]}"#;
        vec![
            private("a cloud that Microsoft knows")
                .http(200, metadata)
                .then(signature())
                .http(200, TOKEN),
            private("a cloud that Microsoft does not know").http(400, unknown),
        ]
    }
}
