//! An application that the environment describes.
//!
//! begin ─► the first complete set of variables ─► that set's credential

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ClientCertificateCredential, ClientSecretCredential, CredentialConfig,
    UsernamePasswordCredential,
};
use crate::authority::Authority;
use crate::client::{CertificateProof, ReadCertificate, Reader, Region};
use crate::context::Context;
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Cause, Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::{Next, call, done};
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::secret::Secret;
use crate::tenant::AllowedTenants;
use crate::transcript::Redactor;

/// Gets tokens for the application that the environment describes.
///
/// The first of these sets that is complete counts:
///
/// 1. `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`;
/// 2. `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_CERTIFICATE_PATH`;
/// 3. `AZURE_CLIENT_ID`, `AZURE_USERNAME` and `AZURE_PASSWORD`, with `AZURE_TENANT_ID` or for
///    whichever tenant the person is of.
///
/// With them go `AZURE_AUTHORITY_HOST` and `AZURE_ADDITIONALLY_ALLOWED_TENANTS`, which separates
/// tenants by `;`; with a secret or a certificate `AZURE_REGIONAL_AUTHORITY_NAME` or else
/// `MSAL_FORCE_REGION`, which say nothing with a password, since a region serves applications and no
/// people; and with a certificate `AZURE_CLIENT_CERTIFICATE_PASSWORD` and
/// `AZURE_CLIENT_SEND_CERTIFICATE_CHAIN`, which is `true`, `1`, `false` or `0`. Without a complete set
/// the credential is unavailable, and names what the set lacks that was begun. A variable that is set
/// and malformed is a failure, and so is a certificate without a [reader](Self::certificates). A
/// password is a legacy; see [`UsernamePasswordCredential`](crate::UsernamePasswordCredential).
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/EnvironmentCredential.md
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnvironmentCredential {
    #[serde(skip)]
    certificates: Option<Reader>,
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
}

/// Variables that together make a credential.
struct Set {
    names: [&'static str; 3],
    proof: Proof,
}

enum Proof {
    Secret,
    Certificate,
    Password,
}

impl Proof {
    /// The variables that hold it.
    fn variables(&self) -> &'static [&'static str] {
        match self {
            Self::Secret => &["AZURE_CLIENT_SECRET"],
            Self::Certificate => &["AZURE_CLIENT_CERTIFICATE_PATH"],
            Self::Password => &["AZURE_USERNAME", "AZURE_PASSWORD"],
        }
    }
}

const SETS: [Set; 3] = [
    Set {
        names: ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"],
        proof: Proof::Secret,
    },
    Set {
        names: [
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_CERTIFICATE_PATH",
        ],
        proof: Proof::Certificate,
    },
    Set {
        names: ["AZURE_CLIENT_ID", "AZURE_USERNAME", "AZURE_PASSWORD"],
        proof: Proof::Password,
    },
];

/// A credential of an application with the options that go with every set.
macro_rules! with_options {
    ($credential:expr, $this:expr, $environment:expr) => {{
        let credential = $credential
            .map_err(in_its_variable)?
            .authority(Authority::from_environment($environment)?)
            .additionally_allowed_tenants($this.allowed_tenants($environment)?.into_names());
        match Region::from_environment($environment)? {
            Some(region) => credential.region(region),
            None => credential,
        }
    }};
}

impl EnvironmentCredential {
    /// The application that the environment describes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the file that `AZURE_CLIENT_CERTIFICATE_PATH` names by this reader, such as that of the
    /// package `azid-certificate`. A credential with a reader is code, and no data any more.
    pub fn certificates(self, reader: impl ReadCertificate + 'static) -> Self {
        self.read_by(Some(Reader::new(reader)))
    }

    pub(super) fn read_by(mut self, reader: Option<Reader>) -> Self {
        self.certificates = reader;
        self
    }

    /// Lets requests ask for tokens of these tenants too, instead of those that
    /// `AZURE_ADDITIONALLY_ALLOWED_TENANTS` names; `*` stands for all.
    pub fn additionally_allowed_tenants<T: Into<String>>(
        mut self,
        tenants: impl IntoIterator<Item = T>,
    ) -> Self {
        self.additionally_allowed_tenants = AllowedTenants::new(tenants);
        self
    }

