//! The chain that suits most programs, in the cloud and elsewhere.
//!
//! begin ─► choose the links ─► environment ─► workload identity ─► managed identity ─► az
//!       ─► PowerShell ─► azd

mod link;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::link::DefaultLink;
use super::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential, CredentialConfig,
    EnvironmentCredential, ManagedIdentityCredential, ManagedIdentityId,
    WorkloadIdentityCredential,
};
use crate::chain::{Chain, ChainLink};
use crate::client::{ReadCertificate, Reader};
use crate::context::{Context, Position};
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Cause, Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::{Next, call, done};
use crate::plan::{Plan, PlanContext};
use crate::tenant::AllowedTenants;
use crate::tool;
use crate::transcript::{Redactor, milliseconds};

/// Asks what most programs have, in the order of [`DefaultLink::ALL`], until one has a token.
///
/// It goes on, stops and remembers as [`ChainedTokenCredential`](super::ChainedTokenCredential)
/// does; what the failures of a developer tool mean to it is told at
/// [`DeveloperToolsCredential`](super::DeveloperToolsCredential). The variable
/// `AZURE_TOKEN_CREDENTIALS` narrows it, in upper or lower case: `prod` to the links for deployed
/// programs, `dev` to the developer tools, and the name of a link's credential to that one alone,
/// which then is as patient as if no chain were there. Any other value is a failure that lists the
/// valid ones. What is [excluded](Self::exclude) stays so.
///
/// Where nothing answers and no tool is installed, it is over within 3 seconds. Each tool that is
/// there and hangs adds its [time-out](Self::process_timeout): 93 seconds in all, or less if the run
/// has less, of which a hanging tool leaves half to those after it. So does a metadata service that
/// is there and then hangs, which is given up after half a minute. The error is a table that says how
/// long each link took.
///
/// `AZURE_CLIENT_ID` names the managed identity, if the program does not, and
/// `AZURE_ADDITIONALLY_ALLOWED_TENANTS` the tenants that a request may ask for.
///
/// What it would do here and now is its [plan](Credential::plan):
///
/// ```
/// use azid_core::{Credential, DefaultAzureCredential, Environment, PlanContext, Platform, Position};
///
/// let environment = Environment::from_pairs([("AZURE_CLIENT_ID", "app-id")]);
/// let context = PlanContext { environment: &environment, platform: Platform::MacOs, position: Position::Alone };
/// assert_eq!(DefaultAzureCredential::new().plan(&context).to_string(), "\
/// DefaultAzureCredential: ready
///   EnvironmentCredential: not set: AZURE_TENANT_ID, AZURE_CLIENT_SECRET
///   WorkloadIdentityCredential: not set: AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE
///   ManagedIdentityCredential: ready, from the instance metadata service at http://169.254.169.254
///   AzureCliCredential: ready, from the account that the Azure CLI is logged in to, if `az` is on the PATH
///   AzurePowerShellCredential: ready, from the account that Azure PowerShell is logged in to, if `pwsh` is on the PATH
///   AzureDeveloperCliCredential: ready, from the account that the Azure Developer CLI is logged in to, if `azd` is on the PATH");
/// ```
///
/// As part of a configuration file it is
/// `{ "credential": "default-azure", "exclude": ["environment"] }`.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/DefaultAzureCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DefaultAzureCredential {
    #[serde(skip)]
    certificates: Option<Reader>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exclude: Vec<DefaultLink>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_variable: bool,
    #[serde(skip_serializing_if = "Clone::clone")]
    remember_winner: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_identity: Option<ManagedIdentityId>,
    #[serde(skip_serializing_if = "AllowedTenants::is_empty")]
    additionally_allowed_tenants: AllowedTenants,
    #[serde(
        rename = "process_timeout_milliseconds",
        with = "milliseconds",
        skip_serializing_if = "tool::is_usual"
    )]
    process_timeout: Duration,
}

/// The variable that narrows the chain.
const VARIABLE: &str = "AZURE_TOKEN_CREDENTIALS";

impl DefaultAzureCredential {
    /// The default chain.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves a link out, whatever the environment says.
    pub fn exclude(mut self, link: DefaultLink) -> Self {
        self.exclude.push(link);
        self
    }

