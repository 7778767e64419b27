//! What a program finds in its environment on each kind of host.

use crate::support::escape;
use crate::wire::{connect, path_of, server, variable};
use azid_emulator::{EmulatorServer, HostKind, demo};
use std::collections::BTreeSet;

#[test]
fn each_host_sets_its_own_variables_and_no_others() {
    let server = server();
    for (kind, names) in [
        (HostKind::Imds, "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
        (HostKind::AppService, "IDENTITY_ENDPOINT IDENTITY_HEADER"),
        (HostKind::AppService2017, "MSI_ENDPOINT MSI_SECRET"),
        (
            HostKind::AzureMl,
            "MSI_ENDPOINT MSI_SECRET DEFAULT_IDENTITY_CLIENT_ID",
        ),
        (
            HostKind::CloudShell,
            "MSI_ENDPOINT AZUREPS_HOST_ENVIRONMENT",
        ),
        (HostKind::AzureArc, "IDENTITY_ENDPOINT IMDS_ENDPOINT"),
        (
            HostKind::ServiceFabric,
            "IDENTITY_ENDPOINT IDENTITY_HEADER IDENTITY_SERVER_THUMBPRINT IDENTITY_API_VERSION",
        ),
        (
            HostKind::AksIdentityBinding,
            "AZURE_AUTHORITY_HOST AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_FEDERATED_TOKEN_FILE \
             AZURE_KUBERNETES_TOKEN_PROXY AZURE_KUBERNETES_SNI_NAME AZURE_KUBERNETES_CA_FILE",
        ),
    ] {
        let variables = server.host_environment(kind);
        let found: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
        assert_eq!(found.join(" "), names, "{kind}");
        assert!(variables.iter().all(|(_, value)| !value.is_empty()));
    }
}

#[test]
fn the_environment_of_a_plain_host_leads_to_a_token() {
    let server = server();
    let resource = escape(demo::RESOURCE);
    for (kind, endpoint, version, header, secret) in [
        (
            HostKind::AppService,
            "IDENTITY_ENDPOINT",
            "2019-08-01",
            "X-IDENTITY-HEADER",
            "IDENTITY_HEADER",
        ),
        (
            HostKind::AppService2017,
            "MSI_ENDPOINT",
            "2017-09-01",
            "secret",
            "MSI_SECRET",
        ),
        (
            HostKind::AzureMl,
            "MSI_ENDPOINT",
            "2017-09-01",
            "secret",
            "MSI_SECRET",
        ),
    ] {
        let path = path_of(&variable(&server, kind, endpoint));
        let secret = variable(&server, kind, secret);
        let answer = connect(&server).ask(format!(
            "GET {path}?api-version={version}&resource={resource} HTTP/1.1\r\n\
             Host: 127.0.0.1\r\n{header}: {secret}\r\n\r\n"
        ));
        assert_eq!(answer.status, 200, "{kind}");
    }
    let path = path_of(&variable(&server, HostKind::CloudShell, "MSI_ENDPOINT"));
    let body = format!("resource={resource}");
    let answer = connect(&server).ask(format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nMetadata: true\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(answer.status, 200);
}

#[test]
fn the_environment_follows_a_rotated_header() {
    let server = server();
    let header =
        |server: &EmulatorServer| variable(server, HostKind::AppService, "IDENTITY_HEADER");
    let old = header(&server);
    assert_eq!(old, demo::APP_SERVICE_HEADER);
    let new = server.with_emulator(|emulator| {
        let host = &mut emulator.hosts_mut().app_service;
        host.rotate_header().to_owned()
    });
    assert_eq!(header(&server), new);
    assert_ne!(new, old);
}

#[test]
fn every_kind_of_host_has_a_name_of_its_own_and_a_block_in_the_guide() {
    let server = server();
    let names: BTreeSet<_> = HostKind::ALL.map(|kind| kind.to_string()).into();
    assert_eq!(names.len(), HostKind::ALL.len());
    let guide = server.host_guide();
    for kind in HostKind::ALL {
        let (_, block) = guide
            .split_once(&format!("# {kind}\n"))
            .expect("a block under the name");
        let block = block.split("\n\n").next().expect("text");
        let lines: Vec<_> = block.lines().map(str::to_owned).collect();
        let expected: Vec<_> = server
            .host_environment(kind)
            .into_iter()
            .map(|(name, value)| format!("export {name}='{value}'"))
            .collect();
        assert_eq!(lines, expected);
    }
}