    /// The credential that the variables make.
    fn chosen(&self, environment: &Environment) -> Result<Arc<dyn Credential>, Cause> {
        let set = complete_set(environment).ok_or_else(|| missing(environment))?;
        environment.check_text(&set.names)?;
        match set.proof {
            Proof::Secret => Ok(Arc::new(self.client_secret(environment)?)),
            Proof::Certificate => {
                let Some(reader) = &self.certificates else {
                    return Err(Cause::Unsupported(
                        "AZURE_CLIENT_CERTIFICATE_PATH is set, and the program gave the credential no reader of certificates",
                    ));
                };
                Ok(Arc::new(
                    self.client_certificate(reader.code(), environment)?,
                ))
            }
            Proof::Password => Ok(Arc::new(self.username_password(environment)?)),
        }
    }

    fn client_secret(&self, environment: &Environment) -> Result<ClientSecretCredential, Invalid> {
        let (tenant, client_id) = application(environment);
        let secret = environment.secret("AZURE_CLIENT_SECRET").cloned();
        let secret = secret.unwrap_or_else(|| Secret::from(""));
        let credential = ClientSecretCredential::new(tenant, client_id, secret);
        Ok(with_options!(credential, self, environment))
    }

    fn client_certificate(
        &self,
        reader: &Arc<dyn ReadCertificate>,
        environment: &Environment,
    ) -> Result<ClientCertificateCredential, Invalid> {
        let (tenant, client_id) = application(environment);
        let proof = certificate_proof(reader, environment)?;
        let credential = ClientCertificateCredential::new(tenant, client_id, proof);
        Ok(with_options!(credential, self, environment))
    }

    /// Who works in several tenants has none in the environment.
    fn username_password(
        &self,
        environment: &Environment,
    ) -> Result<UsernamePasswordCredential, Invalid> {
        let (tenant, client_id) = application(environment);
        let tenant = if tenant.is_empty() {
            "organizations"
        } else {
            tenant
        };
        let username = environment.get("AZURE_USERNAME").unwrap_or_default();
        let password = environment.secret("AZURE_PASSWORD").cloned();
        let password = password.unwrap_or_else(|| Secret::from(""));
        let credential = UsernamePasswordCredential::new(tenant, client_id, username, password);
        Ok(credential
            .map_err(in_its_variable)?
            .authority(Authority::from_environment(environment)?)
            .additionally_allowed_tenants(self.allowed_tenants(environment)?.into_names()))
    }

    fn allowed_tenants(&self, environment: &Environment) -> Result<AllowedTenants, Invalid> {
        if self.additionally_allowed_tenants.is_empty() {
            return AllowedTenants::from_environment(environment);
        }
        Ok(self.additionally_allowed_tenants.clone())
    }
}

fn application(environment: &Environment) -> (&str, &str) {
    let variable = |name| environment.get(name).unwrap_or_default();
    (variable("AZURE_TENANT_ID"), variable("AZURE_CLIENT_ID"))
}

fn certificate_proof(
    reader: &Arc<dyn ReadCertificate>,
    environment: &Environment,
) -> Result<CertificateProof, Invalid> {
    const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
    environment.check_text(&[PASSWORD])?;
    let reader = match environment.secret(PASSWORD) {
        Some(password) => reader.with_password(password).ok_or_else(|| {
            let why = "the program's reader of certificates takes no password";
            Invalid::new(What::Variable(PASSWORD), why)
        })?,
        None => Arc::clone(reader),
    };
    let path = environment.get("AZURE_CLIENT_CERTIFICATE_PATH");
    let proof = CertificateProof::from_file(path.unwrap_or_default(), reader);
    let sends_chain = environment.flag("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")?;
    Ok(if sends_chain {
        proof.send_certificate_chain()
    } else {
        proof
    })
}

fn complete_set(environment: &Environment) -> Option<&'static Set> {
    SETS.iter()
        .find(|set| environment.missing(&set.names).is_empty())
}

/// What the set lacks that was meant: the first one of which there is a variable that no other set
/// has, else the one of the secret.
fn missing(environment: &Environment) -> Cause {
    let is_meant = |set: &&Set| {
        let own = set.proof.variables().iter();
        own.copied().any(|name| environment.get(name).is_some())
    };
    let meant = SETS.iter().find(is_meant).unwrap_or(&SETS[0]);
    Cause::MissingVariables(environment.missing(&meant.names))
}

fn in_its_variable(invalid: Invalid) -> Invalid {
    match invalid.what() {
        What::Tenant => invalid.in_variable("AZURE_TENANT_ID"),
        What::ClientId => invalid.in_variable("AZURE_CLIENT_ID"),
        What::ClientSecret => invalid.in_variable("AZURE_CLIENT_SECRET"),
        // The password is not empty, and may be anything else.
        What::UserName => invalid.in_variable("AZURE_USERNAME"),
        _ => invalid,
    }
}

