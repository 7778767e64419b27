//! The rows of the demo's table: every credential, and every kind of host that it knows.

mod people;
mod robot;

use std::sync::Arc;

use azid_certificate::CertificateReader;
use azid_core::effect::CallbackId;
use azid_core::{
    AccessToken, Authority, AzurePipelinesCredential, CertificateProof, ChainedTokenCredential,
    ClientAssertion, ClientAssertionCredential, ClientCertificateCredential, ClientCredential,
    ClientSecret, ClientSecretCredential, Credential, DefaultAzureCredential, Environment,
    EnvironmentCredential, Error, GitHubActionsCredential, ManagedIdentityCredential,
    ManagedIdentityId, OnBehalfOfCredential, Secret, StaticTokenCredential,
    TokenCallbackCredential, TokenRequest, WorkloadIdentityCredential,
};
use azid_emulator::demo;

use crate::Problem;
use crate::cells::Scene;
use crate::credential::read_user_assertion;
use crate::environments::USER_ASSERTION_FILE;
use crate::runtime::{CALLBACK, Order, Runtime};

type Made = Result<Arc<dyn Credential>, Problem>;

/// A row of the table: a credential, where it runs, and whom its tokens must be about.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    make: Box<dyn Fn() -> Made>,
    environment: Environment,
    /// What the program's own code answers, where the credential asks it.
    callback: Option<AccessToken>,
    pub(crate) client_id: &'static str,
    pub(crate) object_id: &'static str,
}

pub(crate) fn rows(scene: &Scene) -> Result<Vec<Row>, Problem> {
    let user = read_user_assertion(&scene.variable("on-behalf-of", USER_ASSERTION_FILE))?;
    let mut rows = scene.chains().map_err(Problem::failed)?;
    rows.extend(scene.applications(&user).map_err(Problem::failed)?);
    rows.extend(scene.people()?);
    rows.extend(scene.managed_identities().map_err(Problem::failed)?);
    rows.extend(scene.tokens_at_hand()?);
    Ok(rows)
}

impl Row {
    /// A row whose token is the demo's application's own.
    pub(crate) fn new(name: &'static str, credential: impl Credential + 'static) -> Self {
        let credential: Arc<dyn Credential> = Arc::new(credential);
        Self::anew(name, move || Ok(Arc::clone(&credential)))
    }

    /// A row each of whose cells needs a credential of its own.
    fn anew(name: &'static str, make: impl Fn() -> Made + 'static) -> Self {
        Self {
            name,
            make: Box::new(make),
            environment: Environment::default(),
            callback: None,
            client_id: demo::CLIENT_ID,
            object_id: demo::CLIENT_OBJECT_ID,
        }
    }

    fn within(self, environment: Environment) -> Self {
        Self {
            environment,
            ..self
        }
    }

    fn about(self, client_id: &'static str, object_id: &'static str) -> Self {
        Self {
            client_id,
            object_id,
            ..self
        }
    }

    /// Gets a token.
    pub(crate) fn token(&self, runtime: Runtime) -> Result<AccessToken, Problem> {
        let request = TokenRequest::new([demo::SCOPE]);
        let order = Order {
            token: self.callback.clone(),
            prompt: Arc::new(robot::type_code),
            browser: Arc::new(robot::browse),
            ..Order::new(request, self.environment.clone())
        };
        let outcome = runtime.drive((self.make)()?, order)?;
        outcome.result.map_err(Problem::failed)
    }
}

impl Scene {
    fn environment(&self, name: &str) -> Environment {
        Environment::from_pairs(self.environments.get(name).into_iter().flatten())
    }

    /// What a program on the standard host sees of these variables alone.
    fn standard(&self, names: &[&str]) -> Environment {
        let standard = self.environments.get("standard").into_iter().flatten();
        Environment::from_pairs(standard.filter(|(name, _)| names.contains(&name.as_str())))
    }

