//! Which runs of tools may overlap: parallel ones have been seen to spoil a tool's own store.

use azid_core::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential, ClientAssertion,
    ClientAssertionCredential, Credential, Environment, Lane, Memory, OnBehalfOfCredential,
};

#[test]
fn one_process_at_a_time_is_run_for_a_credential() {
    let tools: [&dyn Credential; 3] = [
        &AzureCliCredential::new(),
        &AzureDeveloperCliCredential::new(),
        &AzurePowerShellCredential::new(),
    ];
    for credential in tools {
        assert_eq!(
            credential.lane(&Memory::default(), &Environment::default()),
            Lane::OneAtATime
        );
    }
}

#[test]
fn a_tool_inside_another_credential_is_run_one_at_a_time_too() {
    let lane =
        |credential: &dyn Credential| credential.lane(&Memory::default(), &Environment::default());
    let by_az = || ClientAssertion::from_credential(AzureCliCredential::new());
    let assertion = |by| ClientAssertionCredential::new("t", "app", by).expect("good values");
    let on_behalf = |by: ClientAssertion| OnBehalfOfCredential::new("t", "app", by, "assertion");
    assert_eq!(lane(&assertion(by_az())), Lane::OneAtATime);
    assert_eq!(
        lane(&on_behalf(by_az()).expect("good values")),
        Lane::OneAtATime
    );
    let in_file = || ClientAssertion::from_file("/token");
    assert_eq!(lane(&assertion(in_file())), Lane::PerKey);
    assert_eq!(
        lane(&on_behalf(in_file()).expect("good values")),
        Lane::PerKey
    );
}
