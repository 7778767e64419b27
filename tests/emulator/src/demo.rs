//! A world ready for use: one tenant, one application with a secret and a federated credential, one
//! Kubernetes-like issuer, one machine with a system-assigned and a user-assigned identity.

use crate::directory::{
    Application, ClientSecret, Directory, FederatedCredential, FederatedIssuer, Resource, Tenant,
    TokenVersion,
};
use crate::keys::Keys;
use crate::machine::{Machine, ManagedIdentity};
use crate::world::{HostSecrets, World};

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

/// The issuer of the federated credential.
pub const ISSUER: &str = "https://kubernetes.emulated.example/cluster";
/// The subject of the federated credential.
pub const SUBJECT: &str = "system:serviceaccount:demo:workload";
/// The audience of the federated credential.
pub const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A resource with tokens of version 1.
pub const RESOURCE: &str = "https://vault.azure.net";
/// The scope for [`RESOURCE`].
pub const SCOPE: &str = "https://vault.azure.net/.default";
/// A resource with tokens of version 2.
pub const RESOURCE_V2: &str = "api://emulated-web-api";
/// The application id of [`RESOURCE_V2`], the audience of its tokens.
pub const RESOURCE_V2_APPLICATION_ID: &str = "33333333-aaaa-4bbb-8ccc-000000000001";

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
/// The machine's region.
pub const LOCATION: &str = "westeurope";

const END_OF_2020: u64 = 1_609_459_200;
const END_OF_2099: u64 = 4_102_444_800;

/// Makes the world; `keys.federation` becomes the key of the issuer.
pub fn world(keys: &Keys) -> World {
    let secret = ClientSecret {
        value: CLIENT_SECRET.to_owned(),
        expires_on: END_OF_2099,
    };
    let expired = ClientSecret {
        value: EXPIRED_CLIENT_SECRET.to_owned(),
        expires_on: END_OF_2020,
    };
    let application = Application {
        client_id: CLIENT_ID.to_owned(),
        object_id: CLIENT_OBJECT_ID.to_owned(),
        secrets: vec![expired, secret.clone()],
        federated_credentials: vec![FederatedCredential {
            issuer: ISSUER.to_owned(),
            subject: SUBJECT.to_owned(),
            audience: AUDIENCE.to_owned(),
        }],
        ..Application::default()
    };
    let other = |client_id: &str| Application {
        client_id: client_id.to_owned(),
        object_id: client_id.replace("0000000000", "00000000f0"),
        secrets: vec![secret.clone()],
        ..Application::default()
    };
    let applications = vec![
        application.clone(),
        Application {
            disabled: true,
            ..other(DISABLED_CLIENT_ID)
        },
        Application {
            public: true,
            secrets: Vec::new(),
            ..other(PUBLIC_CLIENT_ID)
        },
        other(UNFEDERATED_CLIENT_ID),
    ];
    World {
        directory: Directory {
            tenants: vec![Tenant {
                id: TENANT_ID.to_owned(),
                domain: TENANT_DOMAIN.to_owned(),
                token_seconds: 3_599,
                applications,
            }],
            adfs_applications: vec![application],
            issuers: vec![FederatedIssuer {
                url: ISSUER.to_owned(),
                key: keys.federation.clone(),
            }],
            resources: resources(),
        },
        machine: machine(),
        host_secrets: HostSecrets {
            app_service: APP_SERVICE_HEADER.to_owned(),
            app_service_2017: APP_SERVICE_2017_SECRET.to_owned(),
            azure_ml: AZURE_ML_SECRET.to_owned(),
            service_fabric: SERVICE_FABRIC_SECRET.to_owned(),
        },
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
            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
            V1,
        ),
        (
            "https://management.core.windows.net",
            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
            V1,
        ),
        (
            "https://graph.microsoft.com",
            "00000003-0000-0000-c000-000000000000",
            V1,
        ),
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
    ]
    .map(|(identifier, application_id, token_version)| Resource {
        identifier: identifier.to_owned(),
        application_id: application_id.to_owned(),
        token_version,
    })
    .to_vec()
}
