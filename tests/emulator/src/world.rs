//! What the emulator is told about the world at its start.

use crate::certificate::ClientCertificate;
use crate::ci::BuildSystems;
use crate::directory::Directory;
use crate::machine::Machine;
use crate::resource_manager::Subscription;
use std::fmt;

/// The directory behind Entra, the machine behind the metadata service, subscriptions, and the build
/// systems.
/// [`crate::demo::world`] makes one ready for use.
#[derive(Clone, Debug)]
pub struct World {
    /// Tenants, applications, issuers and resources.
    pub directory: Directory,
    /// The machine and its managed identities.
    pub machine: Machine,
    /// What proves a caller to the other hosts of managed identities.
    pub host_secrets: HostSecrets,
    /// What Azure Resource Manager lists.
    pub subscriptions: Vec<Subscription>,
    /// The jobs of build systems.
    pub builds: BuildSystems,
    /// The certificate that the first application holds, for a server to hand to its programs.
    pub client_certificate: Option<ClientCertificate>,
}

/// The secrets that hosts of managed identities share with the programs on them.
#[derive(Clone, Default)]
pub struct HostSecrets {
    /// The first value of the header `X-IDENTITY-HEADER` on App Service.
    pub app_service: String,
    /// The header `secret` on App Service of old.
    pub app_service_2017: String,
    /// The header `secret` on Azure ML compute.
    pub azure_ml: String,
    /// The header `Secret` on Service Fabric.
    pub service_fabric: String,
}

impl fmt::Debug for HostSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostSecrets")
    }
}
