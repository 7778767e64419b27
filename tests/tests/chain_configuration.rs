//! Chains as data: read, written and refused.

use azid_core::{ChainLink, ChainedTokenCredential, Credential, CredentialConfig};

#[test]
fn a_chain_is_read_from_a_configuration_and_written_back() {
    let written = r#"{"credential":"chained-token","links":[{"credential":"environment"},{"credential":"chained-token","links":[{"credential":"managed-identity","within_milliseconds":1500}],"remember_winner":false},{"credential":"default-azure","exclude":["environment"]}]}"#;
    let config: CredentialConfig = serde_json::from_str(written).expect("a chain");
    assert_eq!(serde_json::to_string(&config).expect("it is data"), written);
    let again: CredentialConfig = serde_json::from_str(written).expect("a chain");
    assert_eq!(config, again);
    let identity = |config: CredentialConfig| config.into_credential().identity();
    assert_eq!(identity(config), identity(again));
}

#[test]
fn a_chain_without_links_or_with_unknown_members_is_refused_with_the_reason() {
    for (written, reason) in [
        (
            r#"{"credential":"chained-token","links":[]}"#,
            "at least one",
        ),
        (
            r#"{"credential":"chained-token","links":[{"credential":"no-such"}]}"#,
            "no-such",
        ),
        (
            r#"{"credential":"chained-token","links":[{"credential":"environment","x":1}]}"#,
            "`x`",
        ),
        (
            r#"{"credential":"chained-token","links":[{"credential":"environment","within_milliseconds":"1"}]}"#,
            "string",
        ),
        (
            r#"{"credential":"chained-token","links":[{"credential":"environment"}],"y":1}"#,
            "`y`",
        ),
        (r#"{"credential":"environment","y":1}"#, "`y`"),
        (r#"{"credential":"default-azure","y":1}"#, "`y`"),
        (
            r#"{"credential":"default-azure","exclude":["no-such"]}"#,
            "no-such",
        ),
    ] {
        let error = serde_json::from_str::<CredentialConfig>(written).expect_err(written);
        assert!(error.to_string().contains(reason), "{written}: {error}");
    }
    assert!(ChainedTokenCredential::from_links(Vec::<ChainLink>::new()).is_err());
}