    fn variable(&self, environment: &str, name: &str) -> String {
        let variables = self.environments.get(environment);
        variables
            .and_then(|it| it.get(name))
            .cloned()
            .unwrap_or_default()
    }

    fn authority(&self) -> Result<Authority, Error> {
        Ok(Authority::from_environment(&self.environment("standard"))?)
    }

    fn client_secret(&self) -> Result<ClientSecretCredential, Error> {
        let secret =
            ClientSecretCredential::new(demo::TENANT_ID, demo::CLIENT_ID, demo::CLIENT_SECRET)?;
        Ok(secret.authority(self.authority()?))
    }

    fn chains(&self) -> Result<Vec<Row>, Error> {
        let absent = WorkloadIdentityCredential::new();
        let chain = ChainedTokenCredential::new(absent).link(self.client_secret()?);
        let standard = || self.environment("standard");
        Ok(vec![
            Row::new("default", DefaultAzureCredential::new()).within(standard()),
            Row::new("  on a host", DefaultAzureCredential::new())
                .within(self.environment("imds"))
                .about(
                    demo::SYSTEM_ASSIGNED_CLIENT_ID,
                    demo::SYSTEM_ASSIGNED_OBJECT_ID,
                ),
            Row::new("environment", EnvironmentCredential::new()).within(standard()),
            Row::new("chained-token", chain),
        ])
    }

    fn applications(&self, user: &Secret) -> Result<Vec<Row>, Error> {
        let (tenant, client) = (demo::TENANT_ID, demo::CLIENT_ID);
        let certificate = || {
            let file = self.variable("client-certificate", "AZURE_CLIENT_CERTIFICATE_PATH");
            CertificateProof::from_file(file, CertificateReader::new())
        };
        let by_certificate = |client, certificate| {
            let credential = ClientCertificateCredential::new(tenant, client, certificate)?;
            Ok::<_, Error>(credential.authority(self.authority()?))
        };
        let by_assertion = |client, assertion| {
            let credential = ClientAssertionCredential::new(tenant, client, assertion)?;
            Ok::<_, Error>(credential.authority(self.authority()?))
        };
        let assertion =
            || ClientAssertion::from_file(self.variable("standard", "AZURE_FEDERATED_TOKEN_FILE"));
        let user_assigned = ManagedIdentityId::ClientId(demo::USER_ASSIGNED_CLIENT_ID.to_owned());
        let user_assigned = ManagedIdentityCredential::with_id(user_assigned)?;
        let service_connection = AzurePipelinesCredential::new(
            tenant,
            client,
            demo::SERVICE_CONNECTION_ID,
            demo::SYSTEM_ACCESS_TOKEN,
        )?;
        let service_connection = service_connection.authority(self.authority()?);
        let workflow = GitHubActionsCredential::new(tenant, client)?.authority(self.authority()?);
        Ok(vec![
            Row::new("client-secret", self.client_secret()?),
            Row::new("client-certificate", by_certificate(client, certificate())?),
            Row::new(
                "  with its chain",
                by_certificate(
                    demo::SUBJECT_NAME_CLIENT_ID,
                    certificate().send_certificate_chain(),
                )?,
            )
            .about(
                demo::SUBJECT_NAME_CLIENT_ID,
                demo::SUBJECT_NAME_CLIENT_OBJECT_ID,
            ),
            Row::new("client-assertion", by_assertion(client, assertion())?),
            Row::new(
                "  managed identity",
                by_assertion(
                    demo::IDENTITY_CLIENT_ID,
                    ClientAssertion::from_credential(user_assigned),
                )?,
            )
            .within(self.environment("imds"))
            .about(demo::IDENTITY_CLIENT_ID, demo::IDENTITY_CLIENT_OBJECT_ID),
            Row::new("workload-identity", WorkloadIdentityCredential::new())
                .within(self.standard(&WORKLOAD)),
            Row::new(
                "  identity binding",
                WorkloadIdentityCredential::new().identity_binding(),
            )
            .within(self.environment("aks-identity-binding")),
            Row::new("azure-pipelines", service_connection)
                .within(self.environment("azure-pipelines")),
            Row::new("github-actions", workflow).within(self.environment("github-actions")),
            self.on_behalf_of(
                "on-behalf-of",
                ClientSecret::from(demo::CLIENT_SECRET),
                user,
            )?,
            self.on_behalf_of("  by certificate", certificate(), user)?,
            self.on_behalf_of("  by assertion", assertion(), user)?,
        ])
    }

