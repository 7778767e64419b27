//! The kinds of hosts that a program can find itself on.

use std::fmt;

/// A kind of host where a program gets tokens without a credential of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostKind {
    /// A virtual machine with the instance metadata service.
    Imds,
    /// App Service, Functions, Container Apps: api-version 2019-08-01.
    AppService,
    /// App Service of old: api-version 2017-09-01.
    AppService2017,
    /// Azure ML compute.
    AzureMl,
    /// A Cloud Shell.
    CloudShell,
    /// A machine that Azure Arc manages.
    AzureArc,
    /// A Service Fabric cluster.
    ServiceFabric,
    /// A pod of Azure Kubernetes Service with an identity binding.
    AksIdentityBinding,
}

impl HostKind {
    /// Every kind.
    pub const ALL: [HostKind; 8] = [
        HostKind::Imds,
        HostKind::AppService,
        HostKind::AppService2017,
        HostKind::AzureMl,
        HostKind::CloudShell,
        HostKind::AzureArc,
        HostKind::ServiceFabric,
        HostKind::AksIdentityBinding,
    ];
}

impl fmt::Display for HostKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            HostKind::Imds => "virtual machine (IMDS)",
            HostKind::AppService => "App Service",
            HostKind::AppService2017 => "App Service (2017)",
            HostKind::AzureMl => "Azure ML",
            HostKind::CloudShell => "Cloud Shell",
            HostKind::AzureArc => "Azure Arc",
            HostKind::ServiceFabric => "Service Fabric",
            HostKind::AksIdentityBinding => "AKS identity binding",
        })
    }
}
