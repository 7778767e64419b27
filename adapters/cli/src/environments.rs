//! The variables that the emulator's hosts, jobs and applications set, by the name of each.

use std::collections::BTreeMap;

use azid_emulator::{EmulatorServer, HostKind};

/// Names of variables with their values.
pub(crate) type Variables = BTreeMap<String, String>;

/// The variable with the path of the user's token: there is no standard one.
pub(crate) const USER_ASSERTION_FILE: &str = "AZID_USER_ASSERTION_FILE";

/// What is set where, each by itself: together they would change which source a program chooses.
pub(crate) fn environments(server: &EmulatorServer) -> BTreeMap<String, Variables> {
    let user_token = server.user_token_file().map(|path| {
        let path = path.display().to_string();
        (USER_ASSERTION_FILE, path)
    });
    let mut all = BTreeMap::new();
    let mut add = |name: &str, variables: Vec<(&'static str, String)>| {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        all.insert(name.to_owned(), variables.collect());
    };
    add("standard", server.environment().to_vec());
    add("client-certificate", server.certificate_environment());
    add("azure-pipelines", server.pipelines_environment());
    add("github-actions", server.github_environment());
    add("on-behalf-of", user_token.into_iter().collect());
    for kind in HostKind::ALL {
        add(name(kind), server.host_environment(kind));
    }
    all
}

/// The name of a kind of host.
pub(crate) fn name(kind: HostKind) -> &'static str {
    match kind {
        HostKind::Imds => "imds",
        HostKind::AppService => "app-service",
        HostKind::AppService2017 => "app-service-2017",
        HostKind::AzureMl => "azure-ml",
        HostKind::CloudShell => "cloud-shell",
        HostKind::AzureArc => "azure-arc",
        HostKind::ServiceFabric => "service-fabric",
        HostKind::AksIdentityBinding => "aks-identity-binding",
    }
}
