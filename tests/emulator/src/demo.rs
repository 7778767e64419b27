//! A world ready for use: one tenant with a subscription and three users, one application with a
//! secret, a certificate and federated credentials for a Kubernetes-like issuer and two build systems,
//! some applications with less, one machine with a system-assigned and a user-assigned identity.

mod people;

use crate::application::{Application, ClientSecret, FederatedCredential, TrustedSubject};
use crate::ci::{BuildSystems, Pipeline, ServiceConnection, Workflow};
use crate::directory::{AccessPolicy, Directory, FederatedIssuer, Resource, Tenant, TokenVersion};
use crate::graph;
use crate::keys::Keys;
use crate::machine::{Machine, ManagedIdentity};
use crate::resource_manager::{self, Subscription};
use crate::world::{HostSecrets, World};
pub use people::{
    DEVELOPER_CLIENT_ID, FEDERATED_DOMAIN, FEDERATED_USER_NAME, FEDERATED_USER_OBJECT_ID,
    FIXED_REDIRECT_URI, LOOPBACK_REDIRECT_URI, SECOND_FACTOR_CODE, SECOND_FACTOR_USER_NAME,
    SECOND_FACTOR_USER_OBJECT_ID, SINGLE_PAGE_REDIRECT_URI, USER_PASSWORD, WEB_REDIRECT_URI,
};

/// The tenant's id.
pub const TENANT_ID: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
/// The tenant's domain name.
pub const TENANT_DOMAIN: &str = "emulated.onmicrosoft.com";

/// The application's client id.
pub const CLIENT_ID: &str = "22222222-aaaa-4bbb-8ccc-000000000001";
/// The object id of the application's service principal.
pub const CLIENT_OBJECT_ID: &str = "22222222-aaaa-4bbb-8ccc-0000000000f1";
/// The application's secret, with characters that must be encoded in a form.
pub const CLIENT_SECRET: &str = "emulated~secret+with/odd=chars&more%";
/// A secret of the application that expired at the end of 2020.
pub const EXPIRED_CLIENT_SECRET: &str = "emulated~expired~secret";
/// An application that an administrator has disabled; it has the same secret.
pub const DISABLED_CLIENT_ID: &str = "22222222-aaaa-4bbb-8ccc-000000000002";
/// A public client.
pub const PUBLIC_CLIENT_ID: &str = "22222222-aaaa-4bbb-8ccc-000000000003";
/// An application with a secret and no federated credential; it has the same secret.
pub const UNFEDERATED_CLIENT_ID: &str = "22222222-aaaa-4bbb-8ccc-000000000004";

/// An application that trusts the name and the authority of [`Keys::certificate`], so that the
/// certificate chain must come along.
pub const SUBJECT_NAME_CLIENT_ID: &str = "22222222-aaaa-4bbb-8ccc-000000000005";
/// The object id of its service principal.
pub const SUBJECT_NAME_CLIENT_OBJECT_ID: &str = "22222222-aaaa-4bbb-8ccc-00000000f005";
/// An application with federated credentials for the machine's two identities, of which Entra
/// accepts the user-assigned one only.
pub const IDENTITY_CLIENT_ID: &str = "22222222-aaaa-4bbb-8ccc-000000000006";
/// The object id of its service principal.
pub const IDENTITY_CLIENT_OBJECT_ID: &str = "22222222-aaaa-4bbb-8ccc-00000000f006";

/// The object id of a user who needs no more than a password.
pub const USER_OBJECT_ID: &str = "66666666-aaaa-4bbb-8ccc-000000000001";
/// The sign-in name of the user.
pub const USER_NAME: &str = "someone@emulated.onmicrosoft.com";

/// The issuer of the federated credential.
pub const ISSUER: &str = "https://kubernetes.emulated.example/cluster";
/// The subject of the federated credential.
pub const SUBJECT: &str = "system:serviceaccount:demo:workload";
/// The audience of the federated credential.
pub const AUDIENCE: &str = "api://AzureADTokenExchange";

