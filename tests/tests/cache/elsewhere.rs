//! Which tokens of a cache that was kept are used on another machine.

use azid_core::cache::{Freshness, Key, TokenTable};
use azid_core::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential,
    ChainedTokenCredential, ClientAssertion, ClientAssertionCredential, ClientSecretCredential,
    Credential, DefaultAzureCredential, DeveloperToolsCredential, Environment,
    EnvironmentCredential, ManagedIdentityCredential, ManagedIdentityId,
    WorkloadIdentityCredential,
};

use azid_tests::cache::{at, vault};

use crate::snapshot::{keep, restore, token};

/// Whether a provider of this credential gets the token that another one got, on another machine with
/// the same variables, and that a snapshot brought here.
fn is_served_elsewhere(credential: &dyn Credential) -> bool {
    let environment = Environment::from_pairs([
        ("AZURE_TENANT_ID", "contoso.com"),
        ("AZURE_CLIENT_ID", "app-id"),
        ("AZURE_CLIENT_SECRET", "s3cret"),
    ]);
    let key = Key::new(&credential.identity().within(&environment), &vault());
    let mut there = TokenTable::default();
    there.hold(key.clone(), token("of the first", 0, 3600), at(0), 0.5);
    let mut here = TokenTable::default();
    restore(&keep(&there), &mut here, 0);
    here.look(&key, at(0)) != Freshness::Absent
}

fn application() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "app-id", "s3cret").expect("good values")
}

fn user_assigned() -> ManagedIdentityCredential {
    let id = ManagedIdentityId::ClientId("app-id".into());
    ManagedIdentityCredential::with_id(id).expect("a good id")
}

#[test]
fn no_machine_gets_the_token_of_another_machine_or_of_who_was_logged_in_there() {
    let with_a_machine =
        ChainedTokenCredential::new(application()).link(ManagedIdentityCredential::new());
    let by_machine: [&dyn Credential; 9] = [
        &ManagedIdentityCredential::new(),
        &user_assigned(),
        &AzureCliCredential::new(),
        &AzureDeveloperCliCredential::new(),
        &AzurePowerShellCredential::new(),
        &DeveloperToolsCredential::new(),
        &DefaultAzureCredential::new(),
        &with_a_machine,
        &ChainedTokenCredential::new(with_a_machine.clone()),
    ];
    for credential in by_machine {
        assert!(!is_served_elsewhere(credential), "{credential:?}");
    }
}

#[test]
fn an_application_that_is_named_is_served_elsewhere_whoever_vouches_for_it() {
    let vouched_for = ClientAssertionCredential::new(
        "contoso.com",
        "app-id",
        ClientAssertion::from_credential(user_assigned()),
    );
    let by_name: [&dyn Credential; 5] = [
        &application(),
        &EnvironmentCredential::new(),
        &WorkloadIdentityCredential::new(),
        &vouched_for.expect("good values"),
        &ChainedTokenCredential::new(EnvironmentCredential::new()).link(application()),
    ];
    for credential in by_name {
        assert!(is_served_elsewhere(credential), "{credential:?}");
    }
}