impl Credential for EnvironmentCredential {
    fn name(&self) -> &'static str {
        "EnvironmentCredential"
    }

    fn identity(&self) -> Identity {
        let identity =
            Identity::of(self.name()).field("allowed", self.additionally_allowed_tenants.key());
        match &self.certificates {
            Some(reader) => identity.identity("reader", &reader.identity()),
            None => identity.finish(),
        }
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        let chosen = self.chosen(environment);
        chosen.map_or(Lane::PerKey, |it| it.lane(memory, environment))
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.chosen(cx.environment) {
            Ok(credential) => Plan::of_links(self.name(), vec![credential.plan(cx)]),
            Err(cause) => Plan::hindered(self.name(), cause),
        }
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        self.certificates.is_none().then(|| self.clone().into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::KEYS
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        match self.chosen(cx.environment()) {
            Ok(credential) => call(credential, |token, _| done(token?)),
            Err(cause @ Cause::MissingVariables(_)) => cx.unavailable(cause),
            Err(cause) => cx.failed(cause),
        }
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::request::TokenRequest;
    use crate::testing::Case;

    impl EnvironmentCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let none = |name| Case::new(name, Self::new());
            let application = |name| {
                none(name)
                    .with("AZURE_TENANT_ID", "contoso.com")
                    .with("AZURE_CLIENT_ID", "app-id")
            };
            let secret = |name| application(name).with("AZURE_CLIENT_SECRET", "s3cret &=+");
            let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
            let scope = "https://vault.azure.net/.default";
            let expired = r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired","error_codes":[7000222]}"#;
            vec![
                secret("a secret").http(200, token),
                secret("a secret that Entra refuses").http(401, expired),
                application("a secret that is not UTF-8")
                    .with("AZURE_CLIENT_SECRET", "pw\u{fffd}X"),
                secret("another variable that is not UTF-8")
                    .with("AZURE_PASSWORD", "pw\u{fffd}X")
                    .http(200, token),
                none("no variables"),
                none("a secret alone").with("AZURE_CLIENT_SECRET", "s3cret"),
                application("an application without a proof"),
                none("a certificate without a tenant")
                    .with("AZURE_CLIENT_ID", "app-id")
                    .with("AZURE_CLIENT_CERTIFICATE_PATH", "/certificate.pem"),
                application("a certificate that nothing reads")
                    .with("AZURE_CLIENT_CERTIFICATE_PATH", "/certificate.pem"),
                application("a password")
                    .with("AZURE_USERNAME", "megan@contoso.com")
                    .with("AZURE_PASSWORD", "s3cret")
                    .http(200, r#"{"account_type":"Managed"}"#)
                    .http(200, token),
                none("a password of whichever tenant")
                    .with("AZURE_CLIENT_ID", "app-id")
                    .with("AZURE_USERNAME", "megan@contoso.com")
                    .with("AZURE_PASSWORD", "s3cret")
                    .http(200, r#"{"account_type":"Managed"}"#)
                    .http(200, token),
                application("a name without a password")
                    .with("AZURE_USERNAME", "megan@contoso.com"),
                application("a name that is none")
                    .with("AZURE_USERNAME", "megan bowen")
                    .with("AZURE_PASSWORD", "s3cret"),
                secret("a secret before a password")
                    .with("AZURE_USERNAME", "megan@contoso.com")
                    .with("AZURE_PASSWORD", "s3cret")
                    .http(200, token),
                secret("another cloud")
                    .with("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")
                    .http(200, token),
                secret("an authority in clear")
                    .with("AZURE_AUTHORITY_HOST", "http://login.example"),
                secret("a malformed tenant").with("AZURE_TENANT_ID", "con/toso"),
                secret("a malformed region").with("AZURE_REGIONAL_AUTHORITY_NAME", "West Europe"),
                secret("another tenant that is allowed")
                    .with(
                        "AZURE_ADDITIONALLY_ALLOWED_TENANTS",
                        "adatum.com; fabrikam.com;",
                    )
                    .asks(TokenRequest::new([scope]).tenant("fabrikam.com"))
                    .http(200, token),
                secret("another tenant that is not allowed")
                    .with("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "adatum.com")
                    .asks(TokenRequest::new([scope]).tenant("fabrikam.com")),
                secret("malformed allowed tenants")
                    .with("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "adatum.com;fabri/kam"),
            ]
        }
    }
}