    fn on_behalf_of(
        &self,
        name: &'static str,
        proof: impl Into<ClientCredential>,
        user: &Secret,
    ) -> Result<Row, Error> {
        let user = user.clone();
        let credential = OnBehalfOfCredential::new(demo::TENANT_ID, demo::CLIENT_ID, proof, user)?;
        let credential = credential.authority(self.authority()?);
        Ok(Row::new(name, credential).about(demo::CLIENT_ID, demo::USER_OBJECT_ID))
    }

    fn managed_identities(&self) -> Result<Vec<Row>, Error> {
        let system_assigned = |name, host| {
            let credential = ManagedIdentityCredential::new()
                .azure_arc_token_directory(&self.azure_arc_key_directory);
            Row::new(name, credential)
                .within(self.environment(host))
                .about(
                    demo::SYSTEM_ASSIGNED_CLIENT_ID,
                    demo::SYSTEM_ASSIGNED_OBJECT_ID,
                )
        };
        let user_assigned = |name, id: ManagedIdentityId| {
            let credential = ManagedIdentityCredential::with_id(id)?;
            let row = Row::new(name, credential).within(self.environment("imds"));
            Ok::<_, Error>(row.about(demo::USER_ASSIGNED_CLIENT_ID, demo::USER_ASSIGNED_OBJECT_ID))
        };
        let client_id = ManagedIdentityId::ClientId(demo::USER_ASSIGNED_CLIENT_ID.to_owned());
        let object_id = ManagedIdentityId::ObjectId(demo::USER_ASSIGNED_OBJECT_ID.to_owned());
        let resource_id = ManagedIdentityId::ResourceId(demo::USER_ASSIGNED_RESOURCE_ID.to_owned());
        Ok(vec![
            system_assigned("managed-identity", "imds"),
            user_assigned("  by client id", client_id)?,
            user_assigned("  by object id", object_id)?,
            user_assigned("  by resource id", resource_id)?,
            system_assigned("  App Service", "app-service"),
            system_assigned("  App Service 2017", "app-service-2017"),
            system_assigned("  Azure ML", "azure-ml"),
            system_assigned("  Cloud Shell", "cloud-shell"),
            system_assigned("  Azure Arc", "azure-arc"),
            system_assigned("  Service Fabric", "service-fabric"),
            Row::new("  token exchange", ManagedIdentityCredential::new())
                .within(self.standard(&WORKLOAD)),
        ])
    }

    /// Credentials that get no token themselves: another one gets it for them first.
    fn tokens_at_hand(&self) -> Result<Vec<Row>, Problem> {
        let request = TokenRequest::new([demo::SCOPE]);
        let order = Order::new(request, Environment::default());
        let credential = self.client_secret().map_err(Problem::failed)?;
        let token = Runtime::Ureq.drive(Arc::new(credential), order)?.result;
        let token = token.map_err(Problem::failed)?;
        let at_hand = StaticTokenCredential::new(token.expose(), token.expires_on());
        let called = TokenCallbackCredential::new(CallbackId::new(CALLBACK));
        Ok(vec![
            Row::new("static-token", at_hand.map_err(Problem::failed)?),
            Row {
                callback: Some(token),
                ..Row::new("token-callback", called)
            },
        ])
    }
}

/// What a Kubernetes cluster sets in a pod.
const WORKLOAD: [&str; 4] = [
    "AZURE_AUTHORITY_HOST",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
];