/// The issuer of the tokens of the Azure Pipelines job.
pub const PIPELINE_ISSUER: &str =
    "https://vstoken.dev.azure.com/77777777-aaaa-4bbb-8ccc-000000000001";
/// The subject of the tokens for its service connection.
pub const PIPELINE_SUBJECT: &str = "sc://emulated/project/connection";
/// The path of its `SYSTEM_OIDCREQUESTURI`.
pub const PIPELINE_PATH: &str = "/emulated/77777777-aaaa-4bbb-8ccc-000000000002/_apis/distributedtask/hubs/build/plans/77777777-aaaa-4bbb-8ccc-000000000003/jobs/77777777-aaaa-4bbb-8ccc-000000000004/oidctoken";
/// The id of its service connection.
pub const SERVICE_CONNECTION_ID: &str = "77777777-aaaa-4bbb-8ccc-000000000005";
/// Its `SYSTEM_ACCESSTOKEN`.
pub const SYSTEM_ACCESS_TOKEN: &str = "emulated-system-access-token";

/// The issuer of the tokens of the GitHub Actions job.
pub const WORKFLOW_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Their subject.
pub const WORKFLOW_SUBJECT: &str = "repo:emulated/repository:ref:refs/heads/main";
/// The path of its `ACTIONS_ID_TOKEN_REQUEST_URL`.
pub const WORKFLOW_PATH: &str = "/88888888/00000000-0000-0000-0000-000000000000/_apis/distributedtask/hubs/Actions/plans/88888888-aaaa-4bbb-8ccc-000000000001/jobs/88888888-aaaa-4bbb-8ccc-000000000002/idtoken";
/// Its `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
pub const WORKFLOW_REQUEST_TOKEN: &str = "emulated-request-token";

/// A resource with tokens of version 1.
pub const RESOURCE: &str = "https://vault.azure.net";
/// The scope for [`RESOURCE`].
pub const SCOPE: &str = "https://vault.azure.net/.default";
/// A resource with tokens of version 2.
pub const RESOURCE_V2: &str = "api://emulated-web-api";
/// The application id of [`RESOURCE_V2`], the audience of its tokens.
pub const RESOURCE_V2_APPLICATION_ID: &str = "33333333-aaaa-4bbb-8ccc-000000000001";

/// A resource whose tokens a user gets only after a second factor.
pub const GUARDED_RESOURCE: &str = "api://emulated-guarded-api";
/// The claims that a request for [`GUARDED_RESOURCE`] on behalf of a user must carry.
pub const GUARDED_CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

/// The client id of the machine's system-assigned identity.
pub const SYSTEM_ASSIGNED_CLIENT_ID: &str = "44444444-aaaa-4bbb-8ccc-000000000001";
/// The object id of the machine's system-assigned identity.
pub const SYSTEM_ASSIGNED_OBJECT_ID: &str = "44444444-aaaa-4bbb-8ccc-0000000000f1";
/// The client id of the user-assigned identity.
pub const USER_ASSIGNED_CLIENT_ID: &str = "44444444-aaaa-4bbb-8ccc-000000000002";
/// The object id of the user-assigned identity.
pub const USER_ASSIGNED_OBJECT_ID: &str = "44444444-aaaa-4bbb-8ccc-0000000000f2";
/// The ARM resource id of the user-assigned identity.
pub const USER_ASSIGNED_RESOURCE_ID: &str = "/subscriptions/55555555-aaaa-4bbb-8ccc-000000000001/resourcegroups/demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/demo";
/// The ARM resource id of the machine.
pub const MACHINE_RESOURCE_ID: &str = "/subscriptions/55555555-aaaa-4bbb-8ccc-000000000001/resourcegroups/demo/providers/Microsoft.Compute/virtualMachines/demo";
/// The first value of the header `X-IDENTITY-HEADER` on App Service.
pub const APP_SERVICE_HEADER: &str = "emulated-app-service-header";
/// The header `secret` on App Service of old.
pub const APP_SERVICE_2017_SECRET: &str = "emulated-app-service-2017-secret";
/// The header `secret` on Azure ML compute.
pub const AZURE_ML_SECRET: &str = "emulated-azure-ml-secret";
/// The header `Secret` on Service Fabric.
pub const SERVICE_FABRIC_SECRET: &str = "emulated-service-fabric-secret";
/// The id of the tenant's only subscription.
pub const SUBSCRIPTION_ID: &str = "55555555-aaaa-4bbb-8ccc-000000000001";
/// The machine's region.
pub const LOCATION: &str = "westeurope";