    /// Fails where `AZURE_TOKEN_CREDENTIALS` is not set, so that no deployment runs on whatever
    /// happens to be there.
    pub fn require_variable(mut self) -> Self {
        self.require_variable = true;
        self
    }

    /// Whether the link that had a token is asked first the next time, which it is unless this
    /// says no.
    pub fn remember_winner(mut self, remember: bool) -> Self {
        self.remember_winner = remember;
        self
    }

    /// Asks for this managed identity, and not for that of `AZURE_CLIENT_ID`.
    ///
    /// # Errors
    ///
    /// The id is empty or malformed.
    pub fn managed_identity(mut self, identity: ManagedIdentityId) -> Result<Self, Invalid> {
        ManagedIdentityCredential::with_id(identity.clone())?;
        self.managed_identity = Some(identity);
        Ok(self)
    }

    /// Reads the file that `AZURE_CLIENT_CERTIFICATE_PATH` names by this reader, such as that of the
    /// package `azid-certificate`. A credential with a reader is code, and no data any more.
    pub fn certificates(mut self, reader: impl ReadCertificate + 'static) -> Self {
        self.certificates = Some(Reader::new(reader));
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

    /// Ends each developer tool after this time instead of 30 seconds: it is unavailable then. A
    /// configuration says it in milliseconds.
    pub fn process_timeout(mut self, timeout: Duration) -> Self {
        self.process_timeout = timeout;
        self
    }

    /// The links that the environment leaves.
    fn chosen(&self, environment: &Environment) -> Result<Vec<ChainLink>, Cause> {
        let word = environment.get(VARIABLE).map(str::trim);
        if self.require_variable && word.is_none() {
            return Err(Cause::MissingVariables(vec![VARIABLE]));
        }
        let named: Vec<_> = DefaultLink::ALL
            .iter()
            .filter(|link| word.is_none_or(|word| link.is_meant_by(word)))
            .collect();
        if named.is_empty() {
            return Err(link::unknown_word().into());
        }
        let left = named
            .into_iter()
            .filter(|link| !self.exclude.contains(link));
        let made: Vec<_> = left
            .map(|link| link.make(self, environment))
            .collect::<Result<_, _>>()?;
        if made.is_empty() {
            let why = format!("all that {VARIABLE} and the program could mean are excluded");
            return Err(Invalid::new(What::Links, why).into());
        }
        Ok(made)
    }

    fn environment_link(&self, _: &Environment) -> Result<EnvironmentCredential, Invalid> {
        let allowed = self.additionally_allowed_tenants.clone().into_names();
        Ok(EnvironmentCredential::new()
            .read_by(self.certificates.clone())
            .additionally_allowed_tenants(allowed))
    }

    fn workload_link(
        &self,
        environment: &Environment,
    ) -> Result<WorkloadIdentityCredential, Invalid> {
        let allowed = self.allowed(environment)?;
        Ok(WorkloadIdentityCredential::new().additionally_allowed_tenants(allowed))
    }

    fn azure_cli_link(&self, environment: &Environment) -> Result<AzureCliCredential, Invalid> {
        let allowed = self.allowed(environment)?;
        Ok(AzureCliCredential::new()
            .additionally_allowed_tenants(allowed)
            .process_timeout(self.process_timeout))
    }

    fn powershell_link(
        &self,
        environment: &Environment,
    ) -> Result<AzurePowerShellCredential, Invalid> {
        let allowed = self.allowed(environment)?;
        Ok(AzurePowerShellCredential::new()
            .additionally_allowed_tenants(allowed)
            .process_timeout(self.process_timeout))
    }

    fn azd_link(&self, environment: &Environment) -> Result<AzureDeveloperCliCredential, Invalid> {
        let allowed = self.allowed(environment)?;
        Ok(AzureDeveloperCliCredential::new()
            .additionally_allowed_tenants(allowed)
            .process_timeout(self.process_timeout))
    }

    fn allowed(&self, environment: &Environment) -> Result<Vec<String>, Invalid> {
        let allowed = if self.additionally_allowed_tenants.is_empty() {
            AllowedTenants::from_environment(environment)?
        } else {
            self.additionally_allowed_tenants.clone()
        };
        Ok(allowed.into_names())
    }

    fn managed_link(
        &self,
        environment: &Environment,
    ) -> Result<ManagedIdentityCredential, Invalid> {
        const ID: &str = "AZURE_CLIENT_ID";
        match (&self.managed_identity, environment.get(ID)) {
            (Some(identity), _) => ManagedIdentityCredential::with_id(identity.clone()),
            (None, Some(id)) => {
                ManagedIdentityCredential::with_id(ManagedIdentityId::ClientId(id.to_owned()))
                    .map_err(|invalid| invalid.in_variable(ID))
            }
            (None, None) => Ok(ManagedIdentityCredential::new()),
        }
    }

    fn chain(&self, links: Vec<ChainLink>, environment: &Environment) -> Chain {
        let chain = Chain::new(links, Position::InDefaultChain);
        if self.remember_winner {
            chain.remembering(self.name(), environment)
        } else {
            chain
        }
    }
}

impl Credential for DefaultAzureCredential {
    fn name(&self) -> &'static str {
        "DefaultAzureCredential"
    }

