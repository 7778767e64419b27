//! What the emulator is told about the world at its start.

use crate::certificate::ClientCertificate;
use crate::ci::BuildSystems;
use crate::directory::Directory;
use crate::machine::Machine;

/// The directory behind Entra, the machine behind the metadata service, and the build systems.
/// [`crate::demo::world`] makes one ready for use.
#[derive(Clone, Debug)]
pub struct World {
    /// Tenants, applications, issuers and resources.
    pub directory: Directory,
    /// The machine and its managed identities.
    pub machine: Machine,
    /// The jobs of build systems.
    pub builds: BuildSystems,
    /// The certificate that the first application holds, for a server to hand to its programs.
    pub client_certificate: Option<ClientCertificate>,
}