const END_OF_2020: u64 = 1_609_459_200;
const END_OF_2099: u64 = 4_102_444_800;

/// Makes the world; `keys.federation` becomes the key of all issuers.
pub fn world(keys: &Keys) -> World {
    let application = application(keys);
    let applications = vec![
        application.clone(),
        Application {
            disabled: true,
            ..with_secret(DISABLED_CLIENT_ID)
        },
        people::public_client(),
        with_secret(UNFEDERATED_CLIENT_ID),
        Application {
            trusted_subjects: vec![TrustedSubject::of(&keys.certificate)],
            regional: true,
            ..with_secret(SUBJECT_NAME_CLIENT_ID)
        },
        Application {
            federated_credentials: [USER_ASSIGNED_OBJECT_ID, SYSTEM_ASSIGNED_OBJECT_ID]
                .map(|identity| {
                    let tenant = format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0");
                    federated(&tenant, identity)
                })
                .to_vec(),
            ..with_secret(IDENTITY_CLIENT_ID)
        },
        people::developer_client(),
    ];
    let issuers = [ISSUER, PIPELINE_ISSUER, WORKFLOW_ISSUER].map(|url| issuer(keys, url));
    World {
        directory: Directory {
            tenants: vec![Tenant {
                id: TENANT_ID.to_owned(),
                domain: TENANT_DOMAIN.to_owned(),
                token_seconds: 3_599,
                applications,
                users: people::users(),
                federated_domains: people::federated_domains(),
            }],
            adfs_applications: vec![application],
            issuers: issuers.to_vec(),
            resources: resources(),
            access_policies: vec![AccessPolicy {
                resource: GUARDED_RESOURCE.to_owned(),
                claims: serde_json::from_str(GUARDED_CLAIMS).expect("the constant is JSON"),
            }],
        },
        machine: machine(),
        host_secrets: HostSecrets {
            app_service: APP_SERVICE_HEADER.to_owned(),
            app_service_2017: APP_SERVICE_2017_SECRET.to_owned(),
            azure_ml: AZURE_ML_SECRET.to_owned(),
            service_fabric: SERVICE_FABRIC_SECRET.to_owned(),
        },
        subscriptions: vec![Subscription {
            id: SUBSCRIPTION_ID.to_owned(),
            display_name: "Emulated subscription".to_owned(),
            tenant_id: TENANT_ID.to_owned(),
        }],
        builds: builds(keys),
        client_certificate: Some(keys.certificate.clone()),
    }
}

/// The application that can do everything.
fn application(keys: &Keys) -> Application {
    let expired = ClientSecret {
        value: EXPIRED_CLIENT_SECRET.to_owned(),
        expires_on: END_OF_2020,
    };
    let mut application = Application {
        object_id: CLIENT_OBJECT_ID.to_owned(),
        certificates: vec![keys.certificate.certificate().clone()],
        federated_credentials: vec![
            federated(ISSUER, SUBJECT),
            federated(PIPELINE_ISSUER, PIPELINE_SUBJECT),
            federated(WORKFLOW_ISSUER, WORKFLOW_SUBJECT),
        ],
        delegations: people::delegations(),
        redirect_uris: people::web_redirect_uris(),
        regional: true,
        ..with_secret(CLIENT_ID)
    };
    application.secrets.insert(0, expired);
    application
}