    fn identity(&self) -> Identity {
        let options = serde_json::to_string(self).expect("the options are plain data");
        let identity = Identity::of(self.name())
            .of_this_machine()
            .field("options", options);
        match &self.certificates {
            Some(reader) => identity.identity("reader", &reader.identity()),
            None => identity.finish(),
        }
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        match self.chosen(environment) {
            Ok(links) => self.chain(links, environment).lane(memory, environment),
            Err(_) => Lane::PerKey,
        }
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.chosen(cx.environment).as_deref() {
            Ok([only]) => Plan::of_links(self.name(), vec![only.plan(cx)]),
            Ok(links) => {
                let cx = PlanContext {
                    position: Position::InDefaultChain,
                    ..*cx
                };
                let links = links.iter().map(|link| link.plan(&cx));
                Plan::of_links(self.name(), links.collect())
            }
            Err(Cause::MissingVariables(names)) => Plan::missing(self.name(), names.clone()),
            Err(cause) => Plan::invalid(self.name(), cause),
        }
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        self.certificates.is_none().then(|| self.clone().into())
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let links = self
            .chosen(cx.environment())
            .or_else(|cause| cx.failed(cause))?;
        if let [only] = links.as_slice() {
            return call(only.credential(), |token, _| done(token?));
        }
        self.chain(links, cx.environment()).begin(cx)
    }
}

impl Default for DefaultAzureCredential {
    fn default() -> Self {
        Self {
            certificates: None,
            exclude: Vec::new(),
            require_variable: false,
            remember_winner: true,
            managed_identity: None,
            additionally_allowed_tenants: AllowedTenants::default(),
            process_timeout: tool::TIMEOUT,
        }
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::testing::Case;

    impl DefaultAzureCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, Self::new());
            let secret = |name| {
                case(name)
                    .with("AZURE_TENANT_ID", "contoso.com")
                    .with("AZURE_CLIENT_ID", "app-id")
                    .with("AZURE_CLIENT_SECRET", "s3cret &=+")
            };
            let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
            let unknown = r#"{"error":"unauthorized_client","error_description":"AADSTS700016: not found","error_codes":[700016]}"#;
            vec![
                secret("an application of the environment").http(200, token),
                secret("an application that Entra refuses").http(400, unknown),
                secret("production only")
                    .with(VARIABLE, " Prod ")
                    .http(200, token),
                secret("one credential by its name")
                    .with(VARIABLE, "environmentcredential")
                    .http(200, token),
                case("a named credential without its variables")
                    .with(VARIABLE, "WorkloadIdentityCredential"),
                case("developer tools that are not installed").with(VARIABLE, "dev"),
                case("a name of nothing").with(VARIABLE, "NoSuchCredential"),
                Case::new(
                    "a variable that is required and not set",
                    Self::new().require_variable(),
                ),
                Case::new(
                    "nothing is left",
                    Self::new().exclude(DefaultLink::Environment),
                )
                .with(VARIABLE, "EnvironmentCredential"),
                Case::new(
                    "an excluded link",
                    Self::new().exclude(DefaultLink::Environment),
                )
                .with("AZURE_TENANT_ID", "contoso.com")
                .with("AZURE_CLIENT_ID", "app-id")
                .with("AZURE_CLIENT_SECRET", "s3cret")
                .with("AZURE_FEDERATED_TOKEN_FILE", "/token")
                .file("e30.e30.c2ln")
                .http(200, token),
            ]
        }
    }
}
