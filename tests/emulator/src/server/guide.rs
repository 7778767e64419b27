//! What a program must be told to find the server and to be known by it.

use super::files::Files;
use crate::directory::Directory;
use crate::hosts::HostKind;
use std::fmt::Write;

/// As long as Kubernetes lets such a token live.
const FEDERATED_TOKEN_SECONDS: u64 = 86_400;

/// A token for the first federated credential whose issuer is known.
pub(super) fn federated_token(directory: &Directory, now: u64) -> Option<String> {
    let applications = directory
        .tenants
        .iter()
        .flat_map(|tenant| &tenant.applications);
    applications
        .flat_map(|application| &application.federated_credentials)
        .find_map(|credential| {
            let issuer = directory.issuer(&credential.issuer)?;
            Some(issuer.service_account_token(
                &credential.subject,
                &credential.audience,
                now,
                FEDERATED_TOKEN_SECONDS,
            ))
        })
}

/// The standard variables, with the first application's identifiers and its secret.
pub(super) fn environment(
    directory: &Directory,
    now: u64,
    [http_origin, https_origin]: &[String; 2],
    files: &Files,
) -> Vec<(&'static str, String)> {
    let ca = files.ca().display().to_string();
    let mut variables = vec![
        ("AZURE_AUTHORITY_HOST", format!("{https_origin}/")),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", http_origin.clone()),
        ("SSL_CERT_FILE", ca.clone()),
        ("REQUESTS_CA_BUNDLE", ca.clone()),
        ("NODE_EXTRA_CA_CERTS", ca),
    ];
    if let Some(tenant) = directory.tenants.first() {
        variables.push(("AZURE_TENANT_ID", tenant.id.clone()));
        if let Some(application) = tenant.applications.first() {
            variables.push(("AZURE_CLIENT_ID", application.client_id.clone()));
            let secret = application
                .secrets
                .iter()
                .find(|secret| now < secret.expires_on);
            variables.extend(secret.map(|it| ("AZURE_CLIENT_SECRET", it.value.clone())));
        }
    }
    let token = files.token().map(|path| path.display().to_string());
    variables.extend(token.map(|path| ("AZURE_FEDERATED_TOKEN_FILE", path)));
    variables
}

/// The variables of one kind of host as shell commands under its name.
pub(super) fn block(kind: HostKind, variables: &[(&'static str, String)]) -> String {
    let mut block = format!("# {kind}\n");
    for (name, value) in variables {
        let value = value.replace('\'', r"'\''");
        let _ = writeln!(block, "export {name}='{value}'");
    }
    block
}