fn with_secret(client_id: &str) -> Application {
    Application {
        client_id: client_id.to_owned(),
        object_id: client_id.replace("0000000000", "00000000f0"),
        secrets: vec![ClientSecret {
            value: CLIENT_SECRET.to_owned(),
            expires_on: END_OF_2099,
        }],
        ..Application::default()
    }
}

fn federated(issuer: &str, subject: &str) -> FederatedCredential {
    FederatedCredential {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        audience: AUDIENCE.to_owned(),
    }
}

fn issuer(keys: &Keys, url: &str) -> FederatedIssuer {
    FederatedIssuer {
        url: url.to_owned(),
        key: keys.federation.clone(),
    }
}

fn builds(keys: &Keys) -> BuildSystems {
    BuildSystems {
        pipeline: Pipeline {
            path: PIPELINE_PATH.to_owned(),
            access_token: SYSTEM_ACCESS_TOKEN.to_owned(),
            connections: vec![ServiceConnection {
                id: SERVICE_CONNECTION_ID.to_owned(),
                subject: PIPELINE_SUBJECT.to_owned(),
            }],
            issuer: issuer(keys, PIPELINE_ISSUER),
            audience: AUDIENCE.to_owned(),
        },
        workflow: Workflow {
            path: WORKFLOW_PATH.to_owned(),
            request_token: WORKFLOW_REQUEST_TOKEN.to_owned(),
            subject: WORKFLOW_SUBJECT.to_owned(),
            default_audience: "https://github.com/emulated".to_owned(),
            issuer: issuer(keys, WORKFLOW_ISSUER),
        },
        issued: 0,
    }
}

fn machine() -> Machine {
    Machine {
        tenant_id: TENANT_ID.to_owned(),
        location: LOCATION.to_owned(),
        system_assigned: Some(ManagedIdentity {
            client_id: SYSTEM_ASSIGNED_CLIENT_ID.to_owned(),
            object_id: SYSTEM_ASSIGNED_OBJECT_ID.to_owned(),
            resource_id: MACHINE_RESOURCE_ID.to_owned(),
        }),
        user_assigned: vec![ManagedIdentity {
            client_id: USER_ASSIGNED_CLIENT_ID.to_owned(),
            object_id: USER_ASSIGNED_OBJECT_ID.to_owned(),
            resource_id: USER_ASSIGNED_RESOURCE_ID.to_owned(),
        }],
        resources: resources(),
        token_seconds: 86_399,
    }
}

/// The resources that programs ask for most, and one of version 2.
fn resources() -> Vec<Resource> {
    use TokenVersion::{V1, V2};
    [
        (RESOURCE, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", V1),
        (
            "https://management.azure.com",
            resource_manager::APPLICATION_ID,
            V1,
        ),
        (
            "https://management.core.windows.net",
            resource_manager::APPLICATION_ID,
            V1,
        ),
        ("https://graph.microsoft.com", graph::APPLICATION_ID, V1),
        (
            "https://storage.azure.com",
            "e406a681-f3d4-42a8-90b6-c2b029497af1",
            V1,
        ),
        (
            "https://database.windows.net",
            "022907d3-0f1b-48f7-badc-1ba6abab6d66",
            V1,
        ),
        (AUDIENCE, "fb60f99c-7a34-4190-8149-302f77469936", V2),
        (RESOURCE_V2, RESOURCE_V2_APPLICATION_ID, V2),
        (GUARDED_RESOURCE, "33333333-aaaa-4bbb-8ccc-000000000002", V2),
    ]
    .map(|(identifier, application_id, token_version)| Resource {
        identifier: identifier.to_owned(),
        application_id: application_id.to_owned(),
        token_version,
    })
    .to_vec()
}
