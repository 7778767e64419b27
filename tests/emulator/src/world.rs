//! What the emulator is told about the world at its start.

use crate::directory::Directory;
use crate::machine::Machine;

/// The directory behind Entra and the machine behind the metadata service. [`crate::demo::world`]
/// makes one ready for use.
#[derive(Clone, Debug)]
pub struct World {
    /// Tenants, applications, issuers and resources.
    pub directory: Directory,
    /// The machine and its managed identities.
    pub machine: Machine,
}
