//! What Entra and the metadata services know: one tenant, one application, one person, and what
//! tokens are for.

use azid_emulator::demo::{
    CLIENT_ID, IDENTITY_CLIENT_ID, IDENTITY_CLIENT_OBJECT_ID, LOCATION, MACHINE_RESOURCE_ID,
    TENANT_ID, USER_NAME, USER_OBJECT_ID,
};
use azid_emulator::{
    Delegation, Directory, Machine, ManagedIdentity, Resource, Tenant, TokenVersion, User,
};

use crate::proofs::Proofs;

/// What tokens are for: each resource with its application's id.
pub(crate) const RESOURCES: [(&str, &str); 4] = [
    (
        "https://vault.azure.net",
        "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
    ),
    (
        "https://storage.azure.com",
        "e406a681-f3d4-42a8-90b6-c2b029497af1",
    ),
    (
        "https://management.azure.com",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    ),
    (
        "https://database.windows.net",
        "022907d3-0f1b-48f7-badc-1ba6abab6d66",
    ),
];

/// What a person lets the application do with each of them.
pub(crate) const PERMISSION: &str = "user_impersonation";

/// How long tokens of Entra live, and tokens of machines, in seconds.
const HOUR: u64 = 3_599;
const DAY: u64 = 86_399;

/// What Entra knows.
pub(crate) fn directory(proofs: &Proofs) -> Directory {
    let user = User {
        object_id: USER_OBJECT_ID.to_owned(),
        user_principal_name: USER_NAME.to_owned(),
        password: format!("{}password", crate::CANARY),
        ..User::default()
    };
    Directory {
        tenants: vec![Tenant {
            id: TENANT_ID.to_owned(),
            domain: "simulated.onmicrosoft.com".to_owned(),
            token_seconds: HOUR,
            applications: vec![proofs.application()],
            users: vec![user],
            federated_domains: Vec::new(),
        }],
        resources: resources(),
        ..Directory::default()
    }
}

/// What people have agreed to.
pub(crate) fn delegations() -> Vec<Delegation> {
    let delegation = |(resource, _): (&str, &str)| Delegation {
        resource: resource.to_owned(),
        scopes: vec![PERMISSION.to_owned()],
    };
    RESOURCES.map(delegation).to_vec()
}

/// What a metadata service knows.
pub(crate) fn machine() -> Machine {
    Machine {
        tenant_id: TENANT_ID.to_owned(),
        location: LOCATION.to_owned(),
        system_assigned: Some(ManagedIdentity {
            client_id: IDENTITY_CLIENT_ID.to_owned(),
            object_id: IDENTITY_CLIENT_OBJECT_ID.to_owned(),
            resource_id: MACHINE_RESOURCE_ID.to_owned(),
        }),
        user_assigned: Vec::new(),
        resources: resources(),
        token_seconds: DAY,
    }
}

/// The object id of the application.
pub(crate) fn object_id() -> String {
    CLIENT_ID.replace("0000000000", "00000000f0")
}

fn resources() -> Vec<Resource> {
    let resource = |(identifier, application_id): (&str, &str)| Resource {
        identifier: identifier.to_owned(),
        application_id: application_id.to_owned(),
        token_version: TokenVersion::V1,
    };
    RESOURCES.map(resource).to_vec()
}
